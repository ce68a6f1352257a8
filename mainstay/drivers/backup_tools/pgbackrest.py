"""PostgreSQL's files and its log, by pgBackRest: full and incremental copies, and any second in time.

pgBackRest reads the server's files, so Mainstay runs on the server's machine, as root or as the owner of the files; or
it signs in as that owner to the host where they are, over SSH, where pgBackRest is then needed too. The server itself
puts each segment of its log into the archive; ``settings()`` says what must stand in its configuration.

Traps that are looked behind (each has its test): ``verify`` and ``info`` end with code 0 over a damaged repository, so
their text is read; a lost segment of the log is noticed by no command, so the names are counted and a recovery always
has a target; another run's lock (code 50) can outlive a killed run, so it is a reason to try again, after ``AGAIN``
seconds; ``incr`` silently becomes ``full`` and rests on whatever copy is the newest, so the list is read afterwards.
"""

import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from mainstay.domain import pgbackrest as printed
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.pgbackrest import Kept
from mainstay.domain.saying import say
from mainstay.drivers import pgbackrest_archive as reading
from mainstay.drivers import postgresql_archive as server
from mainstay.drivers import postgresql_fingerprint, program
from mainstay.drivers.backup_tools import Checked, Keeping, Missing, Run, Source, Taken, ToolFailed
from mainstay.drivers.pgbackrest import ARCHIVE_TIMEOUT, PROGRAM, Cluster, Repositories, unfit, unfit_far
from mainstay.drivers.pgbackrest_archive import Span
from mainstay.drivers.pgbackrest_far import FarServer
from mainstay.drivers.pgbackrest_recovery import aimed, refuse, restored
from mainstay.drivers.postgresql_archive import Archiving, Mark, permitted
from mainstay.drivers.postgresql_recovery import Recovered, usual_account

SERVES = ("postgresql",)
LEVELS = ("full", "incremental")
KEEPS = "own"
LANDS = {"database": "postgresql", "live": "postgresql"}
DUMPS = "pg_dump"
AWAY = ("s3",)
AGAIN = 120.0
"""Seconds after which a run that met a lock is tried again: workers of a killed one hold it up to 45."""
_INSTALL = "apt-get install pgbackrest"
_KNOWS = ((2, 55, 18), (2, 54, 17), (2, 46, 16), (2, 0, 15))
"""From which version on pgBackRest knows which PostgreSQL (its release notes)."""


def lacks(source: Source | None = None, network: NetworkPolicy | None = None) -> list[Missing]:
    """What is missing here; with a source, its server's version is asked for too."""
    try:
        version = program.version(PROGRAM)
    except ToolFailed:
        return [Missing(PROGRAM, say("it makes physical copies of PostgreSQL"), _INSTALL)]
    if source is None or network is None:
        return []
    major = _major(source, network)
    newest = next(known for *least, known in _KNOWS if program.at_least(version, *least))
    if major <= newest:
        return []
    why = say(
        "version %(version)s knows PostgreSQL up to %(newest)s, and the server is %(major)s; a newer one is at"
        " apt.postgresql.org", version=version, newest=newest, major=major,
    )  # fmt: skip
    return [Missing(PROGRAM, why, _INSTALL)]


def _major(source: Source, network: NetworkPolicy) -> int:
    with server.connected(permitted(str(source.component["dsn"]), network)) as live:
        return live.info.server_version // 10_000


class Restored:
    """A copy that runs again, in a server of its own. ``evidence``: where its log says that it stopped."""

    def __init__(self, server: Recovered, point: Mapping[str, Any], until: float) -> None:
        self._server, self._point, self._until = server, point, until
        self.component = {"kind": "postgresql", "dsn": server.dsn(str(point["database"]))}
        self.evidence = {"stopped": server.stopped, "last": server.last, "exact": point["exact"]}

    def fingerprint(self, source: Source) -> Mapping[str, Any]:
        with server.connected(self.component["dsn"], self._until) as copy:
            copy.execute("begin isolation level repeatable read, read only")
            return _fingerprint(copy, source, str(self._point["database"]))

    def checks(self) -> Sequence[Checked]:
        """Where the recovery stopped, by the server's own word, and its look through all tables and indexes."""
        stopped = Checked("recovery", bool(self.evidence["stopped"]), self.evidence["stopped"])
        return [stopped, self._server.looked_through(int(self._point["major"]), self._until)]

    def close(self) -> None:
        """End the server; the directory is its owner's to remove."""
        self._server.close()


