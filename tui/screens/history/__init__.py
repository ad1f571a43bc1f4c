"""All runs: the list, and runs compared."""
