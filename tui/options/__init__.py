"""Options of the command line, by section."""
