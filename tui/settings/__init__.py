"""What the user set once for every start of the program."""
