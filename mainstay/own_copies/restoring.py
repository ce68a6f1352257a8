"""Putting a copy of Mainstay back: into a directory beside, looked through there, then into its place by renaming.

Nothing here reads the settings of a workspace, for the one that it would read may be gone. Until the very last step the
place holds what it held; a kill leaves that, or the new workspace, whole. What a killed restore left beside is told by
its mark (``.restoring``), and is removed or brought to its end by the next one:

====================  ================================================================================
``filling``           the directory beside is half a workspace: removed, with its database
``swapping``          the directories have not changed places. PostgreSQL changes its two names in one
                      transaction: not yet (removed as above), or already (the directory follows now)
no mark               where the workspace in the place is marked and names it, the directories have changed
                      places: it is the old workspace, and gets its name. Elsewhere it is removed
====================  ================================================================================
"""

import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from glob import escape
from pathlib import Path
from typing import Any

from mainstay import __version__
from mainstay.domain.own_copy import Manifest, Unfit, newer
from mainstay.domain.saying import say
from mainstay.drivers import own_archive, own_database, own_files
from mainstay.drivers.own_archive import SUFFIX
from mainstay.drivers.own_database import Server
from mainstay.drivers.sealed_file import Key, durable, with_ring

MARK = ".restoring"
_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be put where. ``forward``: an older state is brought to this version's form; otherwise it stays as it
    is, and the keys of the workspace that it replaces go with it. ``actor`` is named in the audit trail."""

    file: Path
    place: Path
    key: Key
    actor: str
    replace: bool = False
    forward: bool = True


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it. ``beside`` is where the old workspace lies now, ``database`` what its database is called now."""

    manifest: Manifest
    records: int
    beside: Path | None
    database: str = ""


def restore(wish: Wish, tell: Callable[[str], None]) -> Restored:
    """Raises Unfit and OSError; then the place holds what it held before."""
    place = wish.place.absolute()
    if not place.parent.is_dir():
        raise Unfit(say("there is no directory %(path)s", path=place.parent))
    with _alone(place.parent), ExitStack() as stack:
        finish(place)
        manifest = own_archive.look(wish.file, wish.key)
        if why := newer(manifest, __version__, known_migrations()):
            raise Unfit(why)
        occupied = place.exists() and any(place.iterdir())
        if occupied and not wish.replace:
            raise Unfit(
                say("%(path)s is not empty; with --replace it is kept beside, and the copy takes its place", path=place)
            )
        if (place / "data").is_dir():
            stack.enter_context(own_files.resting(place / "data"))
        beside = place.with_name(f".{place.name}.restoring-{secrets.token_hex(4)}")
        beside.mkdir(mode=0o700)
        try:
            return _restore(wish, place, beside, occupied, tell)
        except BaseException:
            _discard(beside)
            raise


def _restore(wish: Wish, place: Path, beside: Path, occupied: bool, tell: Callable[[str], None]) -> Restored:
    _mark(beside, {"stage": "filling"})
    tell(say("reading %(file)s", file=wish.file))
    manifest = own_archive.extract(wish.file, wish.key, beside)
    (beside / "data").mkdir(exist_ok=True)
    own_files.close_to_others(beside / "data")
    if not wish.forward:
        shutil.copytree(place / "data" / "keys", beside / "data" / "keys")
    server, new, old = _database(wish, beside, manifest)
    tell(say("looking through it"))
    records = _arrive(wish, beside, server, new)
    _like(place, beside) if place.exists() else beside.chmod(0o755)
    _settle(beside)
    _mark(beside, {"stage": "swapping", "new": new, "old": old, "beside": beside.name})
    had_old = server is not None and own_database.exists(server, server.name)
    if server is not None:
        own_database.change_places(server, new, old)
    kept = _name_of_old(place, wish) if occupied else None
    try:
        _take_place(beside, place, kept)
    except BaseException:
        if server is not None and not (place / MARK).exists():
            own_database.change_back(server, new, old)
        raise
    (place / MARK).unlink()
    return Restored(manifest, records, kept, old if had_old else "")


