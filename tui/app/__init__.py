"""The Textual app around the screens."""
