"""The live place of files: each path is loaded beside itself, and changes places with what is there in one step."""

import ctypes
import errno
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

_EXCHANGE = 2
"""RENAME_EXCHANGE of renameat2(2)."""
_HERE = -100
"""AT_FDCWD."""


class Landing:
    """The paths of the copy, or those of ``target.only``, on this machine."""

    def __init__(self, target: Target, network: NetworkPolicy) -> None:  # noqa: ARG002 - it goes nowhere
        self._target = target
        self._paths = [Path(path) for path in target.only or target.point["paths"]]
        self._beside = {path: path.with_name(f".{path.name}.restore-{target.number}") for path in self._paths}

    def look(self, needed: int) -> None:
        for path in self._paths:
            if os.path.ismount(path) or not path.parent.is_dir():
                raise ToolFailed(
                    "refused",
                    say("%(path)s cannot be exchanged: it is a mount point, or has no directory; restore to a new "
                        "directory", path=str(path)),
                )  # fmt: skip
            if not os.access(path.parent, os.W_OK):
                raise ToolFailed("refused", say("nothing may be written into %(path)s", path=str(path.parent)))
            staging.ensure_room(path.parent, needed)

    def rooms(self, loaded: Path) -> list[tuple[Path, tuple[str, ...]]]:  # noqa: ARG002 - it needs no scratch place
        self.sweep()
        for beside in self._beside.values():
            beside.mkdir(mode=0o700)
        return [(beside, (str(path),)) for path, beside in self._beside.items()]

    def build(self, run: Run) -> None:  # noqa: ARG002 - what was loaded is all of it
        for path in self._paths:
            if not os.path.lexists(self._new(path)):
                raise ToolFailed("incomplete", say("the copy does not hold %(path)s", path=str(path)))

    def fingerprint(self, source: Source) -> Mapping[str, Any]:  # noqa: ARG002 - the copy says itself what it is of
        if self._target.only:
            return {}
        changed = set(self._target.point.get("changed", ()))
        found = {
            "/" + str(file.relative_to(beside)): tree.entry(file)
            for path, beside in self._beside.items()
            for file in tree.walk([self._new(path)])
        }
        return {"files": tree.fingerprint({name: one for name, one in found.items() if name not in changed})}

    def expected(self, whole: Fingerprint) -> Fingerprint:
        return Fingerprint() if self._target.only else whole

    def marks(self) -> dict[str, Any]:
        return {"inodes": {str(path): self._new(path).lstat().st_ino for path in self._paths}}

    def enter(self, until: float) -> None:  # noqa: ARG002 - it takes no time
        """One after the other; when one cannot, those that did change back."""
        done: list[Path] = []
        try:
            for path in self._paths:
                _exchange(self._new(path), path)
                done.append(path)
        except OSError as error:
            for path in reversed(done):
                _exchange(self._new(path), path)
            raise ToolFailed("failed", f"{error.filename or ''}: {error.strerror}; nothing was exchanged") from None

    def stands(self, marks: Mapping[str, Any]) -> str:
        there = [
            os.path.lexists(path) and Path(path).lstat().st_ino == inode for path, inode in marks["inodes"].items()
        ]
        return "restored" if all(there) else "between" if any(there) else "untouched"

    def before(self) -> str:
        return ""

    def sweep(self, *, between: bool = False) -> None:
        """After the end that is what was there before; the fresh copy holds it, but for what no copy ever holds: that
        goes back."""
        if between:  # what was there lies beside; whoever puts it right needs it
            return
        for path in self._paths:
            self._give_back(path)
        for beside in self._beside.values():
            tree.remove(beside)

    def _give_back(self, path: Path) -> None:
        """What the policy leaves out is taken over as it is, where nothing of that name is there."""
        beside, excluded = self._new(path), tuple(self._target.point.get("exclude") or ())
        if not os.path.lexists(beside):
            return
        for place, name in list(tree.left_out(beside, path, excluded)):
            if not os.path.lexists(name):
                name.parent.mkdir(parents=True, exist_ok=True)
                place.rename(name)

    def _new(self, path: Path) -> Path:
        return self._beside[path] / str(path).lstrip("/")


def _exchange(new: Path, path: Path) -> None:
    """Both change places at once; what is not there is only taken. Raises OSError."""
    if not os.path.lexists(path):
        new.rename(path)
        return
    if not os.path.lexists(new):  # on the way back of one that was not there
        path.rename(new)
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(_HERE, os.fsencode(new), _HERE, os.fsencode(path), _EXCHANGE):
        number = ctypes.get_errno()
        if number not in (errno.EINVAL, errno.ENOSYS):
            raise OSError(number, os.strerror(number), str(path))
        away = new.with_name(f"{new.name}.before")  # a file system that cannot: in two steps
        path.rename(away)
        new.rename(path)
        away.rename(new)
