"""The command line without a screen: progress, reports and errors on stdout and stderr."""
