"""What trained networks look at: feature maps, filters, class activation maps, and what they lose without a part.

Everything works on a network whose weights are on the disk; nothing is trained. Importing this loads torch.
"""
