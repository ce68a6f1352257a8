"""A restic repository: made, filled, read back, copied, looked through, thinned out. From restic 0.14 on.

What is known of it, measured:

* Its cache hides damage from the very machine that made the copies. What is read to restore or to judge is read with
  ``--no-cache``.
* ``latest`` may be another copy than the one meant, and a policy given to ``forget`` deletes today's copies in favour
  of one that bears a date in the future. Copies are named by their whole identifier, never chosen here.
* ``unlock`` may take the lock of a living run from it. Only who holds the lease on a repository may call it.
* ``check`` alone reads no data; a flipped byte is found only where data is read.
* Restoring from a repository with missing packs may hang. Every call has a deadline.
"""

import os
import re
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mainstay.drivers import program
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.program import Ended, Limits, Running
from mainstay.drivers.restic_output import Entry, Snapshot, entries, failure, message, snapshots
from mainstay.drivers.stores import Place

SHORT = 300.0
"""Seconds for what reads or writes only a few small files."""
_WHOLE = re.compile(r"[0-9a-f]{64}")
_AT_ONCE = 100
_CARRIED = "from="
"""Tag of a snapshot that was loaded and saved again, where restic itself keeps no trace of that."""
_SAID = 2_000
"""Characters of what ssh said that are read."""
_POLITE = Limits(nice=10)

Say = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Saved:
    """A snapshot: its whole identifier, the bytes that a restore will bring, the bytes that the repository grew by, and
    the number of its files."""

    identifier: str
    size: int
    added: int
    files: int


