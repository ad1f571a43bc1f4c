"""A paper's claims held against our figures (the replication report), and what copies of test images were worth."""
