"""Backup tools: one file a tool; the file's name is the ``tool`` written in YAML. Tools are driven, never re-written.

Each file holds:

``SERVES``   component kinds that it fits; the first tool in ``ORDER`` that fits is the default.
``LEVELS``   which of ``full`` and ``incremental`` it can make.
``KEEPS``    ``staged``: it leaves files in a directory, which go into a restic repository; ``own``: it keeps a
             repository of its own.
``LANDS``    where a copy of it can be restored to for real (``directory``, ``database``, ``live``) → the landing that
             does it; without one, to a directory if it is staged.
``DUMPS``    of a tool that copies whole servers: the one that dumps a database out of such a copy where it was opened,
             so that it can be restored to a place that is not a directory.
``FAR``      true where a copy can be opened on another host too: ``Tool.open_far(run, point, host)`` is ``open`` there,
             where ``host.path / "copy"`` holds it, and what it gives has ``lost()`` besides.
``AWAY``     of a tool that can copy a server whose files are on another host (``Source.host``): the kinds of stores
             that such copies can go to.
``lacks()``  what is missing on this machine, each with the command that installs it; empty when it can run.
``Tool(source, network)``  which blocks (see ``Source``, ``Run``, ``Taken``, ``Opened``), and has:

    ``estimate()``          bytes that a copy needs in ``Run.directory``, at least.
    ``take(run)``           make the copy: a ``Taken``.
    ``confirm(run, taken)`` the same again, after it was saved: what changed in the meantime is no longer vouched for.
    ``open(run, point, only=())``  start a loaded copy in a scratch place: ``run.directory`` holds it in ``copy/``, and
                            may be used for a scratch server. ``only``: these databases or tables alone. An ``Opened``.

A staged tool whose ``point`` names ``paths`` (and ``exclude``) is saved from there, not from ``Run.directory``.
A tool that keeps its own is ``Tool(source, network, keeping)`` (see ``Keeping``); its copies are opened from there.
All raise ``ToolFailed``.

An exit code is never trusted alone: each file says which traps it knows and how it looks behind them. Every program
runs with a deadline, in a process group that is killed whole, without a shell, with secrets in files of mode 0600 or in
the environment.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from mainstay.drivers.kinds import Kinds
from mainstay.drivers.stores import Place

ORDER = ("pg_dump", "pgbackrest", "mariadb_dump", "mariabackup", "sqlite", "files")


@dataclass(frozen=True, slots=True)
class Missing:
    """A program that is not here, or too old; ``install`` is the command that brings it."""

    program: str
    why: str
    install: str


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up: the component's settings with every ``${…}`` filled in, and the policy's own."""

    component: Mapping[str, Any] = field(repr=False)
    paths: Sequence[str] = ()
    exclude: Sequence[str] = ()
    databases: Sequence[str] = ()
    parallel: int = 2
    totals: Mapping[str, str] = field(default_factory=dict)
    """Control totals: name → one SELECT that gives one number or text."""
    tables: Sequence[str] = ()
    """Tables whose content goes into the fingerprint by checksum."""
    host: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The component of the host where the server's files are, for a tool that is ``AWAY``; none for this machine."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run is handed: its own empty directory, when it must be over (monotonic seconds), how to tell how far
    it is (stage, bytes done, bytes in all), and the base of an incremental copy."""

    directory: Path
    until: float
    say: Callable[[str, int, int], None]
    level: str = "full"
    base: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a tool that keeps repositories of its own is handed besides: a directory that stays, under a path that never
    changes; the name and the key of its repositories; and where those lie, the first store and then the second site."""

    home: Path
    name: str
    key: str = field(repr=False)
    places: Sequence[Place]


@dataclass(frozen=True, slots=True)
class Taken:
    """A copy as the tool left it in ``Run.directory``: the moment whose data it holds, what a restore will need, and
    the fingerprint that was taken inside the same snapshot."""

    at: datetime
    point: Mapping[str, Any]
    fingerprint: Mapping[str, Any]
    versions: Mapping[str, str]
    size: int


@dataclass(frozen=True, slots=True)
class Checked:
    """One look of the database's own at a restored copy; ``ok`` None: it could not be looked at."""

    name: str
    ok: bool | None
    detail: str = ""


class Opened(Protocol):
    """A copy that was restored into a scratch place and runs there, for as long as this is not closed."""

    component: Mapping[str, Any]
    """Settings as the component has them, pointed at the scratch place."""

    def fingerprint(self, source: Source) -> Mapping[str, Any]:
        """What it holds, taken as the copy's own was. Raises ToolFailed."""
        ...

    def checks(self) -> Sequence[Checked]:
        """The database's own."""
        ...

    def close(self) -> None:
        """End it, and remove what it took beside the copy."""
        ...


class ToolFailed(Exception):
    """The tool did not do it. ``code`` is one word for what happened (``no-space``, ``refused``, ``killed``,
    ``timeout``, ``incomplete``, ``missing``, ``damaged``, ``locked``, ``changed``, ``failed``; of repositories and
    servers also ``wrong-key``, ``unreachable``, ``absent``); ``retry`` says whether another try can help. No secret
    stands in either."""

    def __init__(self, code: str, detail: str, *, retry: bool = False) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.retry = code, detail, retry


_KINDS = Kinds(__name__, __path__)
kinds, load = _KINDS.names, _KINDS.load
