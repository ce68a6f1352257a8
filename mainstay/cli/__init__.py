"""SHOW: the command line. One file an app; ``main.py`` ties them together."""
