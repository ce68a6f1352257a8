"""Mainstay keeps business systems alive."""

__version__ = "0.1.0"
