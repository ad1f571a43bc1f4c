"""Files that ship with the program (weights, pictures); importable so that importlib.resources finds them."""
