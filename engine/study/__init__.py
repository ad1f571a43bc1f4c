"""Runs one study: the order of its parts, its jobs, checkpoints, reports and resuming."""
