"""Processes for jobs, on this machine, on Slurm or on Ray: started, asked after and ended; knows nothing of studies."""
