"""What a study and a search report, and what the events come to."""
