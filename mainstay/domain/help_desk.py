"""Rules of the help desk: what a report may be, how its number reads, and what its reporter hears of an incident."""

import re
from enum import StrEnum
from typing import Literal

from pydantic import Field

from mainstay.domain.attachment import LARGEST, Unfit, fits, tame
from mainstay.domain.document_forms import Mapping
from mainstay.domain.saying import say

LONGEST_SUBJECT, LONGEST_TEXT, LONGEST_NAME = 200, 10_000, 100
FILES = 5
"""Files of one message."""
TICKETS_AN_HOUR, WORDS_AN_HOUR, STRANGERS_AN_HOUR = 5, 20, 200
"""From one address: reports, and messages to them; and reports of all strangers together."""

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,190}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
                      r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*")  # fmt: skip
_LABEL = re.compile(r"\bT-(\d{1,9})\b")


class Mailbox(Mapping):
    """A mailbox that is read by IMAP, and who may read it."""

    host: str
    port: int = Field(993, ge=1, le=65535)
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    ca_file: str = ""
    user: str
    password: str = Field("", description="write a ${SECRET}")
    folder: str = Field("INBOX", pattern=r"^[ -~]{1,100}$")


class Kind(StrEnum):
    """What somebody reports."""

    FAULT = "fault"
    QUESTION = "question"
    WISH = "wish"


def kind_of(text: str) -> Kind:
    """What somebody says that it is; Unfit for anything else."""
    try:
        return Kind(text)
    except ValueError:
        raise Unfit(say("there is no kind %(kind)s; there are fault, question and wish", kind=text[:30])) from None


class State(StrEnum):
    """Where a ticket stands. Joined: it waits for an incident's end; waiting: for its reporter's answer."""

    NEW = "new"
    JOINED = "joined"
    ANSWERED = "answered"
    WAITING = "waiting"
    CLOSED = "closed"


def label(number: int) -> str:
    """A ticket's number as people read it."""
    return f"T-{number:04}"


def number_in(subject: str) -> int | None:
    """The ticket that a subject names."""
    found = _LABEL.search(subject)
    return int(found[1]) if found else None


def address(text: str) -> str:
    """A mail address in the form that one may write to; Unfit for anything else, line breaks above all."""
    if not _ADDRESS.fullmatch(text.strip()):
        raise Unfit(say("this is not an e-mail address"))
    return text.strip()


def one_line(text: str, longest: int) -> str:
    """Words for a header or a list."""
    return "".join(one for one in " ".join(text.split()) if one.isprintable())[:longest].strip()


def tidy(text: str) -> str:
    """Words of several lines, without what no text needs."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    clean = ("".join(one for one in line if one.isprintable() or one == "\t").rstrip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(clean)).strip()


def check_words(subject: str, text: str) -> None:
    """Raises Unfit for a report that says nothing or too much."""
    if not subject or not text:
        raise Unfit(say("say in a few words what it is about, and then what happened"))
    if len(text) > LONGEST_TEXT:
        raise Unfit(say("%(n)s characters are too many; %(most)s may be sent", n=len(text), most=LONGEST_TEXT))


def check_files(files: list[tuple[str, int]], before: int) -> None:
    """Names and sizes in bytes of what comes with a message; Unfit when it is too much."""
    if len(files) > FILES:
        raise Unfit(say("%(n)s files are too many; %(most)s may be sent", n=len(files), most=FILES))
    for name, size in files:
        fits(tame(name), size, before + LARGEST)  # a ticket holds a little less than an incident
        before += size


def progress(told: str, incident: str) -> str:
    """What is to be told of an incident's state, which is open, acknowledged or resolved; empty for nothing new.
    ``told`` is what was told last."""
    if incident == "open":
        return "reopened" if told == "resolved" else "" if told else "joined"
    return "" if told == incident else incident
