"""Event streams folded into what the screens draw."""
