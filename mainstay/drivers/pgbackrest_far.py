"""A PostgreSQL whose files are on another host: pgBackRest here asks pgBackRest there, over SSH, as the account that
owns the files. What it needs there is written into one directory of that account, by the same way.

There the server itself sends its log straight into the store, so the store must be one that both reach: a bucket.
"""

import asyncio
import io
import shlex
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from psycopg.conninfo import conninfo_to_dict

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.saying import say, words_of
from mainstay.drivers import program, ssh, ssh_files
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.connect import NotConnected, resolve
from mainstay.drivers.pgbackrest import PROGRAM, Cluster, Repositories
from mainstay.drivers.postgresql_recovery import give

_ALIAS = "mainstay-server"
_SECONDS = 30.0
_MARK = "=="
_ASKING = f"cd && pwd; echo {_MARK}; id -un; echo {_MARK}; {PROGRAM} version 2>&1; echo {_MARK}; "


@dataclass(frozen=True, slots=True)
class Facts:
    """Of that host: the account's own directory and name, its pgBackRest, and of the server's files whose they are and
    the first eight bytes of ``pg_control``."""

    home: str
    user: str
    version: str
    owner: str
    control: bytes


class FarServer:
    """The host of a server. ``component``: kind host, with what SSH needs, and ``archiving``, the directory there."""

    def __init__(self, component: Mapping[str, object], name: str, network: NetworkPolicy) -> None:
        self._door, self._network, self._name = ssh.door_of(component), network, name
        self._given = str(component.get("archiving") or "")
        self._facts: Facts | None = None
        self._where = f"{self._door.user}@{self._door.address}"

    def directory(self) -> PurePosixPath:
        """Where the configuration lies there. Raises ToolFailed."""
        base = PurePosixPath(self._given) if self._given else PurePosixPath(self.facts(Path("/")).home) / ".mainstay"
        return base / self._name

    def facts(self, data: Path) -> Facts:
        """Raises ToolFailed."""
        if self._facts is None or not self._facts.control:
            files = shlex.quote(str(data)), shlex.quote(str(data / "global" / "pg_control"))
            said = self._run(f"{_ASKING}stat -c %U {files[0]}; echo {_MARK}; od -An -v -tx1 -N8 {files[1]}")
            parts = [part.strip() for part in said.split(f"{_MARK}\n")]
            if len(parts) != 5:
                raise ToolFailed("failed", f"{self._where}: {said.strip()[-200:]}")
            home, user, version, owner, control = parts
            own = home.splitlines()[-1:]  # behind a greeting
            self._facts = Facts("".join(own), user, version, owner, bytes.fromhex(control))
        return self._facts

    def require(self, cluster: Cluster) -> None:
        """Raises ToolFailed (missing, refused) where it cannot be done as that account, with what would be right."""
        found, version = self.facts(cluster.data), program.version(PROGRAM)
        if not found.version.startswith("pgBackRest "):
            text = say("there is no pgBackRest at %(where)s: apt-get install pgbackrest", where=self._where)
            raise ToolFailed("missing", text)
        if found.version.removeprefix("pgBackRest ") != version:
            text = say(
                "pgBackRest must be of one version on both sides: %(there)s at %(where)s, %(here)s here",
                there=found.version.removeprefix("pgBackRest "), where=self._where, here=version,
            )  # fmt: skip
            raise ToolFailed("missing", text)
        if not found.control or found.owner != found.user:
            text = say(
                "%(where)s does not own %(path)s: sign in there as the account of the server",
                where=self._where, path=cluster.data,
            )  # fmt: skip
            raise ToolFailed("refused", text)
        if int.from_bytes(found.control, "little") != cluster.system % (1 << 64):
            raise ToolFailed("refused", say("%(path)s belongs to another server", path=cluster.data))

    def way(self, own: Repositories) -> dict[str, str]:
        """The options by which pgBackRest here reaches that host, with the files that they name. Raises ToolFailed."""
        here = own.home.with_name(f"{own.home.name}.ssh")  # not where the account itself could put a link in our way
        here.mkdir(mode=0o755, exist_ok=True)
        try:
            address = asyncio.run(resolve(self._door.address, self._door.port, self._network))[1]
            key = Path(self._door.key_file).read_text()
            config = ssh_files.written(here, _ALIAS, replace(self._door, address=address), key)
        except NotConnected as error:
            raise ToolFailed("unreachable", error.problem.detail, retry=True) from None
        except OSError as error:
            raise ToolFailed("refused", f"{self._door.key_file}: {error.strerror}") from None
        except ValueError as error:
            raise ToolFailed("refused", words_of(error)) from None
        command = here / "ssh-there"
        command.write_text(f'#!/bin/sh\nexec ssh -F {config} "$@"\n')
        command.chmod(0o755)
        for path, mode in ((config.parent, 0o711), (config, 0o644), (config.with_name("known_hosts"), 0o644)):
            path.chmod(mode)
        give(config.with_name("key"), own.account)
        there = self.directory()
        return {
            "cmd-ssh": str(command), "pg1-host": _ALIAS, "pg1-host-user": self._door.user,
            "pg1-host-port": str(self._door.port), "pg1-host-cmd": str(there / PROGRAM),
            "pg1-host-config": str(there / "pgbackrest.conf"),
        }  # fmt: skip

    def put(self, own: Repositories, parallel: int, cluster: Cluster, dsn: str) -> None:
        """Write there what the server's ``archive_command`` and our own asking need. Raises ToolFailed."""
        there = self.directory()
        files = {**own.files_there(there, parallel, cluster), **_entrance(dsn, there)}
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, text in files.items():
                one = tarfile.TarInfo(name)
                one.size, one.mode = len(text.encode()), 0o700 if name == PROGRAM else 0o600
                archive.addfile(one, io.BytesIO(text.encode()))
        place = shlex.quote(str(there))
        steps = (  # a file is replaced as a whole, for the server may just read it
            "umask 077", f"mkdir -p {place}/lock {place}/spool {place}/new", f"tar -C {place}/new -xf - 2>&1",
            f"mv -f {place}/new/* {place}/ 2>&1", f"rmdir {place}/new", f"echo {_MARK}",
        )  # fmt: skip
        said = self._run(" && ".join(steps), packed.getvalue())
        if not said.endswith(f"{_MARK}\n"):
            raise ToolFailed("refused", f"{self._where}: {there}: {said.strip()[-200:]}")

    def _run(self, command: str, given: bytes = b"") -> str:
        async def bounded() -> str:
            async with asyncio.timeout(_SECONDS):
                return (await ssh.run(command, self._door, self._network, given)).text

        try:
            return asyncio.run(bounded())
        except TimeoutError:
            text = say("%(where)s did not answer within %(seconds)s s", where=self._where, seconds=f"{_SECONDS:g}")
            raise ToolFailed("unreachable", text, retry=True) from None
        except ssh.ERRORS as error:
            problem, closed = ssh.problem_of(error, self._door)
            raise ToolFailed("refused" if closed else "unreachable", problem.detail, retry=not closed) from None


def _entrance(dsn: str, there: PurePosixPath) -> dict[str, str]:
    """pgBackRest there, which signs in to the server as we do; the password stands in a file of its own."""
    parts = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value is not None}
    names = {"host": "PGHOST", "user": "PGUSER", "sslmode": "PGSSLMODE"}
    lines = [f"export {names[name]}={shlex.quote(parts[name])}" for name in names if name in parts]
    lines += [f"export PGPASSFILE={shlex.quote(str(there / 'pgpass'))}", f'exec {PROGRAM} "$@"']
    password = parts.get("password", "").replace("\\", "\\\\").replace(":", "\\:")
    return {PROGRAM: "\n".join(["#!/bin/sh", *lines, ""]), "pgpass": f"*:*:*:*:{password}\n"}
