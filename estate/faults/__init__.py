"""Faults on demand: each can be caused in a running estate and taken back exactly."""
