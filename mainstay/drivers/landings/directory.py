"""A new directory: the files of a copy as they are, the tree of a backup of files or the dump of a database.

They are loaded into a directory beside it, which takes its name only when all of them are there and were read again.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mainstay.domain.fingerprint import Fingerprint
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.saying import say
from mainstay.drivers import staging, tree
from mainstay.drivers.backup_tools import Run, Source, ToolFailed
from mainstay.drivers.landings import Target


class Landing:
    """Below ``target.place``, which does not exist or is empty."""

    def __init__(self, target: Target, network: NetworkPolicy) -> None:  # noqa: ARG002 - it goes nowhere
        self._target, self._place = target, Path(target.place)
        self._built = self._place.with_name(f".{self._place.name}.restore-{target.number}")

    def look(self, needed: int) -> None:
        require_new(self._place)
        self._place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        staging.ensure_room(self._place.parent, needed)

    def rooms(self, loaded: Path) -> list[tuple[Path, tuple[str, ...]]]:  # noqa: ARG002 - it needs no scratch place
        self.sweep()
        self._built.mkdir(mode=0o700)
        return [(self._built, self._target.only)]

    def build(self, run: Run) -> None:
        """What was loaded is all of it."""

    def fingerprint(self, source: Source) -> Mapping[str, Any]:  # noqa: ARG002 - the copy says itself what it is of
        if self._target.only or "paths" not in self._target.point:
            return {}
        return {"files": tree_of(self._built, self._target.point)}

    def expected(self, whole: Fingerprint) -> Fingerprint:
        return Fingerprint() if self._target.only or "paths" not in self._target.point else whole

    def marks(self) -> dict[str, Any]:
        return {"inode": self._built.stat().st_ino}

    def enter(self, until: float) -> None:  # noqa: ARG002 - it takes no time
        """A directory takes the place of an empty one, never of another: the kernel sees to it."""
        try:
            self._built.rename(self._place)
        except OSError as error:
            raise _taken(self._place, error) from None

    def stands(self, marks: Mapping[str, Any]) -> str:
        there = self._place.exists() and self._place.stat().st_ino == marks["inode"]
        return "restored" if there else "untouched"

    def before(self) -> str:
        return ""

    def sweep(self, *, between: bool = False) -> None:  # noqa: ARG002 - it holds nothing of anybody's
        tree.remove(self._built)


def require_new(place: Path) -> None:
    """Raises ToolFailed when there is anything that a restore would write over."""
    if place.is_symlink() or place.is_file():
        raise ToolFailed("refused", say("%(path)s is there already", path=str(place)))
    if place.exists() and any(place.iterdir()):
        raise ToolFailed("refused", say("%(path)s is not empty", path=str(place)))
    if os.path.ismount(place):
        raise ToolFailed("refused", say("%(path)s is a mount point; name a directory below it", path=str(place)))


def _taken(place: Path, error: OSError) -> ToolFailed:
    return ToolFailed("refused", say("%(path)s cannot be taken: %(why)s", path=str(place), why=str(error.strerror)))


def tree_of(root: Path, point: Mapping[str, Any]) -> dict[str, Any]:
    """The fingerprint of a backup of files that lies below another root, without what its copy does not vouch for."""
    changed = set(point.get("changed", ()))
    below = [root / str(path).lstrip("/") for path in point["paths"]]
    found = {"/" + str(path.relative_to(root)): path for path in tree.walk([one for one in below if one.exists()])}
    return tree.fingerprint({name: tree.entry(path) for name, path in found.items() if name not in changed})
