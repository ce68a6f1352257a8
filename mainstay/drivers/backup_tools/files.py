"""Directories and files: restic saves them where they lie.

What is known: nothing holds files still while they are read. So each is looked at before it is read for the fingerprint
and again after it was saved; one that changed in between is in the copy, but no longer vouched for, and is named.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mainstay.domain.network import NetworkPolicy
from mainstay.drivers import program, staging, tree
from mainstay.drivers.backup_tools import Checked, Missing, Run, Source, Taken, ToolFailed

SERVES = ("files", "file", "host")
LEVELS = ("full", "incremental")
KEEPS = "staged"
LANDS = {"directory": "directory", "live": "paths"}
MOST_CHANGED = 1000
"""Files that may change while a copy is made. With more, it says little."""


def lacks() -> list[Missing]:
    return staging.lacking([("restic", "restic")])


class Tool:
    """The paths of a policy."""

    def __init__(self, source: Source, network: NetworkPolicy) -> None:  # noqa: ARG002 - it goes nowhere
        self._source = source
        self._signs: dict[str, tree.Sign] = {}
        self._entries: dict[str, tree.Entry] = {}

    def estimate(self) -> int:
        """Nothing is copied beside them."""
        return 0

    def take(self, run: Run) -> Taken:
        at = staging.now()
        self._signs, self._entries = {}, {}
        files = self._files()
        total, done = sum(path.lstat().st_size for path in files), 0
        for path in files:
            self._signs[str(path)] = tree.sign(path)
            self._entries[str(path)] = _read(path)
            done += self._entries[str(path)].size
            run.say("reading", done, total)
        point = {"paths": list(self._source.paths), "exclude": list(self._source.exclude), "changed": []}
        return Taken(at, point, self._fingerprint(), {"restic": program.version("restic")}, done)

    def confirm(self, run: Run, taken: Taken) -> Taken:  # noqa: ARG002 - it looks at the files themselves
        there = {str(path) for path in self._files()}
        changed = sorted(there - self._signs.keys())
        for name, before in list(self._signs.items()):
            if name not in there or tree.sign(Path(name)) != before:
                changed.append(name)
                self._entries.pop(name)
        if len(changed) > MOST_CHANGED:
            raise ToolFailed("changed", f"{len(changed)} files changed while they were saved", retry=True)
        point = {**taken.point, "changed": sorted(changed)}
        return Taken(taken.at, point, self._fingerprint(), taken.versions, taken.size)

    def open(self, run: Run, point: Mapping[str, Any], only: Sequence[str] = ()) -> "Restored":  # noqa: ARG002
        return Restored(run.directory / "copy", point)

    def _fingerprint(self) -> dict[str, Any]:
        return {"files": tree.fingerprint(self._entries)}

    def _files(self) -> list[Path]:
        if not self._source.paths:
            raise ToolFailed("refused", "the policy names no paths")
        for pattern in self._source.exclude:
            if not tree.understood(pattern):
                raise ToolFailed("refused", f"exclude {pattern}: write a name or an absolute path, with * and ? in it")
        return _walked([Path(path) for path in self._source.paths], self._source.exclude)


class Restored:
    """Files that came back, below a directory as they lay below the root."""

    def __init__(self, root: Path, point: Mapping[str, Any]) -> None:
        self._root, self._point = root, point
        self.component: Mapping[str, Any] = {"path": str(root)}

    def fingerprint(self, source: Source) -> Mapping[str, Any]:  # noqa: ARG002 - the copy says itself what it is of
        changed = set(self._point.get("changed", ()))
        below = [self._root / str(path).lstrip("/") for path in self._point["paths"]]
        found = {
            "/" + str(path.relative_to(self._root)): path for path in _walked([one for one in below if one.exists()])
        }
        return {"files": tree.fingerprint({name: _read(path) for name, path in found.items() if name not in changed})}

    def checks(self) -> Sequence[Checked]:
        return ()

    def close(self) -> None:
        """Nothing runs."""


def _walked(paths: Sequence[Path], exclude: Sequence[str] = ()) -> list[Path]:
    try:
        return list(tree.walk(paths, exclude))
    except OSError as error:
        raise _unread(error) from None


def _read(path: Path) -> tree.Entry:
    try:
        return tree.entry(path)
    except OSError as error:
        raise _unread(error) from None


def _unread(error: OSError) -> ToolFailed:
    code = "refused" if isinstance(error, PermissionError) else "incomplete"
    return ToolFailed(code, f"{error.filename}: {error.strerror}", retry=code == "incomplete")
