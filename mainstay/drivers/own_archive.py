"""A copy of Mainstay as one file: a tar, packed and sealed, its manifest first.

What comes out of one is believed only after it was looked at: regular files alone, each under the name and of the size
that the manifest gives, in its order; written into a new directory in which no link can lie; and nothing more than the
manifest speaks of is read.
"""

import gzip
import hashlib
import io
import os
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mainstay.domain.own_copy import Manifest, Member, Unfit, read_manifest
from mainstay.domain.saying import say
from mainstay.drivers.sealed_file import Key, Opening, Sealing, durable, header

SUFFIX = ".owncopy"
_MANIFEST = "manifest.json"
_MOST_MANIFEST = 16_000_000
_HEADS = 8192
"""Bytes that the tar may spend on a member beside its content."""
_BUFFER = 1 << 18
_SPARE = 50_000_000


def described(directory: Path) -> tuple[Member, ...]:
    """All files below a directory, in the order of their names."""
    found = sorted(path for path in directory.rglob("*") if path.is_file())
    return tuple(Member(str(path.relative_to(directory)), path.stat().st_size, _digest(path)) for path in found)


def write(target: Path, directory: Path, manifest: Manifest, seal: tuple[dict[str, Any], Key]) -> int:
    """Seal the files of a directory that the manifest names into ``target``, whole or not at all; how many bytes it
    has. Raises Unfit for a target that is there, OSError."""
    if target.exists():
        raise Unfit(say("%(path)s is there already; a copy is never overwritten", path=target))
    draft = target.with_name(f".{target.name}.partial")
    facts = {
        "version": manifest.version, "made_by": manifest.made_by, "made_at": manifest.made_at.isoformat(),
        "engine": manifest.engine, "size": manifest.size,
    }  # fmt: skip
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            _fill(Sealing(out, facts, seal), directory, manifest)
            out.flush()
            os.fsync(out.fileno())
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
    durable(target.parent)
    return target.stat().st_size


def _fill(sealing: Sealing, directory: Path, manifest: Manifest) -> None:
    try:
        with (
            gzip.GzipFile(fileobj=sealing, mode="wb", compresslevel=3, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
        ):
            text = manifest.text()
            _add(tar, _MANIFEST, io.BytesIO(text), len(text), 0o600)
            for member in manifest.members:
                with (directory / member.name).open("rb") as source:
                    _add(tar, member.name, source, member.size, os.fstat(source.fileno()).st_mode & 0o755)
    except BaseException:
        sealing.abandon()
        raise
    sealing.close()


def _add(tar: tarfile.TarFile, name: str, source: Any, size: int, mode: int) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, mode
    tar.addfile(info, source)


def look(path: Path, key: Key) -> Manifest:
    """What a copy says of itself; nothing but its beginning is read. Raises Unfit, OSError."""
    with path.open("rb") as source, _reading(Opening(source, key)) as bounded, _tar(bounded) as tar:
        return _manifest(tar)


def extract(path: Path, key: Key, directory: Path) -> Manifest:
    """Put all files of a copy below a new directory, each looked at; the copy is read to its end. Raises Unfit for
    whatever is not as it was written, and OSError; then what was put there is of no use."""
    with path.open("rb") as source, _reading(Opening(source, key)) as bounded:
        with _tar(bounded) as tar:
            manifest = _manifest(tar)
            if shutil.disk_usage(directory).free < manifest.size + _SPARE:
                words = say(
                    "%(path)s has too little room for the %(size)s MB of the copy",
                    path=directory, size=manifest.size // 1_000_000,
                )  # fmt: skip
                raise Unfit(words)
            bounded.most = bounded.read_so_far + manifest.size + _HEADS * (len(manifest.members) + 2)
            for member in manifest.members:
                _put(tar, member, directory)
            if _next(tar) is not None:
                raise _foreign()
        while bounded.read(_BUFFER):  # what is left of the last block, and of the seal
            pass
    return manifest


def _manifest(tar: tarfile.TarFile) -> Manifest:
    first = _next(tar)
    if first is None or first.name != _MANIFEST or not first.isreg() or first.size > _MOST_MANIFEST - _HEADS:
        raise _foreign()
    found = tar.extractfile(first)
    return read_manifest(found.read() if found else b"")


def _put(tar: tarfile.TarFile, member: Member, directory: Path) -> None:
    info = _next(tar)
    if info is None or not info.isreg() or (info.name, info.size) != (member.name, member.size):
        raise _foreign()
    target, source, digest = directory / member.name, tar.extractfile(info), hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as out:
        while source and (piece := source.read(_BUFFER)):
            digest.update(piece)
            out.write(piece)
        os.fchmod(out.fileno(), info.mode & 0o755)
        out.flush()
        os.fsync(out.fileno())
    if digest.hexdigest() != member.sha256:
        raise Unfit(say("%(name)s in the copy is not what was written there; take another copy", name=member.name))


def _next(tar: tarfile.TarFile) -> tarfile.TarInfo | None:
    try:
        return tar.next()
    except tarfile.TarError:
        raise _foreign() from None


def _foreign() -> Unfit:
    return Unfit(say("the file holds something else than its manifest says; nothing of it is used"))


class _Bounded(io.RawIOBase):
    """Reads no more than was promised: what unpacks to more is no copy of ours."""

    def __init__(self, packed: gzip.GzipFile) -> None:
        super().__init__()
        self._packed, self.read_so_far, self.most = packed, 0, _MOST_MANIFEST

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            piece = self._packed.read(min(len(buffer), _BUFFER))
        except (EOFError, gzip.BadGzipFile, OSError) as error:
            raise _foreign() from error
        self.read_so_far += len(piece)
        if self.read_so_far > self.most:
            raise _foreign()
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._packed.close()
        super().close()


def _reading(opening: Opening) -> _Bounded:
    return _Bounded(gzip.GzipFile(fileobj=io.BufferedReader(opening, _BUFFER), mode="rb"))


def _tar(bounded: _Bounded) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=bounded, mode="r|")
    except tarfile.TarError:
        raise _foreign() from None


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def facts_of(header: Mapping[str, Any]) -> dict[str, str]:
    """What everybody may know of a copy: version, made_by, made_at, engine."""
    return {name: str(header.get(name, ""))[:100] for name in ("version", "made_by", "made_at", "engine")}


def keys_of(directory: Path) -> set[str]:
    """The ids of the ring's keys that copies in a directory need."""
    found = set()
    for path in directory.glob(f"*{SUFFIX}"):
        try:
            told = header(path).get("key")
        except (Unfit, OSError):
            continue
        if isinstance(told, dict) and told.get("way") == "ring":
            found |= {str(told.get("key")), *map(str, told.get("needed", ()))}
    return found
