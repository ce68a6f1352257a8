"""TOUCH: the outside world. No Django here; a file's name is the ``kind`` written in YAML."""
