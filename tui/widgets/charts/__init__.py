"""Curve charts: what part of them is seen, how they are drawn, and the widget."""
