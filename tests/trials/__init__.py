"""Trials that take minutes: what the product must survive, on real processes and real files."""
