"""HTML to PDF, by a press that is a process of its own."""

import subprocess
import sys

from mainstay.domain.saying import say

TIMEOUT = 120.0
"""Seconds for one document."""


class Unprintable(ValueError):
    """No PDF came about; the message says what to do."""


def pdf(html: str, timeout: float = TIMEOUT) -> bytes:
    """The document as PDF/A. Raises Unprintable."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "mainstay.drivers.press"], input=html.encode("utf-8"), capture_output=True,
            timeout=timeout, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unprintable(say("the PDF was not ready within %(long)s s", long=f"{timeout:g}")) from None
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = said[-1] if said else say("the press ended with %(code)s", code=done.returncode)
        raise Unprintable(say("no PDF: %(why)s", why=why))
    return done.stdout
