"""SHOW: the pages. Thin over ``queries`` and ``actions``; ``urls.py`` lists them."""
