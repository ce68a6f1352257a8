"""What every tool needs that leaves a copy in a directory: its programs, and room there."""

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mainstay.drivers import program
from mainstay.drivers.backup_tools import Missing, ToolFailed

_SPARE = 50_000_000
"""Bytes that stay free beside a copy."""


def lacking(wanted: Iterable[tuple[str, str]]) -> list[Missing]:
    """Of programs, each with its Debian package, those that are not here."""
    missing = []
    for name, package in wanted:
        try:
            program.found(name)
        except ToolFailed as error:
            missing.append(Missing(name, error.detail, f"apt-get install {package}"))
    return missing


def ensure_room(directory: Path, needed: int) -> None:
    """Raises ToolFailed (no-space) before anything is begun that cannot end well."""
    free = shutil.disk_usage(directory).free
    if free < needed + _SPARE:
        raise ToolFailed(
            "no-space", f"{directory} has {free / 1e6:.0f} MB left and about {needed / 1e6:.0f} MB are needed"
        )


def size_of(directory: Path) -> int:
    """Bytes of the files below."""
    return sum(path.lstat().st_size for path in directory.rglob("*") if path.is_file())


def now() -> datetime:
    """The moment; drivers look at the clock themselves."""
    return datetime.now(UTC)


def plain(value: Any) -> Any:
    """A value of a database as JSON can keep it, exactly: what is no whole number, text or truth becomes text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