class Tool:
    """Copies of one server. Repository 1 is in the first store, 2 at the second site."""

    def __init__(self, source: Source, network: NetworkPolicy, keeping: Keeping) -> None:
        self._source, self._keeping = source, keeping
        self._dsn = permitted(str(source.component["dsn"]), network)
        self._far = FarServer(source.host, keeping.name, network) if source.host else None

    def unfit(self) -> list[str]:
        """Why its stores cannot hold its repositories; empty when they can."""
        judge = unfit_far if self._far else unfit
        return [why for place in self._keeping.places if (why := judge(place))]

    def settings(self) -> Mapping[str, str]:
        """What must stand in the server's configuration: name → value. ``archive_mode`` asks for a restart."""
        config = self._far.directory() / "pgbackrest.conf" if self._far else None
        return server.wanted_settings(self._own("").archive_command(config))

    def estimate(self) -> int:
        """Bytes that a full copy needs at most; its compression makes it about a third."""
        with server.connected(self._dsn) as live:
            return server.size(live)

    def archiving(self) -> Archiving:
        """How the server's archiving goes now."""
        with server.connected(self._dsn) as live:
            return server.archiving(live)

    def prepare(self, until: float) -> Cluster:
        """Write the configuration that the server's ``archive_command`` uses, and make the repositories. Raises
        ToolFailed: refused, with what to set, when the server does not archive by it."""
        with server.connected(self._dsn) as live:
            cluster, now = self._cluster(live), server.archiving(live)
        own = self._own(cluster.account)
        if own.changes(self._source.parallel, cluster):
            self._tried(cluster, until)
        own.write(self._source.parallel, cluster)
        if self._far:
            self._far.put(own, self._source.parallel, cluster, self._dsn)
        own.run("stanza-create", until=until, environment=server.environment(self._dsn))
        config = self._far.directory() / "pgbackrest.conf" if self._far else own.config
        if not now.on or str(config) not in now.command or PROGRAM not in now.command:
            lines = "\n".join(f"{name} = '{value}'" for name, value in self.settings().items())
            text = say("set this in the server's postgresql.conf and restart it:\n%(lines)s", lines=lines)
            raise ToolFailed("refused", text)
        return cluster

    def take(self, run: Run, repository: int = 1) -> Taken:
        """Make a copy, mark its end in the log, and see that all of the log up to the mark is there. What a killed run
        left is resumed. ``point["level"]`` says which kind it became: an incremental one that would rest on another
        copy than the recorded base is made full. Raises ToolFailed."""
        cluster = self.prepare(run.until)
        own, token = self._own(cluster.account), secrets.token_hex(8)
        kept = self._copied(run, own, repository, {"mainstay": token, "segment": str(cluster.segment)})
        run.say("mark", kept.size, kept.size)
        with server.marked(self._dsn, f"mainstay-{token}", run.until) as mark:
            fingerprint = _fingerprint(mark.snapshot, self._source, self._named()["database"])
            self._sent(run.until)
        there = reading.archive(own, repository, run.until)
        left = reading.histories(own, there, repository, run.until)
        if gaps := reading.unbroken(kept, there, left, mark.segment).gaps:
            raise ToolFailed("incomplete", reading.missing(gaps), retry=True)
        versions = {PROGRAM: program.version(PROGRAM), "postgresql": str(cluster.major)}
        point = {**_point(kept, mark, cluster), "repository": repository, **self._named()}
        return Taken(mark.at, point, fingerprint, versions, kept.size)

    def _copied(self, run: Run, own: Repositories, repository: int, notes: Mapping[str, str]) -> Kept:
        """Run pgBackRest, and find in its list the copy that bears our notes."""
        level = "incr" if run.level == "incremental" and _rests(run, own, repository) else "full"
        total = self.estimate()

        def told(line: str) -> None:
            if (share := printed.progress(line)) is not None:
                run.say("copy", int(share * total), total)

        noted = [f"--annotation={name}={value}" for name, value in notes.items()]
        own.run(
            "backup", f"--type={level}", f"--repo={repository}", "--log-level-console=detail", *noted,
            until=run.until, environment=server.environment(self._dsn), line=told,
        )  # fmt: skip
        for one in reading.copies(own, repository, run.until):
            if notes.items() <= one.notes.items():
                return one
        raise ToolFailed("incomplete", say("pgBackRest ended well, and there is no new copy"), retry=True)

    def confirm(self, run: Run, taken: Taken) -> Taken:  # noqa: ARG002 - asked of every tool
        """What the mark vouches for does not change."""
        return taken

    def check(self, run: Run, repository: int = 1) -> str:
        """Read all data of a repository: what is damaged or missing, a line each; empty when it is whole."""
        own = self._reading()
        ended = own.run("verify", f"--repo={repository}", "--output=text", "--verbose", until=run.until)
        found = [printed.damage(ended.out)]
        if not printed.unusable(found[0]):
            found += reading.gaps(own, repository, run.until)
            found += [
                say("%(copy)s: checksums of pages were wrong in the server's own files", copy=one.label)
                for one in reading.copies(own, repository, run.until)
                if one.page_errors
            ]
        return "\n".join(filter(None, found))

    def strays(self, run: Run, known: Collection[str], repository: int = 1) -> list[str]:
        """Labels of whole copies that nobody recorded: the run that made them died before it could."""
        return [one.label for one in reading.copies(self._reading(), repository, run.until) if one.label not in known]

    def drop(self, run: Run, labels: Collection[str], repository: int = 1) -> None:
        """Remove exactly these, and the log that no copy needs any more; those that are gone already are fine. Raises
        ToolFailed (refused) when a copy that stays rests on one of them, or none would stay."""
        own = self._reading()
        kept = reading.copies(own, repository, run.until)
        staying = [one for one in kept if one.label not in labels]
        for one in staying:
            if lost := set(one.references) & set(labels):
                text = say("%(copy)s rests on %(base)s, which therefore stays", copy=one.label, base=min(lost))
                raise ToolFailed("refused", text)
        if not staying and kept:
            raise ToolFailed("refused", say("the last copy of a repository stays"))
        where = f"--repo={repository}"
        for one in reversed(kept):  # an increment before what it rests on
            if one.label in labels:
                own.run("expire", f"--set={one.label}", where, until=run.until)
        fulls = sum(one.level == "full" for one in staying)
        if fulls:  # as many as there are: no copy goes, only the log before the oldest of them
            own.run("expire", where, f"--repo{repository}-retention-full={fulls}", until=run.until)

    def reach(self, run: Run, repository: int = 1) -> list[Span]:
        """Which moments can be restored now, oldest first; to the very last with the server at hand, whose current
        segment is sent into the archive first."""
        try:
            cluster = self.prepare(run.until)
            self._sent(run.until)
        except ToolFailed:
            return reading.spans(self._reading(), repository, None, run.until)
        if self._far:  # whose log is read there alone
            return reading.spans(self._reading(), repository, None, run.until)
        return reading.spans(self._own(cluster.account), repository, cluster, run.until)

    def open(self, run: Run, point: Mapping[str, Any], target: datetime | str | None = None) -> Restored:
        """Restore the copy into ``run.directory`` and recover it to the target: a moment, the name of a restore point,
        a position in the log, or, without one, the mark at the copy's own end. The server that it runs in then has no
        way in but its socket. Raises ToolFailed: refused, missing, wrong-key, damaged, no-space, timeout."""
        own = self._reading()
        aim = aimed(point, target)
        refuse(own, point, aim, run.until)
        return Restored(restored(own, run, point, aim), point, run.until)

    def _cluster(self, live: server.Connection) -> Cluster:
        """The server's files, and the account under which pgBackRest runs here. Raises ToolFailed."""
        if self._far is None:
            return server.cluster(live)
        found = server.described(live)
        self._far.require(found)
        own = self._own(_owner(self._keeping))
        own.prepare_home()
        return replace(found, account=own.account, way=self._far.way(own))

    def _tried(self, cluster: Cluster, until: float) -> None:
        """The server's archiving goes by the old configuration: a new one that opens nothing must not replace it."""
        trial = Repositories(self._keeping, self._keeping.home / "trial", cluster.account)
        trial.write(self._source.parallel, cluster)
        try:
            for repository in range(1, trial.count + 1):
                reading.copies(trial, repository, until)
        finally:
            trial.config.unlink()

    def _sent(self, until: float) -> None:
        with server.connected(self._dsn) as live:
            server.sent(live, min(until, time.monotonic() + 2 * ARCHIVE_TIMEOUT))

    def _named(self) -> dict[str, str]:
        parts = conninfo_to_dict(self._dsn)
        user = str(parts.get("user") or "postgres")
        return {"user": user, "database": str(parts.get("dbname") or user)}

    def _own(self, account: str) -> Repositories:
        return Repositories(self._keeping, self._keeping.home, account)

    def _reading(self) -> Repositories:
        """With a configuration beside the server's, which needs no server."""
        own = Repositories(self._keeping, self._keeping.home / "reading", _owner(self._keeping))
        own.write(self._source.parallel)
        return own


