"""What pgBackRest prints, read as plain values: its list of copies, its verification, its archive.

It ends ``info`` and ``verify`` with code 0 over a repository that is damaged or cannot be read, and says so only in
what it prints; so what does not say that all is well is taken for damage.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_STATUS = re.compile(r"status: ([\w-]+)")
_COUNTER = re.compile(r"(?:missing|invalid|other): (\d+)")
_TOTALS = re.compile(r"total \w+ checked: (\d+), total valid \w+: (\d+)")
_SEGMENT = re.compile(r"(?:^|/)([0-9A-F]{24})-[0-9a-f]{40}(?:\.(?:gz|lz4|zst|bz2))?$")
_HISTORY = re.compile(r"(?:^|/)([0-9A-F]{8})\.history$")
_WRONG_KEY = re.compile(r"outside of section at line 1|CryptoError|unable to flush|decrypt", re.IGNORECASE)
_PROGRESS = re.compile(r"\(([\d.]+)([KMGT]?B), ([\d.]+)%\)")


@dataclass(frozen=True, slots=True)
class Kept:
    """One whole copy in a repository. ``first`` to ``last`` are the segments that it needs, ``whole`` the position from
    which on it can be opened, and ``ended`` when that was, rounded up, for pgBackRest cuts fractions of a second off;
    ``size``, ``added`` in bytes; ``references`` the copies that it needs."""

    label: str
    level: str
    began: datetime
    ended: datetime
    first: str
    last: str
    whole: str
    size: int
    added: int
    references: Sequence[str]
    notes: Mapping[str, str]
    page_errors: bool


class Unreadable(Exception):
    """The list could not be read. ``wrong_key``: most likely because the key is another one."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.wrong_key = bool(_WRONG_KEY.search(detail))


def copies(printed: str) -> list[Kept]:
    """What ``info --output=json`` lists, oldest first. Raises Unreadable when it says, behind its code of 0, that the
    repository could not be read, and for what is no such list."""
    try:
        stanzas = json.loads(printed, strict=False)  # it may repeat bytes that it could not decrypt
        for stanza in stanzas:
            _readable(stanza)
        return [_kept(one) for stanza in stanzas for one in stanza["backup"]]
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, OSError) as error:
        raise Unreadable(f"pgBackRest's list of copies cannot be read: {error}") from None


def system(printed: str) -> int:
    """The identifier of the database cluster whose copies these are; 0 when nothing was kept yet."""
    found = [int(db["system-id"]) for stanza in json.loads(printed) for db in stanza["db"]]
    return found[-1] if found else 0


def _readable(stanza: Mapping[str, Any]) -> None:
    for repository in stanza["repo"]:
        code, message = repository["status"]["code"], str(repository["status"]["message"])
        if code not in (0, 1, 2):  # all is well, no such stanza yet, no copies yet
            raise Unreadable(message)


def _kept(one: Mapping[str, Any]) -> Kept:
    return Kept(
        label=str(one["label"]), level="full" if one["type"] == "full" else "incremental",
        began=datetime.fromtimestamp(one["timestamp"]["start"], UTC),
        ended=datetime.fromtimestamp(one["timestamp"]["stop"] + 1, UTC),
        first=str(one["archive"]["start"]), last=str(one["archive"]["stop"]),
        whole=str(one["lsn"]["stop"]), size=int(one["info"]["size"]),
        added=int(one["info"]["repository"]["delta"]), references=tuple(one.get("reference") or ()),
        notes=dict(one.get("annotation") or {}), page_errors=bool(one["error"]),
    )  # fmt: skip


def damage(printed: str) -> str:
    """What ``verify --output=text --verbose`` found, a line each; empty only when it says that all is whole.

    A copy that is being made (``in-progress``) is no damage.
    """
    lines = [line.strip() for line in printed.splitlines()]
    found = [line for line in lines if "No usable" in line or _bad(line)]
    if not any(line.startswith("status: ") for line in lines):
        found += ["the verification said nothing of it", *lines[-3:]]
    return "\n".join(found)


def _bad(line: str) -> bool:
    status, totals = _STATUS.search(line), _TOTALS.search(line)
    return (
        (status is not None and status[1] not in ("ok", "valid", "in-progress"))
        or (totals is not None and totals[1] != totals[2])
        or any(int(count) for count in _COUNTER.findall(line))
    )


def unusable(found: str) -> bool:
    """Whether the damage is that the lists of the repository themselves cannot be read, as with another key."""
    return "No usable" in found


@dataclass(frozen=True, slots=True)
class Archived:
    """The archive of a repository: names of segments, the moment at which the newest came, and the histories of
    timelines by their path."""

    segments: frozenset[str]
    came: datetime | None
    histories: Mapping[int, str]


def archived(printed: str) -> Archived:
    """What ``repo-ls --recurse --output=json`` lists below the archive. Raises Unreadable."""
    try:
        files = {path: one for path, one in json.loads(printed).items() if one["type"] == "file"}
        segments = {match[1]: files[path] for path in files if (match := _SEGMENT.search(path))}
        newest = segments[max(segments)]["time"] if segments else None
        histories = {int(match[1], 16): path for path in files if (match := _HISTORY.search(path))}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Unreadable(f"pgBackRest's archive cannot be listed: {error}") from None
    return Archived(frozenset(segments), newest and datetime.fromtimestamp(newest, UTC), histories)


def progress(line: str) -> float | None:
    """The share that is done, 0 to 1, in a line of the log of a copy or a restore; None in most lines."""
    match = _PROGRESS.search(line)
    return min(1.0, float(match[3]) / 100) if match else None
