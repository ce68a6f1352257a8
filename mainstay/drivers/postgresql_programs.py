"""Where PostgreSQL's programs lie. Debian keeps each major version apart, and its programs on the PATH choose by a
cluster that need not be the one meant."""

import re
import shutil
from pathlib import Path

from mainstay.drivers import program
from mainstay.drivers.backup_tools import Missing, ToolFailed

_DEBIAN = Path("/usr/lib/postgresql")


def directories() -> dict[int, Path]:
    """The directory of the programs of each major version that is here."""
    found = {int(path.parent.name): path for path in _DEBIAN.glob("*/bin") if path.parent.name.isdigit()}
    if not found and (client := shutil.which("pg_dump")):
        here = Path(client).resolve().parent
        found[int(program.version(str(here / "pg_dump")).split(".")[0])] = here
    return found


def client(name: str, least: int = 0) -> str:
    """The newest ``pg_dump``, ``pg_restore``, … of at least this major version, which any older server understands.
    Raises ToolFailed (missing)."""
    for major, path in sorted(directories().items(), reverse=True):
        if major >= least and (path / name).exists():
            return str(path / name)
    which = f"postgresql-client-{least}" if least else "postgresql-client"
    raise ToolFailed("missing", f"there is no {name}{f' of version {least}' if least else ''}: apt-get install {which}")


def server(major: int) -> Path:
    """The directory with the server of exactly this major version. Raises ToolFailed (missing)."""
    path = directories().get(major)
    if path is not None and (path / "initdb").exists():
        return path
    raise ToolFailed("missing", f"there is no server of PostgreSQL {major} here: apt-get install postgresql-{major}")


def lacking() -> list[Missing]:
    """What dumps and their proofs need and this machine has not."""
    missing = []
    for name, package in (("pg_dump", "postgresql-client"), ("initdb", "postgresql")):
        if not any((path / name).exists() for path in directories().values()):
            missing.append(Missing(name, f"there is no program {name} on this machine", f"apt-get install {package}"))
    return missing


def major_of(version: str | int) -> int:
    """Of ``15.18`` or of 150018."""
    if isinstance(version, int):
        return version // 10_000
    found = re.match(r"\d+", version)
    return int(found[0]) if found else 0
