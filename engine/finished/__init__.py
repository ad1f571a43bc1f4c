"""A finished run, opened once, and what is asked of it."""
