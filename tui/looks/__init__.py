"""How things look: colours, number formats, axes, keys."""
