"""Another host's directory, over SFTP: with a host key that was pinned beforehand, and nothing installed there.

restic starts OpenSSH's ``ssh`` for this. It gets a configuration of its own, with the address that was judged, and
neither the agent, nor the keys, nor the known hosts of the account that runs Mainstay.
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import asyncssh
from pydantic import Field, field_validator

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.saying import words_of
from mainstay.drivers.connect import NotConnected, connect, resolve
from mainstay.drivers.kinds import Strict
from mainstay.drivers.ssh import ERRORS, Door, problem_of
from mainstay.drivers.ssh_files import written
from mainstay.drivers.stores import Place, Unreachable, below

_SECONDS = 20.0
_NAME = "mainstay-store"
T = TypeVar("T")


class Settings(Strict):
    """The host, the account, and the directory there."""

    address: str = Field(description="host name or address")
    port: int = Field(22, ge=1, le=65535)
    user: str
    key: str = Field("", description="the private key itself; write a ${SECRET}", repr=False)
    key_file: str = Field("", description="or the file that holds it")
    host_key: str = Field(description="as in known_hosts: ssh-ed25519 AAAA…")
    path: str = Field(description="the directory there")

    @field_validator("address", "user")
    @classmethod
    def _plain(cls, value: str) -> str:
        return _matching(r"[A-Za-z0-9_][A-Za-z0-9._:%-]*", value)

    @field_validator("path")
    @classmethod
    def _path(cls, value: str) -> str:
        return _matching(r"[A-Za-z0-9._/-]+", value)

    @field_validator("host_key")
    @classmethod
    def _host_key(cls, value: str) -> str:
        return _matching(r"[a-z0-9@.-]+ [A-Za-z0-9+/=]+", " ".join(value.split()[:2]))


class Store:
    """Repositories below one directory of that host, which must exist."""

    def __init__(self, settings: Settings, network: NetworkPolicy) -> None:
        self._settings, self._network = settings, network

    def place(self, path: str, directory: Path) -> Place:
        address = self._asked(lambda: resolve(self._settings.address, self._settings.port, self._network))[1]
        config = self._write(directory, address)
        aside = config.with_name("said")
        command = f"ssh -E {aside} -F {config} -s {_NAME} sftp"
        options = ("-o", f"sftp.command={command}")
        return Place(f"sftp:{_NAME}:{below(self._settings.path, path)}", options, aside=aside)

    def free(self, path: str) -> int | None:  # noqa: ARG002 - all of it is one file system
        async def look(sftp: asyncssh.SFTPClient) -> int | None:
            try:
                found = await sftp.statvfs(self._settings.path)
            except asyncssh.SFTPOpUnsupported:
                return None
            return int(found.bavail * found.frsize)

        return self._asked(lambda: self._signed_in(look))

    def reach(self) -> None:
        async def write(sftp: asyncssh.SFTPClient) -> None:
            name = f"{self._settings.path.rstrip('/')}/.mainstay-{secrets.token_hex(8)}"
            async with sftp.open(name, "wb") as file:
                await file.write(b"0" * 4096)
            await sftp.remove(name)

        self._asked(lambda: self._signed_in(write))

    async def _signed_in(self, work: Callable[[asyncssh.SFTPClient], Awaitable[T]]) -> T:
        settings = self._settings
        sock = await connect(settings.address, settings.port, self._network)
        key = asyncssh.import_private_key(self._key())
        pinned = asyncssh.import_known_hosts(f"* {settings.host_key}\n")
        async with (
            asyncssh.connect(
                sock=sock, username=settings.user, known_hosts=pinned, config=None, agent_path=None, client_keys=[key]
            ) as connection,
            connection.start_sftp_client() as sftp,
        ):
            return await work(sftp)

    def _asked(self, work: Callable[[], Awaitable[T]]) -> T:
        """Raises Unreachable."""
        where = f"{self._settings.user}@{self._settings.address}:{self._settings.path}"

        async def bounded() -> T:
            async with asyncio.timeout(_SECONDS):
                return await work()

        try:
            return asyncio.run(bounded())
        except NotConnected as error:
            raise Unreachable(error.problem.detail) from None
        except TimeoutError:
            raise Unreachable(f"{where}: no answer within {_SECONDS:g} s") from None
        except asyncssh.SFTPError as error:
            raise Unreachable(
                f"{where}: {error.reason}; make the directory and let {self._settings.user} write"
            ) from None
        except asyncssh.KeyImportError:
            raise Unreachable(
                "the private key cannot be read; it must be one of OpenSSH without a passphrase"
            ) from None
        except ERRORS as error:
            door = Door(self._settings.address, self._settings.user)
            raise Unreachable(problem_of(error, door)[0].detail) from None

    def _key(self) -> str:
        if self._settings.key:
            return self._settings.key.strip() + "\n"
        return Path(self._settings.key_file).read_text()

    def _write(self, directory: Path, address: str) -> Path:
        """The files of a run."""
        one = self._settings
        try:
            door = Door(address, one.user, host_key=one.host_key, port=one.port)
            return written(directory, _NAME, door, self._key())
        except ValueError as error:
            raise Unreachable(words_of(error)) from None
        except OSError as error:
            raise Unreachable(f"{one.key_file}: {error.strerror}") from None


def _matching(pattern: str, value: str) -> str:
    if not re.fullmatch(pattern, value):
        raise ValueError(f"must match {pattern}")
    return value
