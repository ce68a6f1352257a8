"""A bucket of anything that speaks S3, addressed by path, so that it needs no name for each bucket.

restic resolves the endpoint's name itself and has no way to be told an address. So every address that the name has now
must be one that may be touched.
"""

import re
import secrets
import socket
from io import BytesIO
from pathlib import Path
from urllib.parse import quote, urlsplit

import pycurl
from pydantic import Field, field_validator

from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.curl import Guard, problem
from mainstay.drivers.kinds import Strict
from mainstay.drivers.stores import Place, Unreachable, below

_SECONDS = 20


class Settings(Strict):
    """The endpoint, the bucket, which must exist, and the keys."""

    endpoint: str = Field(description="https://host:port")
    bucket: str
    region: str = "us-east-1"
    path: str = Field("", description="put before every repository's path")
    access_key: str = Field(repr=False, description="write a ${SECRET}")
    secret_key: str = Field(repr=False, description="write a ${SECRET}")
    ca_file: str = Field("", description="for an endpoint with a certificate of your own authority")

    @field_validator("endpoint")
    @classmethod
    def _endpoint(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[A-Za-z0-9._:\[\]-]+/?", value):
            raise ValueError("write http:// or https://, a host and perhaps a port")
        return value.rstrip("/")

    @field_validator("bucket", "region")
    @classmethod
    def _plain(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]{2,62}", value):
            raise ValueError("only letters, digits, '.' and '-'")
        return value


class Store:
    """Repositories in one bucket, below ``path``."""

    def __init__(self, settings: Settings, network: NetworkPolicy) -> None:
        self._settings, self._network = settings, network

    def place(self, path: str, directory: Path) -> Place:  # noqa: ARG002 - the keys go by the environment
        settings = self._settings
        self._judge()
        options = ["-o", "s3.bucket-lookup=path", "-o", f"s3.region={settings.region}"]
        options += ["--cacert", settings.ca_file] if settings.ca_file else []
        keys = {"AWS_ACCESS_KEY_ID": settings.access_key, "AWS_SECRET_ACCESS_KEY": settings.secret_key}
        return Place(f"s3:{below(self._root(), path)}", tuple(options), keys)

    def free(self, path: str) -> int | None:  # noqa: ARG002 - S3 has no word for it
        return None

    def reach(self) -> None:
        name = f"{self._root()}/.mainstay-{secrets.token_hex(8)}"
        self._ask("PUT", name, b"0" * 4096)
        self._ask("DELETE", name)

    def _root(self) -> str:
        settings = self._settings
        root = f"{settings.endpoint}/{settings.bucket}"
        return below(root, settings.path) if settings.path else root

    def _judge(self) -> None:
        """Raises Unreachable unless every address of the endpoint may be touched."""
        parts = urlsplit(self._settings.endpoint)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            found = socket.getaddrinfo(parts.hostname or "", port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"{parts.hostname}: {getattr(error, 'strerror', None) or error}") from None
        for address in {str(item[4][0]) for item in found}:
            if refusal := self._network.refusal(address, port):
                raise Unreachable(refusal)

    def _ask(self, method: str, url: str, body: bytes = b"") -> None:
        """One signed request. Raises Unreachable."""
        settings, guard, answer, handle = self._settings, Guard(self._network), BytesIO(), pycurl.Curl()
        for option, value in {
            pycurl.URL: quote(url, safe=":/[]"), pycurl.CUSTOMREQUEST: method, pycurl.OPENSOCKETFUNCTION: guard,
            pycurl.AWS_SIGV4: f"aws:amz:{settings.region}:s3", pycurl.USERNAME: settings.access_key,
            pycurl.PASSWORD: settings.secret_key, pycurl.TIMEOUT: _SECONDS, pycurl.NOSIGNAL: 1, pycurl.PROXY: "",
            pycurl.WRITEFUNCTION: answer.write, pycurl.MAXFILESIZE: 1_000_000,
            pycurl.POSTFIELDS: body, pycurl.HTTPHEADER: ["Content-Type: application/octet-stream"],
        }.items():  # fmt: skip
            handle.setopt(option, value)
        if settings.ca_file:
            handle.setopt(pycurl.CAINFO, settings.ca_file)
        try:
            handle.perform()
            code = int(handle.getinfo(pycurl.RESPONSE_CODE))
        except pycurl.error as error:
            raise Unreachable(f"{settings.endpoint}: {problem(error.args[0], error.args[1], guard).detail}") from None
        finally:
            handle.close()
        if code not in (200, 204):
            raise Unreachable(self._words(code, answer.getvalue().decode("utf-8", "replace")))

    def _words(self, code: int, answer: str) -> str:
        found = re.search(r"<Code>(\w+)</Code>", answer)
        word = found[1] if found else ""
        where = f"{self._settings.endpoint}, bucket {self._settings.bucket}"
        if word == "NoSuchBucket":
            return f"{where}: there is no such bucket; make it"
        if code == 403:
            return f"{where}: refused ({word or code}); look at the keys and at what they may do"
        return f"{where}: answered {code} {word}".rstrip()
