"""The set-up of a study."""
