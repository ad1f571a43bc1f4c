"""A search for better numbers of a recipe."""