def _rests(run: Run, own: Repositories, repository: int) -> bool:
    """Whether the newest copy, on which pgBackRest would base it, is the one that it should rest on."""
    kept = reading.copies(own, repository, run.until)
    return bool(kept and run.base) and kept[-1].label == run.base.get("label")


def _fingerprint(connection: server.Connection, source: Source, database: str) -> dict[str, Any]:
    """Of the component's own database. Raises ToolFailed."""
    try:
        return postgresql_fingerprint.take(connection, source.totals, source.tables, f"{database}.")
    except postgresql_fingerprint.NO_ROOM as error:
        raise ToolFailed("no-space", str(error).strip().split("\n")[0]) from None
    except psycopg.Error as error:
        raise ToolFailed("damaged", str(error).strip().split("\n")[0]) from None


def _point(kept: Kept, mark: Mark, cluster: Cluster) -> dict[str, Any]:
    """What a restore needs to know."""
    return {
        "label": kept.label, "level": kept.level, "references": list(kept.references), "added": kept.added,
        "first": kept.first, "last": kept.last, "whole_at": kept.ended.isoformat(), "whole_lsn": kept.whole,
        "size": kept.size, "mark": mark.name, "lsn": mark.lsn, "segment": mark.segment, "exact": mark.exact,
        "segment_size": cluster.segment, "system": cluster.system, "major": cluster.major,
    }  # fmt: skip


def _owner(keeping: Keeping) -> str:
    """The account that may read the repositories: whose the directory of one is, or else the server's usual one."""
    for place in keeping.places:
        if place.address.startswith("/") and Path(place.address).is_dir():
            return Path(place.address).owner()
    return usual_account()
