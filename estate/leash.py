"""Runs a program that forks a pool, and ends the whole family: `python -m estate.leash PROGRAM ARGUMENT…`.

The kernel tells only the first process that its parent is gone; a pool's members would live on.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys


def main(*command: str) -> int:
    """The leash leads its own process group, and the program stays in it."""
    process = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    code = process.wait()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(os.getpgrp(), signal.SIGTERM)
    return code


if __name__ == "__main__":
    if os.getpgrp() != os.getpid():
        os.setsid()
    sys.exit(main(*sys.argv[1:]))
