"""Looks at the images of a data set for what makes scores on them untrustworthy."""