class Restic:
    """One repository. ``host`` is the unique name under which this policy saves; ``cache`` a directory that may be lost
    at any time, None for no cache."""

    def __init__(self, place: Place, password: str, *, host: str, cache: Path | None, limits: Limits = _POLITE) -> None:
        self.place, self.host = place, host
        self._password, self._cache, self._limits = password, cache, limits

    def make(self, like: "Restic | None" = None) -> str:
        """The identifier of the repository; it is made when there is none. ``like``: cut data where that one does, so
        that what both hold is the same. Raises ToolFailed, and never makes one where one cannot be read."""
        try:
            return self._identifier()
        except ToolFailed as error:
            if error.code != "absent":
                raise
        words = ["init"]
        environment: Mapping[str, str] = {}
        if like is not None:
            words += ["--from-repo", like.place.address, "--copy-chunker-params", *self._options_of(like)]
            environment = self._environment_of(like)
        self._run(words, time.monotonic() + SHORT, environment=environment)
        return self._identifier()

    def _identifier(self) -> str:
        ended = self._run(["cat", "config"], time.monotonic() + SHORT)
        if identifier := message(ended.out).get("id"):
            return str(identifier)
        raise ToolFailed("damaged", "the repository's config says no id")

    def save(
        self,
        directory: Path,
        tags: Sequence[str],
        until: float,
        say: Say,
        rate: float = 0.0,
        *,
        paths: Sequence[str] = (),
        exclude: Sequence[str] = (),
    ) -> Saved:
        """Save what lies in ``directory``, or the ``paths`` as they are. ``rate``: MB/s at most, 0: any. ``tags`` must
        name this run alone. Raises ToolFailed; incomplete when anything could not be read."""
        words = ["backup", "--json", "--host", self.host, *_each("--tag", tags), *_each("--exclude", exclude)]
        if rate:
            words += ["--limit-upload", str(max(1, round(rate * 1_000_000 / 1024)))]
        heard = _Heard(say)
        ended = self._run(
            [*words, "--", *(paths or (".",))], until, line=heard.take, cwd=directory, cached=True, judged=False
        )
        if ended.code == 3 or (ended.code == 0 and "skipping" in ended.err):  # 0.14 passes over a path that is gone
            raise ToolFailed("incomplete", f"not all could be read: {failure(ended).detail}", retry=True)
        if ended.code:
            raise failure(ended)
        summary = heard.summary
        try:
            short = str(summary["snapshot_id"])
            sizes = [int(summary[name]) for name in ("total_bytes_processed", "data_added", "total_files_processed")]
        except (KeyError, ValueError):
            raise ToolFailed("failed", "restic ended well but did not say what it saved") from None
        return Saved(self._whole(short, tags).identifier, *sizes)

    def _whole(self, short: str, tags: Sequence[str]) -> Snapshot:
        """restic 0.14 says only the first digits of what it saved; what is there is asked for again."""
        found = [one for one in self.snapshots() if one.identifier.startswith(short) and {*tags} <= {*one.tags}]
        if len(found) != 1:
            raise ToolFailed("incomplete", f"the snapshot {short} is not in the repository after it was saved")
        return found[0]

    def load(self, identifier: str, target: Path, until: float, include: Sequence[str] = ()) -> None:
        """Restore a snapshot, or what of it ``include`` names, into ``target``, and read again what was written.
        Raises ToolFailed."""
        words = ["restore", "--verify", "--target", str(target), *_each("--include", include), _exact(identifier)]
        ended = self._run(words, until)
        if re.search(r"ignoring error|error[s]? (for|in) ", ended.err, re.IGNORECASE):
            raise ToolFailed("damaged", failure(ended).detail)
        if include and not any(target.iterdir()):
            raise ToolFailed("incomplete", "nothing in the copy has that name")

    def pour(self, identifier: str, into: Callable[[int], Ended], until: float) -> None:
        """A whole snapshot as a tar archive into a descriptor, which ``into`` reads to its end. Each piece is verified
        when it is read. Pipes and devices are left out. Raises ToolFailed."""
        argv, given = self._command(["dump", "--archive", "tar", _exact(identifier), "/"], cached=False)
        source, sink = os.pipe()
        with tempfile.TemporaryFile() as said, Running(argv, given, self._limits, out=sink, err=said) as running:
            os.close(sink)
            try:
                ended = into(source)
            finally:
                os.close(source)
            code = program.code_of(running, until, "restic")
            said.seek(0)
            words = program.concealed(said.read().decode("utf-8", "replace"), given) + self._aside()
        unheard = code == 128 + signal.SIGPIPE or "broken pipe" in words.lower()
        if code and not (unheard and ended.code):
            raise failure(Ended(code, "", words, 0.0))
        if ended.code:
            reason = "no-space" if "No space left" in ended.err else "unreachable" if ended.code == 255 else "refused"
            raise ToolFailed(reason, ended.err.strip()[-300:], retry=ended.code == 255)

    def list_files(self, identifier: str, until: float | None = None, below: str = "") -> list[Entry]:
        """What a snapshot holds; with ``below``, what lies in that directory of it. It takes no lock and so keeps up
        no run. Raises ToolFailed."""
        lines: list[str] = []
        words = ["ls", "--json", "--no-lock", _exact(identifier), *([below] if below else [])]
        self._run(words, until or time.monotonic() + SHORT, line=lines.append, cached=True)
        return entries(lines)

    def forward(self, identifier: str, to: "Restic", until: float, by: Path | None = None) -> Saved:
        """Bring a snapshot into another repository; one that is there already is found. ``by``: an empty directory, for
        two stores that one program cannot reach at once; it is then loaded there and saved from there. Raises
        ToolFailed."""
        before, source = to.size(), self._known(identifier)
        roots = {identifier, source.original or identifier}
        clash = self._clash(to)
        if not clash:
            words = ["copy", "--from-repo", self.place.address, *to._options_of(self), identifier]
            to._run(words, until, environment=to._environment_of(self), cached=True)
        elif not _there(to.snapshots(), roots):
            return self._carry(source, to, until, by, clash)
        copies = _there(to.snapshots(), roots)
        if not copies:
            raise ToolFailed("incomplete", "the snapshot is not in the second repository after it was copied")
        size, files = to._measured(copies[0].identifier)
        return Saved(copies[0].identifier, size, max(0, to.size() - before), files)

    def snapshots(self) -> list[Snapshot]:
        """All that the repository holds, whoever made it. Raises ToolFailed."""
        return snapshots(self._run(["snapshots", "--json"], time.monotonic() + SHORT).out)

    def check(self, until: float, part: int | None = None, parts: int = 30, *, all_data: bool = False) -> str:
        """What is wrong with it; empty when it is whole. Without more, that all is there that should be; with ``part``
        (from 1) the data of that part is read, with ``all_data`` all. Raises ToolFailed when it could not look."""
        words = ["check"]
        if all_data or part is not None:
            words += ["--read-data" if all_data else f"--read-data-subset={part}/{parts}"]
        ended = self._run(words, until, judged=False)
        if ended.code == 0 and "no errors were found" in ended.out:
            return ""
        problem = failure(ended)
        if problem.code in ("damaged", "failed", "absent") or ended.code == 0:
            return (ended.err.strip() or ended.out.strip() or problem.detail)[-2000:]
        raise problem

    def drop(self, identifiers: Iterable[str]) -> list[str]:
        """Forget these snapshots; those that are not there are fine. Returns those that were. Never by a rule, and
        their data stays until ``prune``. Raises ToolFailed."""
        wanted = {_exact(identifier) for identifier in identifiers}
        there = [one.identifier for one in self.snapshots() if one.identifier in wanted]
        for start in range(0, len(there), _AT_ONCE):
            self._run(["forget", *there[start : start + _AT_ONCE]], time.monotonic() + SHORT)
        if left := wanted & {one.identifier for one in self.snapshots()}:
            raise ToolFailed("failed", f"{len(left)} snapshots are still there after they were dropped")
        return there

    def prune(self, until: float, *, all_data: bool = False) -> None:
        """Delete the data that no snapshot needs. Refused where ``check`` finds damage, which may be all that is left
        of a copy. Raises ToolFailed."""
        if damage := self.check(until, all_data=all_data):
            raise ToolFailed("damaged", f"not pruned, because the repository is damaged: {damage[:300]}")
        self._run(["prune", "--max-unused", "5%"], until)

    def unlock(self, *, dead: bool = False) -> None:
        """Remove the locks of runs that are over; only for who holds the lease on this repository. restic sees for
        itself that a run on this machine is dead; ``dead``: our own record says so of all others. Raises ToolFailed."""
        self._run(["unlock", *(["--remove-all"] if dead else [])], time.monotonic() + SHORT)

    def size(self) -> int:
        """Bytes of all data that its snapshots need. Raises ToolFailed."""
        ended = self._run(["stats", "--mode", "raw-data", "--json"], time.monotonic() + SHORT, cached=True)
        return int(message(ended.out.strip().splitlines()[-1]).get("total_size", 0)) if ended.out.strip() else 0

    def _measured(self, identifier: str) -> tuple[int, int]:
        ended = self._run(["stats", "--json", identifier], time.monotonic() + SHORT, cached=True)
        found = message(ended.out.strip().splitlines()[-1])
        return int(found["total_size"]), int(found["total_file_count"])

    def _known(self, identifier: str) -> Snapshot:
        for one in self.snapshots():
            if one.identifier == _exact(identifier):
                return one
        raise ToolFailed("incomplete", f"the snapshot {identifier[:8]} is not in the repository")

    def _carry(self, source: Snapshot, to: "Restic", until: float, by: Path | None, clash: str) -> Saved:
        if by is None:
            raise ToolFailed("refused", f"the two stores cannot be used at once, for both set {clash}")
        self.load(source.identifier, by, until)
        return to.save(by, [*source.tags, f"{_CARRIED}{source.identifier}"], until, lambda *_: None)

    def _clash(self, to: "Restic") -> str:
        """What both stores set, and not to the same."""
        own, other = ({**place.environment, **_options(place)} for place in (self.place, to.place))
        return next((name for name in own if other.get(name, own[name]) != own[name]), "")

    def _options_of(self, other: "Restic") -> list[str]:
        """Those that a second repository needs besides ours."""
        own = _options(self.place)
        pairs = zip(other.place.options[::2], other.place.options[1::2], strict=True)
        return [word for pair in pairs if own.get(_name(*pair)) is None for word in pair]

    def _environment_of(self, other: "Restic") -> Mapping[str, str]:
        return {**other.place.environment, "RESTIC_FROM_PASSWORD": other._password}

    def _run(
        self,
        words: Sequence[str],
        until: float,
        *,
        environment: Mapping[str, str] | None = None,
        line: Callable[[str], None] | None = None,
        cwd: Path | str = "/",
        cached: bool = False,
        judged: bool = True,
    ) -> Ended:
        """``cached``: the cache may be used. ``judged``: raises ToolFailed for a code that is not 0."""
        argv, given = self._command(words, cached=cached)
        given |= environment or {}
        ended = program.run(argv, until=until, line=line, cwd=cwd, limits=self._limits, environment=given)
        ended = replace(ended, err=ended.err + self._aside())
        if ended.code and judged:
            raise failure(ended)
        return ended

    def _command(self, words: Sequence[str], *, cached: bool) -> tuple[list[str], dict[str, str]]:
        """Its words and its environment."""
        keep = ["--cache-dir", str(self._cache)] if cached and self._cache is not None else ["--no-cache"]
        return ["restic", *keep, *self.place.options, *words], {
            **self.place.environment, "RESTIC_REPOSITORY": self.place.address, "RESTIC_PASSWORD": self._password,
            "RESTIC_PROGRESS_FPS": "2",
        }  # fmt: skip

    def _aside(self) -> str:
        """What ssh said. It is not left to restic to hand that on: restic may end before it does."""
        if self.place.aside is None or not self.place.aside.exists():
            return ""
        said = self.place.aside.read_text(errors="replace")[-_SAID:]
        self.place.aside.unlink()
        return f"\n{said}"


