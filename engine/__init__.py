"""Trains one image classifier on differently pre-processed versions of the same images and compares the results.

The public names stand in `__init__.pyi`, by room. Importing this package is cheap: a name's room is imported when the
name is first used, and torch when a study starts.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
