"""What `python -m engine` can be told to do; each command gives its exit code."""
