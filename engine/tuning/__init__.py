"""Search for a recipe's numbers: ranges, sampler and pruner, trials, conclusion.

It knows nothing of images: whoever calls it trains a trial and tells how it did.
"""
