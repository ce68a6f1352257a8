"""SHOW: the API. One file an app; ``app.py`` ties them together."""
