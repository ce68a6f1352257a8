"""Which Python the estate runs in. Standard library only: this is asked before anything else is imported."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HOME = Path(os.environ.get("ESTATE_VENV", Path(__file__).resolve().parent.parent / ".venv-estate"))


def python() -> Path:
    return HOME / "bin" / "python"


def is_inside() -> bool:
    return Path(sys.prefix).resolve() == HOME.resolve()
