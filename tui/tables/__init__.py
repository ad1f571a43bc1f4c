"""What is shown, as tables of data."""