def _database(wish: Wish, beside: Path, manifest: Manifest) -> tuple[Server | None, str, str]:
    """Look the copied database through; with PostgreSQL, put it beside the one that is to be replaced. That server, the
    name that the database has there, and the name that the old one will get."""
    address = database_of(beside)
    if bool(address) is not (manifest.engine == "postgresql"):
        words = say(
            "the copy is of Mainstay on %(engine)s, and the setting database says otherwise; set it in "
            "the environment: MAINSTAY_DATABASE",
            engine={"sqlite": "SQLite", "postgresql": "PostgreSQL"}[manifest.engine],
        )  # fmt: skip
        raise Unfit(words)
    if not address:
        facts = own_database.look_at_sqlite(beside / "data" / own_files.DATABASE)
        if (tuple(facts.migrations), tuple(facts.head)) != (tuple(manifest.migrations), tuple(manifest.head)):
            raise Unfit(say("the database in the copy is not the one that its manifest speaks of"))
        return None, "", ""
    server = Server.of(address)
    if own_database.is_filled(server) and not wish.replace:
        raise Unfit(
            say(
                "the database %(name)s holds a Mainstay already; --replace keeps it under another name",
                name=server.name,
            )
        )
    own_database.ensure_alone(server)
    ending = beside.name.rpartition("-")[2]
    new, old = f"{server.name[:40]}_new_{ending}", f"{server.name[:40]}_old_{ending}"
    _mark(beside, {"stage": "filling", "new": new})
    dump = beside / own_database.DUMP
    own_database.put_postgresql(server, dump, new)
    dump.unlink()
    return server, new, old


