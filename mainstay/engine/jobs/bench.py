"""What every act works with: the job's policy, its tool and stores, a directory of its own, and a deadline."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from mainstay.backups import actions, queries
from mainstay.backups.models import Job, Repository
from mainstay.backups.queries.means import Means
from mainstay.catalogue.models import Store
from mainstay.catalogue.policies import definition
from mainstay.domain.duration import parse_duration
from mainstay.drivers import backup_tools
from mainstay.drivers.backup_tools import Keeping, Run, Source, ToolFailed
from mainstay.drivers.restic import Restic
from mainstay.engine.jobs import leftovers, places
from mainstay.engine.stores import opened
from mainstay.settings import NETWORK


class Progress:
    """How far a run is; told by one thread and read by another."""

    def __init__(self) -> None:
        self._now: tuple[str, int, int, str] = ("", 0, 0, "")

    def say(self, stage: str, done: int, total: int) -> None:
        """``done`` and ``total`` in bytes; 0 where nobody knows."""
        before, *_, since = self._now
        self._now = (stage, done, total, since if stage == before else _now().isoformat())

    def plain(self) -> dict[str, Any]:
        """As a job keeps it; ``since`` is when the stage began."""
        stage, done, total, since = self._now
        return {"stage": stage, "done": done, "total": total, "since": since}


@dataclass(slots=True)
class Bench:
    """Enter it to work; leaving it, nothing of the run stays on this machine."""

    job: Job
    progress: Progress
    means: Means = field(init=False, repr=False)
    steps: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    until: float = field(init=False)
    _key: str = field(default="", repr=False)
    _stores: dict[int, Any] = field(default_factory=dict, repr=False)

    def __enter__(self) -> "Bench":
        self.until = time.monotonic() + parse_duration(self.meant.deadline)
        self.means = queries.means(self.job.policy)
        leftovers.sweep(self.directory)
        self.directory.mkdir(mode=0o700)
        return self

    def __exit__(self, *_: object) -> None:
        for store in self._stores.values():
            if close := getattr(store, "close", None):
                close()
        leftovers.sweep(self.directory)

    @property
    def meant(self) -> Any:
        """The policy as its user means it."""
        return definition(self.job.policy)

    @property
    def directory(self) -> Path:
        """This run's own."""
        return places.place(self.job.pk)

    @property
    def module(self) -> ModuleType:
        """The tool's. Raises ToolFailed for one that is not installed any more."""
        try:
            return backup_tools.load(self.job.policy.tool)
        except KeyError:
            raise ToolFailed("missing", f"there is no backup tool {self.job.policy.tool!r} in this version") from None

    def tool(self, source: Source) -> Any:
        """The policy's tool, on a source."""
        if not self.keeps_own:
            return self.module.Tool(source, NETWORK)
        lie = [self.store(row).place(self.path, self._files(row)) for row in self.means.stores]
        name = self.path.replace("/", "-")
        return self.module.Tool(source, NETWORK, Keeping(places.archiving(name), name, self._secret(), lie))

    @property
    def keeps_own(self) -> bool:
        """Whether the tool keeps repositories of its own, beside which restic has nothing to do."""
        return bool(self.module.KEEPS == "own")

    def room(self, name: str) -> Path:
        """An empty directory of this run."""
        found = self.directory / name
        found.mkdir(mode=0o700)
        return found

    def run(self, directory: Path, **more: Any) -> Run:
        """What a tool is handed."""
        return Run(directory=directory, until=self.until, say=self.progress.say, **more)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A part of the work, with its time in the report, also when it fails."""
        self.progress.say(name, 0, 0)
        began = time.monotonic()
        try:
            yield
        finally:
            self.steps.append({"step": name, "ms": round((time.monotonic() - began) * 1000)})

    def report(self, **more: Any) -> dict[str, Any]:
        """Of the job that got through."""
        return {"steps": self.steps, "versions": self.versions, **more}

    def require_tools(self) -> None:
        """Raises ToolFailed, with the command that would bring what is missing."""
        if lacks := self.module.lacks():
            said = "; ".join(f"{one.program}: {one.why}; install it with: {one.install}" for one in lacks)
            raise ToolFailed("missing", said)

    # Stores

    def store(self, row: Store) -> Any:
        """The place itself. Raises Unreachable, Unfilled, ToolFailed."""
        if row.pk not in self._stores:
            try:
                self._stores[row.pk] = opened(row)
            except KeyError:
                raise ToolFailed("missing", f"there is no kind of store {row.kind!r} in this version") from None
        return self._stores[row.pk]

    @property
    def path(self) -> str:
        """Of the policy's repository in every store."""
        return f"{self.job.policy.system.name}/{self.job.policy.name}"

    def restic(self, row: Store) -> Restic:
        """The policy's repository in a store, made or not."""
        place = self.store(row).place(self.path, self._files(row))
        return Restic(place, self._secret(), host=f"mainstay-{self.path.replace('/', '.')}", cache=places.cache())

    def _files(self, row: Store) -> Path:
        """Where a store puts what must be a file."""
        found = self.directory / f"store-{row.pk}"
        found.mkdir(mode=0o700, exist_ok=True)
        return found

    def _secret(self) -> str:
        self._key = self._key or actions.repository_key(self.job.policy)
        return self._key

    def repository(self, row: Store, like: Restic | None = None) -> tuple[Repository, Restic]:
        """The policy's repository in a store, made if it is not there, and put in order after a run that died in it."""
        restic = self.restic(row)
        known = Repository.objects.filter(policy=self.job.policy, store=row).first()
        if known is None:
            known = actions.keep_repository(self.job, row, restic.make(like), _now())
        self.tidy(known, restic)
        return known, restic

    def known(self, repository: Repository) -> Restic:
        """A repository that is on record, put in order. Raises ToolFailed when another stands in its place."""
        restic = self.restic(repository.store)
        self.tidy(repository, restic)
        return restic

    def tidy(self, repository: Repository, restic: Restic) -> None:
        """Clear away what dead runs left: locks, for nobody else may hold one now, and snapshots that are no copy."""
        if runs := list(repository.unclean):
            restic.unlock(dead=True)
            there = [(one.identifier, one.tags) for one in restic.snapshots()]
            strays = queries.strays(there, repository, runs)
            restic.drop(strays)
            actions.cleaned(self.job, repository, runs, strays)
            actions.tell(self.job, _now(), "cleaned", store=repository.store.name, runs=runs, dropped=len(strays))

    def require_room(self, what: str, needed: int, free: int | None) -> None:
        """Raises ToolFailed before anything is begun that cannot fit."""
        if free is not None and needed > free:
            raise ToolFailed("no-space", f"{what}: {needed} bytes are needed and {free} are free")


def _now() -> datetime:
    return datetime.now(UTC)
