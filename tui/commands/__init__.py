"""The commands beside the dashboard and `run`, one module each; each adds itself with `register`."""
