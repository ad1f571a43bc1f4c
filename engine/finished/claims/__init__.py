"""The study's claims held against our figures, and what its leaking test set was worth."""
