"""What the dashboard works on, below the screens: study, search, runs, background work."""
