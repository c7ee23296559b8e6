"""One module for each screen and dialog, and the registry of every verb."""
