"""Measures what Optdesk promises, as ratios in one run: `make bench`."""