class _Heard:
    """Follows the lines of a backup, and keeps its summary."""

    def __init__(self, say: Say) -> None:
        self.summary: Mapping[str, Any] = {}
        self._say = say

    def take(self, line: str) -> None:
        found = message(line)
        if found.get("message_type") == "status" and found.get("total_bytes"):
            self._say("saving", int(found.get("bytes_done", 0)), int(found.get("total_bytes", 0)))
        elif found.get("message_type") == "summary":
            self.summary = found
            size = int(found.get("total_bytes_processed", 0))
            self._say("saving", size, size)


def _exact(identifier: str) -> str:
    if not _WHOLE.fullmatch(identifier):
        raise ToolFailed("refused", "a snapshot is named by its whole identifier")
    return identifier


def _each(option: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _options(place: Place) -> dict[str, str]:
    """Each option by its name; ``-o`` has another word for a name."""
    return {_name(*pair): pair[1] for pair in zip(place.options[::2], place.options[1::2], strict=True)}


def _name(option: str, value: str) -> str:
    return value.partition("=")[0] if option == "-o" else option


def _there(found: Sequence[Snapshot], roots: set[str]) -> list[Snapshot]:
    tags = {f"{_CARRIED}{root}" for root in roots}
    return [one for one in found if {one.identifier, one.original} & roots or tags & {*one.tags}]
