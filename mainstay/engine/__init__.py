"""CARRY: the engine, what follows after the incident. See ``main.py`` for its loop."""
