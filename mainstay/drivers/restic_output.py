"""What restic says, read: its lines of JSON, and its complaints in our words. From 0.14 on, which knows no exit codes
but 0, 1 and 3, and says the rest in English."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.program import Ended


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot as the repository has it. ``original`` is the one that it was copied from, in another repository."""

    identifier: str
    at: datetime
    host: str
    tags: tuple[str, ...]
    paths: tuple[str, ...]
    tree: str
    original: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a snapshot; ``kind`` is restic's own word: file, dir, symlink."""

    path: str
    kind: str
    size: int


_CODES = {10: ("absent", False), 11: ("locked", True), 12: ("wrong-key", False), 130: ("killed", True)}
"""Of restic 0.17 and newer."""
_SIGNS = (
    (r"no space left|quota exceeded|disk quota|insufficient ?storage|storage ?full", "no-space", False),
    (r"already locked", "locked", True),
    (r"wrong password or no key", "wrong-key", False),
    (r"permission denied|access ?denied|not authorized|InvalidAccessKeyId|SignatureDoesNotMatch|request signature|"
     r"access key id you provided|host key verification failed|read-only file system", "refused", False),
    (r"panic:|ciphertext verification|is damaged|invalid data returned|contains errors|hash mismatch|"
     r"packs from index missing|pack size does not match|does not match (its|id)|unexpected data|load\(<|"
     r"failed to load|Unmarshal:|blob .* not found|not found in (repository|index)", "damaged", False),
    (r"connection refused|no such host|i/o timeout|unable to start the sftp|network is unreachable|no route to host|"
     r"connection reset|broken pipe|timed out|server misbehaving|ssh command exited", "unreachable", True),
    (r"(file|key|bucket) does not exist|no such file or directory", "absent", False),
)  # fmt: skip


def failure(ended: Ended) -> ToolFailed:
    """Why it ended with a code that is not 0."""
    detail = _words(ended.err)
    if ended.code in _CODES:
        code, retry = _CODES[ended.code]
        return ToolFailed(code, detail, retry=retry)
    if ended.code >= 128:
        return ToolFailed("killed", f"restic was ended by signal {ended.code - 128}", retry=True)
    for sign, code, retry in _SIGNS:
        if re.search(sign, ended.err, re.IGNORECASE):
            return ToolFailed(code, detail, retry=retry)
    return ToolFailed("failed", detail or f"restic ended with {ended.code} and said nothing")


def _words(text: str) -> str:
    """The lines that say why: those of an end first, then the last ones."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("Fatal:", "panic:"))]
    return "; ".join(dict.fromkeys([*fatal, *lines[-3:]]))[:500]


def message(line: str) -> Mapping[str, Any]:
    """One line of ``--json``; nothing for a line that is something else."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def snapshots(text: str) -> list[Snapshot]:
    """Raises ToolFailed (failed) when it is not the list that it should be."""
    try:
        return [_snapshot(one) for one in json.loads(text) or ()]
    except (ValueError, KeyError, TypeError):
        raise ToolFailed("failed", f"restic's list of snapshots cannot be read: {text[:200]}") from None


def _snapshot(one: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        str(one["id"]), datetime.fromisoformat(one["time"]), str(one.get("hostname", "")), tuple(one.get("tags") or ()),
        tuple(one.get("paths") or ()), str(one["tree"]), str(one.get("original", "")),
    )  # fmt: skip


def entries(lines: Sequence[str]) -> list[Entry]:
    """The lines of ``ls --json``: first the snapshot, then what is in it."""
    found = (message(line) for line in lines)
    return [Entry(str(one["path"]), str(one["type"]), int(one.get("size", 0))) for one in found if "path" in one]
