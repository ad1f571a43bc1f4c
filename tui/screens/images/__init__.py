"""Images: browse, behind a cell of a matrix, through every variant."""
