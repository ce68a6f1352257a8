"""A file that nobody reads without its key, and nobody alters unseen: sealed in pieces, however large it is.

::

    "mainstay sealed 1\\n"  length (4 bytes)  header (JSON)  proof (32 bytes)  pieces …

The key comes from a passphrase by scrypt, or from a key of a ring; HKDF makes of it, with the file's own salt, the key
of this file alone. ``proof`` is an HMAC over all that stands before it: a wrong key is told from an altered piece. Each
piece of 1 MiB goes under AES-256-GCM, with its number and whether it is the last as its nonce, and with the proof bound
in: a piece that was altered, moved, cut off, doubled or taken from another file does not open.
"""

import hashlib
import hmac
import io
import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from mainstay.domain.own_copy import Unfit
from mainstay.domain.saying import say

MAGIC = b"mainstay sealed 1\n"
PIECE = 1 << 20
_TAG, _PROOF = 16, 32
_LONGEST_HEADER = 16_384
_COST = 1 << 17
"""scrypt's n; with r = 8 it takes 128 MB and some tenths of a second."""

Key = Callable[[Mapping[str, Any]], bytes]
"""Gives the key for what a header says; raises Unfit when it has none."""


def by_passphrase(passphrase: str) -> tuple[dict[str, Any], Key]:
    """What the header says of the key, and the key."""
    told = {"way": "scrypt", "n": _COST, "salt": secrets.token_hex(32)}
    return told, _stretched(passphrase)


def opening(passphrase: str) -> Key:
    """The key of a file that a passphrase sealed."""
    return _stretched(passphrase)


def by_key(key_id: str, key: bytes, needed: Sequence[str] = ()) -> tuple[dict[str, Any], Key]:
    """The same, for a key of a ring; ``needed`` are further keys without which the content is of no use."""
    told = {"way": "ring", "key": key_id, "needed": list(needed), "salt": secrets.token_hex(32)}
    return told, with_ring(lambda _: key)


def with_ring(key: Callable[[str], bytes]) -> Key:
    """The key of a file that a ring's key sealed; ``key`` finds it by its id."""

    def find(told: Mapping[str, Any]) -> bytes:
        if told.get("way") != "ring":
            raise Unfit(say("the file is sealed with a passphrase"))
        return _of_this_file(key(str(told["key"])), bytes.fromhex(str(told["salt"])))

    return find


def _stretched(passphrase: str) -> Key:
    def stretch(told: Mapping[str, Any]) -> bytes:
        if told.get("way") != "scrypt":
            raise Unfit(say("the file is sealed with a key of the workspace that made it, not with a passphrase"))
        cost = told.get("n")
        if not isinstance(cost, int) or not 1 << 14 <= cost <= 1 << 20 or cost & (cost - 1):
            raise Unfit(say("the file's header is damaged"))  # or it would take all memory before anybody is asked
        salt = bytes.fromhex(str(told["salt"]))
        return _of_this_file(Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(passphrase.encode()), salt)

    return stretch


def _of_this_file(key: bytes, salt: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"mainstay sealed file").derive(key)


class Sealing(io.RawIOBase):
    """Takes bytes and writes them sealed. ``close`` ends the file well; ``abandon`` leaves it without its end."""

    def __init__(self, out: IO[bytes], facts: Mapping[str, Any], seal: tuple[dict[str, Any], Key]) -> None:
        """``facts`` stand in the header, which everybody can read."""
        super().__init__()
        told, key = seal
        secret = key(told)
        text = json.dumps({**facts, "key": told}).encode()
        start = MAGIC + len(text).to_bytes(4, "big") + text
        self._proof = hmac.digest(secret, start, hashlib.sha256)
        self._cipher, self._out = AESGCM(secret), out
        self._waiting, self._number = bytearray(), 0
        out.write(start + self._proof)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        while len(self._waiting) > PIECE:  # the last one is written by close, be it whole
            self._put(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._put(bytes(self._waiting), last=True)
        super().close()

    def abandon(self) -> None:
        super().close()

    def _put(self, piece: bytes, *, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, last), piece, self._proof))
        self._number += 1


class Opening(io.RawIOBase):
    """Reads what was sealed. Raises Unfit at the first piece that is not as it was written."""

    def __init__(self, source: IO[bytes], key: Key) -> None:
        super().__init__()
        self.header, start = _header(source)
        proof = source.read(_PROOF)
        try:
            secret = key(self.header["key"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise error if isinstance(error, Unfit) else Unfit(say("the file's header is damaged")) from None
        self._proof = hmac.digest(secret, start, hashlib.sha256)
        if not hmac.compare_digest(self._proof, proof):
            raise Unfit(say("the key does not open this file: another passphrase sealed it, or its header was altered"))
        self._cipher, self._source = AESGCM(secret), source
        self._next, self._open, self._number = source.read(PIECE + _TAG), b"", 0
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._open and not self._ended:
            self._open = self._piece()
        count = min(len(buffer), len(self._open))
        buffer[:count], self._open = self._open[:count], self._open[count:]
        return count

    def _piece(self) -> bytes:
        sealed, self._next = self._next, self._source.read(PIECE + _TAG)
        self._ended = not self._next
        try:
            piece = self._cipher.decrypt(_nonce(self._number, self._ended), sealed, self._proof)
        except (InvalidTag, ValueError):
            raise Unfit(
                say("the file is damaged or cut short at %(at)s MB; take another copy", at=self._number)
            ) from None
        self._number += 1
        return piece


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def header(path: Path) -> dict[str, Any]:
    """What everybody can read of a sealed file. Raises Unfit."""
    with path.open("rb") as source:
        return _header(source)[0]


def _header(source: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    start = source.read(len(MAGIC) + 4)
    length = int.from_bytes(start[len(MAGIC) :], "big")
    if start[: len(MAGIC)] != MAGIC or len(start) < len(MAGIC) + 4:
        raise Unfit(say("the file is no copy of Mainstay"))
    if length > _LONGEST_HEADER:
        raise Unfit(say("the file's header is damaged"))
    text = source.read(length)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unfit(say("the file's header is damaged"))
    return found, start + text


def durable(path: Path) -> None:
    """Returns when a file, or the names in a directory, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
