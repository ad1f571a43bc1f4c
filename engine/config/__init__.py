"""What a study, a search and a prediction are asked to do: frozen values, checked when made."""
