"""The machine underneath: files, folders, processes, devices."""
