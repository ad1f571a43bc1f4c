"""Trains one image classifier on differently pre-processed versions of the same images and compares the results.

Importing this package is cheap: torch is loaded when a study starts, not before.
"""
