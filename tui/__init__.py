"""The terminal side: command line, app, screens and widgets.

It draws a study's events and never asks the engine how things stand.
"""
