"""Secrets at rest: each value under its own data key, each data key wrapped by a key-encryption key from a file.

AES-256-GCM twice. The name of the secret is bound into both, so that a sealed value moved to another row does not
open. Key files lie in ``data/keys/<number>-<random>.key``, readable by their owner alone; the highest number seals, the
others still open. No error of this module holds a value or a key.
"""

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mainstay.domain.saying import say
from mainstay.settings import DATA

_FORM = b"\x01"
_NONCE, _KEY, _TAG = 12, 32, 16
_WRAPPED = _NONCE + _KEY + _TAG


class SealBroken(ValueError):
    """A secret cannot be opened; ``str()`` says what to do."""


class KeyRing:
    """The key-encryption keys of a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read: dict[str, bytes] = {}

    def newest(self) -> str:
        """The id of the key that seals; made on first use."""
        ids = self.ids()
        return ids[-1] if ids else self.make()

    def ids(self) -> list[str]:
        """All keys, the newest last."""
        return sorted(path.stem for path in self._directory.glob("*.key"))

    def make(self) -> str:
        """A further key, which seals from now on."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = max((int(one.partition("-")[0]) for one in self.ids()), default=0) + 1
        key_id = f"{number:04d}-{secrets.token_hex(4)}"
        partial = self._directory / f".{key_id}.partial"
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(secrets.token_bytes(_KEY))
            stream.flush()
            os.fsync(handle)
        partial.rename(self._directory / f"{key_id}.key")
        _sync(self._directory)
        return key_id

    def drop(self, key_id: str) -> None:
        """Remove a key that seals nothing any more."""
        self._read.pop(key_id, None)
        (self._directory / f"{key_id}.key").unlink(missing_ok=True)

    def key(self, key_id: str) -> bytes:
        """The key itself. Raises SealBroken."""
        if key_id not in self._read:
            self._read[key_id] = self._load(key_id)
        return self._read[key_id]

    def _load(self, key_id: str) -> bytes:
        path = self._directory / f"{key_id}.key"
        try:
            mode, key = path.stat().st_mode, path.read_bytes()
        except OSError as error:
            raise SealBroken(
                say(
                    "the key %(path)s cannot be read (%(why)s); bring it back from a backup",
                    path=path,
                    why=error.strerror,
                )
            ) from None
        if mode & 0o077:
            raise SealBroken(say("the key %(path)s may be read by others; run: chmod 600 %(path)s", path=path))
        if len(key) != _KEY:
            raise SealBroken(say("the key %(path)s is damaged; bring it back from a backup", path=path))
        return key


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


RING = KeyRing(DATA / "keys")
"""This installation's."""


def seal(name: str, value: str, ring: KeyRing) -> tuple[bytes, str]:
    """The sealed form of a secret, and the id of the key that wraps it."""
    key_id = ring.newest()
    data_key = secrets.token_bytes(_KEY)
    bound = _bound(name, key_id)
    return _FORM + _encrypt(ring.key(key_id), data_key, bound) + _encrypt(data_key, value.encode(), bound), key_id


def unseal(name: str, sealed: bytes, key_id: str, ring: KeyRing) -> str:
    """The value. Raises SealBroken when the row was changed, moved, or its key is missing."""
    body = sealed[1:]
    if sealed[:1] != _FORM or len(body) < _WRAPPED + _NONCE + _TAG:
        raise SealBroken(
            say("the secret %(name)s is damaged; set it anew with: mainstay secret set %(name)s", name=name)
        )
    bound = _bound(name, key_id)
    try:
        data_key = _decrypt(ring.key(key_id), body[:_WRAPPED], bound)
        return _decrypt(data_key, body[_WRAPPED:], bound).decode()
    except InvalidTag:
        raise SealBroken(
            say(
                "the secret %(name)s was changed or moved since it was sealed; "
                "set it anew with: mainstay secret set %(name)s",
                name=name,
            )
        ) from None


def _bound(name: str, key_id: str) -> bytes:
    return f"{name}|{_FORM[0]}|{key_id}".encode()


def _encrypt(key: bytes, value: bytes, bound: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, value, bound)


def _decrypt(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
