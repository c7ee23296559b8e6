"""Webhooks out: events on their way to other systems."""
