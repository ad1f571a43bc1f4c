"""A study under way."""
