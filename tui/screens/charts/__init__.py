"""What all screens with curves share: the charts' cursor, view, options and keys."""
