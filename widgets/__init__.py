"""Pieces of screens that know no screen, and the one door for untrusted text."""
