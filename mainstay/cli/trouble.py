"""What went wrong, in a sentence and an exit code (sysexits.h)."""

import os
import sys
import traceback

from django.db import DatabaseError

from mainstay.cli.words import _
from mainstay.domain.actor import Denied

INTERNAL, UNAVAILABLE, DENIED = 70, 69, 77


def tell(error: Exception) -> int:
    """Say it on standard error; MAINSTAY_TRACE=1 adds where in the program it was."""
    if os.environ.get("MAINSTAY_TRACE"):
        traceback.print_exception(error)
    message, code = _told(error)
    sys.stderr.write(f"{message}\n")
    return code


def _told(error: Exception) -> tuple[str, int]:
    if isinstance(error, Denied):
        return str(error), DENIED
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
