"""A directory: a disk of this machine, or what is mounted there."""

import os
import shutil
import tempfile
from pathlib import Path

from pydantic import Field, field_validator

from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.kinds import Strict
from mainstay.drivers.stores import Place, Unreachable, below


class Settings(Strict):
    """Where the copies lie."""

    path: str = Field(description="an absolute path")
    mounted: bool = Field(
        False, description="true: refuse it while nothing is mounted there, for it would fill the disk below"
    )

    @field_validator("path")
    @classmethod
    def _absolute(cls, value: str) -> str:
        if not Path(value).is_absolute():
            raise ValueError("write an absolute path")
        return os.path.normpath(value)


class Store:
    """Repositories below one directory, which must exist."""

    def __init__(self, settings: Settings, network: NetworkPolicy) -> None:  # noqa: ARG002 - it goes nowhere
        self._root, self._mounted = Path(settings.path), settings.mounted

    def place(self, path: str, directory: Path) -> Place:  # noqa: ARG002 - it needs no file
        self._there()
        return Place(below(str(self._root), path))

    def free(self, path: str) -> int | None:  # noqa: ARG002 - all of it is one file system
        self._there()
        return shutil.disk_usage(self._root).free

    def reach(self) -> None:
        self._there()
        try:
            with tempfile.TemporaryFile(dir=self._root) as file:
                file.write(b"0" * 4096)
                file.flush()
        except OSError as error:
            raise Unreachable(f"nothing can be written in {self._root}: {error.strerror}") from None

    def _there(self) -> None:
        if not self._root.is_dir():
            raise Unreachable(f"there is no directory {self._root}; make it, or mount what belongs there")
        if self._mounted and not os.path.ismount(self._root):
            raise Unreachable(f"nothing is mounted on {self._root}; mount it")
