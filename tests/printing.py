"""Whether this machine can print at all: a broken press is a failure, one that has nothing to print with is not."""

import ctypes.util
import shutil
import subprocess

import pytest


def press() -> None:
    """Skips the test where Pango or a font with Chinese characters is missing, as a newcomer who is not root has it."""
    if not ctypes.util.find_library("pango-1.0"):
        pytest.skip("no Pango here; Debian: libpango-1.0-0")
    lister = shutil.which("fc-list")
    if lister and not subprocess.run([lister, ":lang=zh-cn"], capture_output=True, check=False).stdout.strip():
        pytest.skip("no font with Chinese characters here; Debian: fonts-noto-cjk")
