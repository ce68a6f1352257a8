"""A copy of Mainstay itself: what it says of itself, which copy may come back, when the next is due, which stay."""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from mainstay.domain.saying import say

SHORTEST = 12
"""Characters of a passphrase, at least."""

_LONGEST_NAME = 1000
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PART = re.compile(r"[^\x00-\x1f/\\]{1,255}")


class Unfit(ValueError):
    """It cannot be done; ``str()`` says why, and what would be right."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the copy: its name below the workspace, bytes, SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands at the beginning of a copy. ``version`` is of the program that the state belongs to, empty when that
    is not known; ``made_by`` of the one that made the copy; ``engine`` is sqlite or postgresql."""

    version: str
    made_by: str
    made_at: datetime
    engine: str
    migrations: Sequence[str]
    head: tuple[int, str]
    members: Sequence[Member] = field(default_factory=tuple)

    def text(self) -> bytes:
        """As it is written into the copy."""
        return json.dumps({**asdict(self), "made_at": self.made_at.isoformat()}, indent=1).encode()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(member.size for member in self.members)


def read_manifest(text: bytes) -> Manifest:
    """What was written by ``Manifest.text``. Raises Unfit: nothing in it is believed unseen."""
    try:
        row: dict[str, Any] = json.loads(text)
        members = tuple(_member(one) for one in row["members"])
        manifest = Manifest(
            version=str(row["version"]), made_by=str(row["made_by"]), made_at=datetime.fromisoformat(row["made_at"]),
            engine=str(row["engine"]), migrations=tuple(map(str, row["migrations"])),
            head=(int(row["head"][0]), str(row["head"][1])), members=members,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise Unfit(say("the file says of itself what no copy of Mainstay says")) from None
    if len({member.name for member in members}) != len(members) or manifest.engine not in ("sqlite", "postgresql"):
        raise Unfit(say("the file says of itself what no copy of Mainstay says"))
    return manifest


def _member(row: Mapping[str, Any]) -> Member:
    member = Member(str(row["name"]), int(row["size"]), str(row["sha256"]))
    if not is_safe(member.name) or member.size < 0 or not _DIGEST.fullmatch(member.sha256):
        raise ValueError(member.name)
    return member


def is_safe(name: str) -> bool:
    """Whether a name stays below the directory that it is put into."""
    parts = name.split("/")
    return len(name) <= _LONGEST_NAME and all(_PART.fullmatch(one) and one not in (".", "..") for one in parts)


def newer(manifest: Manifest, version: str, known: Collection[str]) -> str:
    """Why this program, of ``version`` and with the migrations ``known`` of its own apps, cannot take the copy; empty
    when it can."""
    apps = {one.partition(".")[0] for one in known}
    unknown = {one for one in manifest.migrations if one.partition(".")[0] in apps} - set(known)
    if not unknown and numbers(manifest.version) <= numbers(version):
        return ""
    return say(
        "the copy was made by Mainstay %(made)s, which is newer than this one (%(own)s); install that version, then "
        "restore",
        made=manifest.version or manifest.made_by, own=version,
    )  # fmt: skip


def numbers(version: str) -> tuple[int, ...]:
    """To compare versions by; of no version the smallest."""
    return tuple(map(int, re.findall(r"\d+", version)))


def fit_passphrase(text: str) -> str:
    """The passphrase. Raises Unfit for one that would be guessed."""
    if len(text) < SHORTEST:
        raise Unfit(say("a passphrase has at least %(least)s characters", least=SHORTEST))
    return text


def surplus(names: Iterable[str], keep: int) -> list[str]:
    """Of copies whose names end with their moment, those beyond the newest ``keep``."""
    return sorted(names, reverse=True)[keep:]


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of the copies by schedule: when the newest was made, when the schedule began to count, and why the
    last try failed. Seconds since 1970."""

    newest: float | None
    since: float
    problem: str = ""


def complaint(story: Story, every: float, now: float) -> str:
    """What is wrong with Mainstay's own copies; empty: nothing. One that is half an interval late is late."""
    last = story.since if story.newest is None else story.newest
    if story.problem:
        return f"the last copy of Mainstay itself failed: {story.problem}"
    if now - last <= 1.5 * every:
        return ""
    hours = (now - last) / 3600
    return f"no copy of Mainstay itself was made for {hours:.0f} h; one is due each {every / 3600:g} h"
