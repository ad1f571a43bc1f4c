"""Configuration of studies, searches and predictions: frozen values, checked when made."""
