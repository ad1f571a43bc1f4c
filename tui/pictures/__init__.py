"""Pictures in the terminal: graphics protocols and half blocks."""
