"""The listener: doors, guards, mapping, gateways and the courier."""
