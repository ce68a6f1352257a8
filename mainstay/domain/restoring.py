"""A restore that people ask for: from which copy, what of it, to where; what is refused; and when an approval ends."""

import hashlib
import json
import posixpath
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal
from urllib.parse import unquote

from mainstay.domain.actor import person_name
from mainstay.domain.placeholder import looks_secret, names
from mainstay.domain.saying import say

To = Literal["directory", "database", "live"]
PLACES: tuple[To, ...] = ("directory", "database", "live")
APPROVED_FOR = timedelta(hours=1)
"""An approval that nothing was begun upon lapses."""
ASKED_FOR = timedelta(days=1)
"""What nobody approved lapses too."""
SECRETS = "RESTORE_"
"""How the names of secrets begin that may stand in the address of a new place: no other secret of the installation can
be sent to a server that somebody names here."""


class State(StrEnum):
    """Of a restore. ``SAFETY``: a fresh copy of the live place is taken first."""

    ASKED = "asked"
    SAFETY = "safety"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ABORTED = "aborted"
    LAPSED = "lapsed"


OPEN = (State.ASKED, State.SAFETY, State.RUNNING)


class Refused(ValueError):
    """Not like this, or not now; ``str()`` says why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. ``target``: a path, or the address of a database with ``${RESTORE_…}`` for its password; empty
    for the live place. ``only``: paths, a database, or tables of the copy; empty: all. ``moment``: ISO, of a tool that
    can restore any; empty: the copy's own."""

    copy: int
    to: To
    target: str = ""
    only: tuple[str, ...] = ()
    moment: str = ""

    def plain(self) -> dict[str, Any]:
        """As it is kept."""
        return {**asdict(self), "only": list(self.only)}


def wish_of(kept: Mapping[str, Any]) -> Wish:
    """The other way round."""
    return Wish(**{**kept, "only": tuple(kept.get("only") or ())})


def seal(wish: Wish, identifier: str, place: Any) -> str:
    """A digest over exactly what is approved: the wish, the copy by its own identifier, and the live place as it is
    described."""
    text = json.dumps([wish.plain(), identifier, place], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def examine(wish: Wish, lands: Collection[str], roots: Sequence[str], reason: str) -> None:
    """What can be judged by the words alone. ``lands``: the places that the copy's tool knows; ``roots``: directories
    below which may be written. Raises Refused."""
    if wish.to not in lands:
        raise Refused(
            say("the tool of this copy cannot restore to: %(to)s; it can to: %(known)s", to=wish.to,
                known=", ".join(sorted(lands)) or "-")
        )  # fmt: skip
    if wish.to == "live":
        if wish.target:
            raise Refused(say("the live place is the component's own; name no other"))
        if not reason.strip():
            raise Refused(say("say why the live place is to be restored"))
    elif wish.to == "directory":
        _examine_path(wish.target, roots)
    elif wish.target.startswith("sqlite://"):
        _examine_path(unquote(wish.target.removeprefix("sqlite://")), roots)
    else:
        _examine_address(wish.target)


def _examine_path(path: str, roots: Sequence[str]) -> None:
    if not path.startswith("/") or posixpath.normpath(path) != path:
        raise Refused(say("%(path)s: write an absolute path without . and ..", path=path or '""'))
    if not any(path.startswith(f"{root.rstrip('/')}/") for root in roots):
        raise Refused(
            say("%(path)s: restores may be written below %(roots)s; restore_directories in mainstay.toml names more",
                path=path, roots=", ".join(roots))
        )  # fmt: skip


def _examine_address(address: str) -> None:
    if address.partition("://")[0] not in ("postgresql", "postgres", "mariadb", "mysql"):
        raise Refused(say("write where to: postgresql://, mariadb:// or sqlite:///path"))
    if looks_secret((), address) or "password=" in address.replace("password=${", ""):
        raise Refused(
            say("write the password as ${%(name)s} and set it with: mainstay secret set %(name)s",
                name=f"{SECRETS}PASSWORD")
        )  # fmt: skip
    if strange := sorted(name for name in names(address) if not name.startswith(SECRETS)):
        raise Refused(
            say("${%(name)s} may not be sent to another place; only secrets named %(prefix)s… may", name=strange[0],
                prefix=SECRETS)
        )  # fmt: skip


def examine_only(
    only: Sequence[str], paths: Sequence[str], tables: Collection[str], databases: Collection[str]
) -> None:
    """That the copy holds the parts that are asked for, as far as its record says. Raises Refused."""
    for name in only:
        if paths:
            right = name.startswith("/") and posixpath.normpath(name) == name and not set(name) & set("*?[]\\")
            held = any(name == path or name.startswith(f"{path.rstrip('/')}/") for path in paths)
            if not right or not held:
                raise Refused(
                    say("%(name)s: the copy holds what lies below %(paths)s", name=name, paths=", ".join(paths))
                )
        elif name not in tables and name not in databases:
            raise Refused(say("the copy holds no table or database %(name)s", name=name))


def examine_moment(moment: datetime, first: datetime | None, now: datetime) -> None:
    """A second in time, against the first that can be had. Raises Refused."""
    if moment > now:
        raise Refused(say("%(moment)s lies in the future", moment=moment.isoformat(timespec="seconds")))
    if first is None:
        raise Refused(say("this tool's copies restore to their own moment only; choose a copy"))
    if moment < first:
        raise Refused(
            say("%(moment)s is before the first moment that can be restored, %(first)s",
                moment=moment.isoformat(timespec="seconds"), first=first.isoformat(timespec="seconds"))
        )  # fmt: skip


def examine_approval(asked_by: str, approver: str, asked_at: datetime, now: datetime) -> None:
    """A second person, in time. Raises Refused."""
    if not is_person(approver):
        raise Refused(say("people approve a restore; a token cannot"))
    if person_name(asked_by).casefold() == person_name(approver).casefold():
        raise Refused(say("a second person approves; %(name)s asked for it", name=person_name(asked_by)))
    if now >= asked_at + ASKED_FOR:
        raise Refused(say("it was asked for more than a day ago; ask anew"))


def is_person(actor: str) -> bool:
    """Somebody who is signed in, or who works in the shell."""
    return actor.partition(":")[0] in ("person", "shell")


def lapses(approved_at: datetime) -> datetime:
    """When an approval ends that nothing was begun upon."""
    return approved_at + APPROVED_FOR
