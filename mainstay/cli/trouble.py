"""What went wrong, in a sentence and an exit code (sysexits.h)."""

import os
import sys
import traceback

from django.db import DatabaseError
from django.utils.translation import gettext, override

from mainstay.cli.words import _, spoken
from mainstay.domain.actor import Denied
from mainstay.domain.saying import said

INTERNAL, UNAVAILABLE, DENIED = 70, 69, 77


def tell(error: Exception) -> int:
    """Say it on standard error; MAINSTAY_TRACE=1 adds where in the program it was."""
    if os.environ.get("MAINSTAY_TRACE"):
        traceback.print_exception(error)
    message, code = _told(error)
    sys.stderr.write(f"{message}\n")
    return code


def in_words(sentence: str | Exception) -> str:
    """What was made where nobody knew the reader, in the language spoken; its words are among the pages'."""
    with override(spoken()):
        return said(sentence, gettext)


def _told(error: Exception) -> tuple[str, int]:
    if isinstance(error, Denied):
        return in_words(error), DENIED
    text = (str(error).splitlines() or [""])[0]
    if isinstance(error, DatabaseError):
        if "no such table" in text or "does not exist" in text:
            return _("the database is not ready: mainstay migrate"), UNAVAILABLE
        return _("the database cannot be used: {text}").format(text=text), UNAVAILABLE
    if isinstance(error, OSError):
        return text, INTERNAL
    kind = type(error).__name__
    return _("Mainstay has a fault here ({kind}: {text}); MAINSTAY_TRACE=1 shows where").format(
        kind=kind, text=text
    ), INTERNAL