def _arrive(wish: Wish, beside: Path, server: Server | None, new: str) -> int:
    """In a process of its own, which reads the settings of the new workspace; how many audit records it found whole."""
    environment = {**os.environ, "MAINSTAY_WORKSPACE": str(beside), "PYTHONPATH": _python_path()}
    if server is not None:
        environment["MAINSTAY_DATABASE"] = server.address(new)
    words = [sys.executable, "-m", "mainstay.own_copies.arrival", wish.actor, wish.file.name]
    done = subprocess.run(
        [*words, "forward" if wish.forward else "as-is"], env=environment, cwd="/", text=True, capture_output=True,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    if done.returncode:
        why = (done.stderr.strip().splitlines() or [""])[-1][:500]
        raise Unfit(say("the copy cannot be used by this version: %(why)s", why=why))
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if found["unknown"] and wish.forward:
        raise Unfit(
            say(
                "the copy knows changes of the database that this version does not: %(names)s",
                names=", ".join(found["unknown"])[:300],
            )
        )
    if found["broken_at"] is not None:
        raise Unfit(
            say(
                "the audit trail in the copy is broken at record %(number)s: %(why)s",
                number=found["broken_at"],
                why=found["reason"],
            )
        )
    return int(found["records"])


def _take_place(beside: Path, place: Path, kept: Path | None) -> None:
    """The last step. ``kept``: the name that the old workspace gets."""
    if kept is None:
        beside.rename(place)
    else:
        own_files.exchange(beside, place)
        beside.rename(kept)
    durable(place.parent)


def _name_of_old(place: Path, wish: Wish) -> Path:
    return place.with_name(
        f"{place.name}.{'before' if wish.forward else 'upgraded'}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    )


# What a killed restore left


def end(place: Path) -> None:
    """``finish``, when no restore runs there. Raises Unfit."""
    with _alone(place.absolute().parent):
        finish(place.absolute())


def finish(place: Path) -> None:
    """Bring what a killed restore left beside ``place`` to an end. Only while no other restore runs there."""
    for beside in _beside(place):
        mark = _marked(beside)
        if mark is None and _is_the_old(beside):
            beside.rename(place.with_name(f"{place.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"))
        elif mark is not None and _has_changed(beside, mark):
            occupied = place.exists() and any(place.iterdir())
            _take_place(beside, place, place.with_name(f"{place.name}.before-{mark['old']}") if occupied else None)
        else:
            _discard(beside)
    (place / MARK).unlink(missing_ok=True)


def _beside(place: Path) -> list[Path]:
    return sorted(place.parent.glob(f".{escape(place.name)}.restoring-*"))


def is_half_done(place: Path) -> bool:
    """Whether a restore with PostgreSQL was killed between its two steps: then directory and database may not fit."""
    marks = (_marked(beside) for beside in _beside(place))
    return any(mark is not None and mark["stage"] == "swapping" and mark.get("new") for mark in marks)


def _has_changed(beside: Path, mark: dict[str, str]) -> bool:
    """Whether PostgreSQL's part of the swap was done."""
    if mark["stage"] != "swapping" or not mark.get("new"):
        return False
    return not own_database.exists(Server.of(database_of(beside)), mark["new"])


def _discard(beside: Path) -> None:
    """Half a workspace, and the database that was made for it."""
    mark = _marked(beside)
    if mark is None and _is_the_old(beside):
        return
    if mark is not None and _has_changed(beside, mark):
        return  # the new database is in its place: finish() brings the directory there
    if mark is not None and mark.get("new") and (address := database_of(beside)):
        own_database.drop(Server.of(address), mark["new"])
    shutil.rmtree(beside)


def _is_the_old(beside: Path) -> bool:
    """Whether the directories have changed places: then the new workspace, which is marked, names this one."""
    place = beside.with_name(beside.name[1:].rpartition(".restoring-")[0])
    return (_marked(place) or {}).get("beside") == beside.name


def _mark(beside: Path, content: dict[str, str]) -> None:
    draft = beside / f"{MARK}.new"
    draft.write_text(json.dumps(content), encoding="utf-8")
    durable(draft)
    draft.rename(beside / MARK)
    durable(beside)


def _marked(beside: Path) -> dict[str, str] | None:
    try:
        found: dict[str, str] = json.loads((beside / MARK).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


@contextmanager
def _alone(parent: Path) -> Iterator[None]:
    handle = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unfit(say("another copy is being restored in %(path)s", path=parent)) from None
        yield
    finally:
        os.close(handle)


# What surrounds it


def database_of(workspace: Path) -> str:
    """The setting ``database``, the environment before the file. Raises Unfit."""
    if address := os.environ.get("MAINSTAY_DATABASE", ""):
        return address
    try:
        return str(tomllib.loads((workspace / own_files.SETTINGS).read_text(encoding="utf-8")).get("database", ""))
    except FileNotFoundError:
        return ""
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unfit(say("mainstay.toml in the copy cannot be read: %(why)s", why=error)) from None


def known_migrations() -> set[str]:
    """Those of Mainstay's own apps, and of the apps that it is built on as far as a copy may name them."""
    return {f"{path.parents[1].name}.{path.stem}" for path in _PACKAGE.glob("*/migrations/0*.py")}


def before_upgrade(place: Path) -> tuple[Path, Key]:
    """The newest copy that an upgrade left, and what opens it. Raises Unfit."""
    data = place / "data"
    found = sorted(data.glob(f"before-*{SUFFIX}"))
    if not found:
        raise Unfit(say("no upgrade left a copy in %(path)s", path=data))
    return found[-1], with_ring(lambda key_id: _ring_key(data / "keys", key_id))


def _ring_key(keys: Path, key_id: str) -> bytes:
    for path in keys.glob("*.key"):
        if path.stem == key_id:
            return path.read_bytes()
    raise Unfit(say("the key %(id)s that opens it is gone from %(path)s", id=key_id, path=keys))


def _python_path() -> str:
    before = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join([str(_PACKAGE.parent), *([before] if before else [])])


def _like(place: Path, beside: Path) -> None:
    """Belongs to whom the place belongs, and is as open as that was."""
    there = place.stat()
    beside.chmod(there.st_mode & 0o777)
    if os.geteuid() == 0 and (there.st_uid, there.st_gid) != (0, 0):
        for path in (beside, *beside.rglob("*")):
            os.chown(path, there.st_uid, there.st_gid, follow_symlinks=False)


def _settle(beside: Path) -> None:
    """Returns when all of it is on the disk."""
    for path in (*beside.rglob("*"), beside):
        durable(path)
