"""Opens the workspace: the settings are read and Django is set up, once."""

import os
import sys

import django
from django.utils import translation


def open_workspace(language: str) -> None:
    """Ends the program with exit code 78 when the settings cannot be used. ``language`` is en or zh."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mainstay.settings")
    try:
        django.setup()
    except SystemExit as misconfigured:
        sys.stderr.write(f"{misconfigured}\n")
        raise
    translation.activate({"zh": "zh-hans"}.get(language, language))
