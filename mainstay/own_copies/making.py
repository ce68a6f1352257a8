"""Making a copy of this very workspace, whatever the state of its database: nothing here asks a model."""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mainstay import __version__
from mainstay.domain.own_copy import Manifest, Unfit, surplus
from mainstay.domain.saying import say
from mainstay.drivers import own_archive, own_database, own_files, sealed_file
from mainstay.drivers.own_archive import SUFFIX
from mainstay.drivers.own_database import Server
from mainstay.sealing import RING
from mainstay.settings import CONFIGURATION, DATA, WORKSPACE

KEPT_BEFORE = 3
"""Copies from before an upgrade that stay."""

_VERSION = DATA / "version"
_KEYS = "data/keys"
_SPARE = 50_000_000
_FORGOTTEN = 3600.0


def make(
    target: Path, seal: tuple[dict[str, Any], sealed_file.Key], *, version: str = __version__,
    without: Sequence[str] = (), tick: Callable[[], None] | None = None,
) -> Manifest:  # fmt: skip
    """Seal the database and the files into ``target``. Files go first: then no audit head is among them that the
    database has not yet. Keys go twice, before and after: whichever sealed what the database holds is among them.
    Raises Unfit, OSError."""
    target = target.absolute()
    if not target.parent.is_dir():
        raise Unfit(say("there is no directory %(path)s", path=target.parent))
    with own_files.copying(DATA) as stage:
        own_files.gather(WORKSPACE, stage, without)
        facts = _take_database(stage, tick)
        if _KEYS not in without:
            own_files.gather_folder(WORKSPACE, stage, _KEYS)
        _ensure_room(target.parent, stage)
        manifest = Manifest(
            version, __version__, datetime.now(UTC), "postgresql" if CONFIGURATION.database else "sqlite",
            facts.migrations, facts.head, own_archive.described(stage),
        )  # fmt: skip
        own_archive.write(target, stage, manifest, seal)
    return manifest


def _take_database(stage: Path, tick: Callable[[], None] | None) -> own_database.Facts:
    if CONFIGURATION.database:
        return own_database.take_postgresql(Server.of(CONFIGURATION.database), stage / own_database.DUMP, tick)
    source = DATA / own_files.DATABASE
    _ensure_room(stage, source)
    (stage / "data").mkdir(exist_ok=True, mode=0o700)
    return own_database.take_sqlite(source, stage / "data" / own_files.DATABASE)


def _ensure_room(directory: Path, source: Path) -> None:
    """Before it is begun: what is sealed is never much larger than what it was."""
    files = [source] if source.is_file() else [path for path in source.rglob("*") if path.is_file()]
    needed, free = sum(path.stat().st_size for path in files), shutil.disk_usage(directory).free
    if free < needed + _SPARE:
        words = say(
            "%(path)s has %(free)s MB left and %(needed)s MB are needed",
            path=directory, free=free // 1_000_000, needed=(needed + _SPARE) // 1_000_000,
        )  # fmt: skip
        raise Unfit(words)


def name(at: datetime) -> str:
    """Of a copy made at a moment; names sort as their moments do."""
    return f"mainstay-{at.astimezone(UTC):%Y%m%dT%H%M%S}.{at.microsecond:06d}Z{SUFFIX}"


def drop_surplus(directory: Path, keep: int) -> list[str]:
    """Remove what the schedule made beyond the newest ``keep``, and drafts that nobody wrote to for an hour, whose
    writer was killed; nothing that is called otherwise."""
    for draft in directory.glob(f".mainstay-*T*Z{SUFFIX}.partial"):
        if time.time() - draft.stat().st_mtime > _FORGOTTEN:
            draft.unlink(missing_ok=True)
    gone = surplus((path.name for path in directory.glob(f"mainstay-*T*Z{SUFFIX}")), keep)
    for one in gone:
        (directory / one).unlink(missing_ok=True)
    return gone


# Before an upgrade


def version_before() -> str:
    """Of the program that last made this database ready; empty when that is not known."""
    try:
        return _VERSION.read_text(encoding="utf-8").strip()[:40]
    except OSError:
        return ""


def note_version() -> None:
    """The database is ready for this program now."""
    if version_before() != __version__:
        draft = _VERSION.with_name(f".version.{os.getpid()}")
        draft.write_text(f"{__version__}\n", encoding="utf-8")
        draft.rename(_VERSION)


def before_upgrade() -> Path:
    """A copy of the state that an upgrade is about to change, beside it, sealed with the newest key of the workspace,
    and so without the keys. Raises Unfit, OSError."""
    version, now = version_before(), datetime.now(UTC)
    target = DATA / f"before-{now:%Y%m%dT%H%M%S}-{now.microsecond:06d}-of-{version or 'unknown'}{SUFFIX}"
    key_id = RING.newest()
    make(target, sealed_file.by_key(key_id, RING.key(key_id), RING.ids()), version=version, without=(_KEYS,))
    for one in surplus((path.name for path in DATA.glob(f"before-*{SUFFIX}")), KEPT_BEFORE):
        (DATA / one).unlink(missing_ok=True)
    return target
