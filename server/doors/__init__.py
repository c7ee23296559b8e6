"""The doors that senders knock at."""
