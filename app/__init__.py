"""Optdesk put together: command line, settings, the desk and its embedded listener."""
