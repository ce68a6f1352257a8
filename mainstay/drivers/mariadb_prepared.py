"""A physical copy of MariaDB made fit to start: the full one, then each increment upon it, in order.

``mariadb-backup --prepare`` ends with code 0 over a page that was damaged, so its last line is read and
``innochecksum`` goes through every file of InnoDB afterwards.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mainstay.domain.saying import say
from mainstay.drivers import mariadb_fingerprint, program, scratch_mariadb, scratch_place
from mainstay.drivers.backup_tools import Checked, Run, Source, ToolFailed
from mainstay.drivers.mariadb_session import ask, session
from mainstay.drivers.program import Ended
from mainstay.drivers.scratch_mariadb import Scratch

PROGRAM = "mariadb-backup"
_NOTES = ("xtrabackup_checkpoints", "mariadb_backup_checkpoints")
_MEMORY = "256M"
_TABLES = """select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'
    and table_schema not in ('mysql', 'sys', 'performance_schema', 'information_schema') order by 1, 2"""


def notes(copy: Path) -> dict[str, str]:
    """What the tool noted of a copy: its kind and the positions in the log between which it lies. Raises ToolFailed
    (incomplete)."""
    for name in _NOTES:
        if (file := copy / name).exists():
            found = re.findall(r"^(\w+) = (.*)$", file.read_text(), re.MULTILINE)
            return dict(found)
    raise ToolFailed("incomplete", say("the copy lacks the tool's own notes"))


def judged(ended: Ended, doing: str) -> None:
    """Code 0 and the last line together say that it is done. Raises ToolFailed."""
    last = ended.err.strip().splitlines()[-1:] or [""]
    if ended.code == 0 and last[0].endswith("completed OK!"):
        return
    if ended.code >= 128:
        raise ToolFailed("killed", f"{PROGRAM} {doing} was ended by signal {ended.code - 128}", retry=True)
    text = ended.err.strip()[-600:]
    code = next((word for sign, word in _SIGNS.items() if re.search(sign, text, re.IGNORECASE)), "failed")
    raise ToolFailed(code if ended.code else "incomplete", f"{PROGRAM} {doing}: {_said(ended.err)}")


_SIGNS = {
    "no space left": "no-space", "access denied|permission denied|RELOAD": "refused", "can't connect": "unreachable",
    "checksum|corrupt": "damaged", "can't open|no such file|not found": "incomplete",
}  # fmt: skip


def _said(text: str) -> str:
    """The lines in which it complains, else the last."""
    lines = [line for line in text.strip().splitlines() if re.search(r"error|fail|denied|can't|corrupt", line, re.I)]
    return "; ".join(line.strip() for line in (lines or text.strip().splitlines())[-2:])[-500:]


def opened(run: Run, point: Mapping[str, Any]) -> Path:
    """What was loaded into the run's directory, prepared; see ``prepare``. Raises ToolFailed; missing when an increment
    does not come with all that it rests on."""
    bases = [run.directory / "bases" / str(number) for number in range(int(point["depth"]))]
    if not all(one.is_dir() for one in bases):
        raise ToolFailed("missing", say("the copies that this increment rests on are not all here"))
    return prepare(run.directory / "copy", bases, point, run.until)


def prepare(copy: Path, bases: Sequence[Path], point: Mapping[str, Any], until: float) -> Path:
    """The directory that a server can start from: ``copy`` itself when it is a full one, else the first of its
    ``bases`` with all the others and ``copy`` laid upon it. Raises ToolFailed."""
    chain = [*bases, copy]
    _in_order(chain, point)
    target = chain[0]
    for one in chain:
        step = [] if one == target else [f"--incremental-dir={one}"]
        argv = [PROGRAM, "--no-defaults", "--prepare", f"--target-dir={target}", f"--use-memory={_MEMORY}", *step]
        judged(program.run(argv, until=until), "--prepare")
    for one in chain[1:]:
        shutil.rmtree(one)
    return target


def _in_order(chain: Sequence[Path], point: Mapping[str, Any]) -> None:
    """Each must begin where the one before it ended; the tool itself only warns."""
    found = [notes(one) for one in chain]
    ends = ["0", *(one["to_lsn"] for one in found)]
    for one, end in zip(found, ends, strict=False):
        if one["from_lsn"] != end:
            text = say(
                "the increment begins at %(begin)s, and its base ends at %(end)s", begin=one["from_lsn"], end=end
            )
            raise ToolFailed("missing", text)
    if found[-1]["to_lsn"] != str(point["to_lsn"]):
        raise ToolFailed("changed", say("this is not the copy that was recorded"))


def pages(data: Path, until: float) -> Checked:
    """Every page of InnoDB by its checksum, before a server touches it."""
    files = sorted([*data.rglob("*.ibd"), *data.glob("ibdata*")])
    bad = []
    for file in files:
        ended = program.run(["innochecksum", str(file)], until=until)
        if ended.code:
            bad.append(f"{file.relative_to(data)}: {ended.err.strip()[:200]}")
    return Checked("innochecksum", not bad, "; ".join(bad)[:1000] or f"{len(files)} files")


class Prepared:
    """A prepared copy in a server of its own."""

    def __init__(self, run: Run, data: Path, point: Mapping[str, Any]) -> None:
        """Raises ToolFailed."""
        self._own, self._until = str(point["own"]), run.until
        self._pages = pages(data, run.until)
        place = scratch_mariadb.home(run.directory) / "data"
        shutil.move(data, place)
        if user := scratch_mariadb.account():
            for path in (place, *place.rglob("*")):
                scratch_place.give(path, user)
        self._scratch = Scratch(run.directory, run.until)
        self.component = {"kind": "mariadb", "dsn": self._scratch.dsn(self._own)}

    def fingerprint(self, source: Source) -> Mapping[str, Any]:
        with session(self._scratch.login(self._own), until=self._until) as db:
            return mariadb_fingerprint.take(db, self._own, source.totals, source.tables)

    def checks(self) -> Sequence[Checked]:
        """Every page by its checksum, as it was before the server started; then the server's look at each table."""
        return [self._pages, self._tables()]

    def _tables(self) -> Checked:
        bad, count = [], 0
        with session(self._scratch.login(), until=self._until) as db:
            for space, name in ask(db, _TABLES):
                count += 1
                found = ask(db, f"check table {mariadb_fingerprint.quoted(space, name)} extended")
                bad += [f"{row[0]}: {row[3]}" for row in found if str(row[2]).lower() in ("error", "warning")]
        return Checked("check table", not bad, "; ".join(bad)[:1000] or f"{count} tables")

    def close(self) -> None:
        self._scratch.close()
