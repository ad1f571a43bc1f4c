"""Making the shipped super-resolution weights; not part of the wheel."""
