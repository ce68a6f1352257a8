"""A mail from anybody: what it says and from whom, or why nobody listens to it. No part of it is trusted.

What machines send by themselves is not answered (RFC 3834), so that two programs never write to each other for ever.
HTML becomes text; nothing is fetched from anywhere.
"""

import re
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr
from html.parser import HTMLParser

from mainstay.domain.attachment import LARGEST, tame
from mainstay.domain.help_desk import FILES, LONGEST_NAME, LONGEST_SUBJECT, LONGEST_TEXT, one_line, tidy
from mainstay.domain.help_desk import address as checked

LARGEST_MAIL = 15 * 1024 * 1024
"""Bytes of a mail with all that is attached, as it comes over the line."""
PARTS, DEPTH = 40, 8
REFERENCES = 30
_MOST_HTML = 400_000

_MACHINES = re.compile(r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)([+.-].*)?@", re.IGNORECASE)
_QUOTED = re.compile(
    r"^(>.*|-{2,} ?(original message|原始邮件|原始郵件|forwarded message).*|on .{4,200} wrote:|在.{4,200}写道[:：]"
    r"|于.{4,200}写道[:：]|.{4,200}於.{2,80}寫道[:：]|(发件人|寄件者|from)[:：] .*)$",
    re.IGNORECASE,
)


class Ignored(Exception):
    """Nobody listens to this mail; the message is a code that says why."""


@dataclass(frozen=True, slots=True)
class Mail:
    """What somebody wrote. ``references`` are Message-IDs without their brackets."""

    address: str
    name: str
    subject: str
    text: str
    message_id: str
    references: tuple[str, ...] = ()
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


def read(raw: bytes, own: str) -> Mail:
    """Raises Ignored. ``own`` is the address of the help desk itself."""
    if len(raw) > LARGEST_MAIL:
        raise Ignored("too-large")
    try:
        return _read(BytesParser(policy=policy.default).parsebytes(raw), own)
    except Ignored:
        raise
    except Exception:  # the parser of the standard library stumbles over headers that are made for it
        raise Ignored("unreadable") from None


def _read(mail: EmailMessage, own: str) -> Mail:
    name, address = parseaddr(_header(mail, "From"))
    try:
        address = checked(address)
    except ValueError:
        raise Ignored("no-sender") from None
    if reason := _by_machine(mail, address, own):
        raise Ignored(reason)
    parts = _parts(mail)
    text = _words(parts)
    references = re.findall(r"<([^<>\s]{3,250})>", f"{_header(mail, 'In-Reply-To')} {_header(mail, 'References')}")
    own_id = re.search(r"<([^<>\s]{3,250})>", _header(mail, "Message-ID"))
    subject = one_line(_header(mail, "Subject"), LONGEST_SUBJECT)
    return Mail(
        address, one_line(name, LONGEST_NAME), subject or one_line(text, 60), text, own_id[1] if own_id else "",
        tuple(references[-REFERENCES:]), tuple(_files(parts)),
    )  # fmt: skip


def _header(mail: EmailMessage, name: str) -> str:
    return str(mail.get(name, ""))[:20_000]


def _by_machine(mail: EmailMessage, address: str, own: str) -> str:
    """Why it is not from a person; empty when it may be."""
    if address.lower() == own.lower() or "Mainstay-Key" in mail:
        return "own"
    if _header(mail, "Auto-Submitted").partition(";")[0].strip().lower() not in ("", "no"):
        return "automatic"
    if _header(mail, "Return-Path").strip() == "<>" or mail.get_content_type() == "multipart/report":
        return "bounce"
    if _MACHINES.match(address):
        return "automatic"
    if _header(mail, "Precedence").strip().lower() in ("bulk", "junk", "list") or "List-Id" in mail:
        return "list"
    return "automatic" if "X-Autoreply" in mail or "X-Autorespond" in mail else ""


def _parts(mail: EmailMessage) -> list[EmailMessage]:
    """The leaves, in order. Raises Ignored for a mail that is folded in more often than people do."""
    leaves: list[EmailMessage] = []
    waiting = [(mail, 0)]
    seen = 0
    while waiting:
        part, depth = waiting.pop(0)
        seen += 1
        if seen > PARTS or depth > DEPTH:
            raise Ignored("too-nested")
        inner = part.get_payload() if part.is_multipart() else None
        if isinstance(inner, list):
            waiting[:0] = [(one, depth + 1) for one in inner if isinstance(one, EmailMessage)]
        else:
            leaves.append(part)
    return leaves


def _words(parts: list[EmailMessage]) -> str:
    """The first plain text, else the first HTML as text; without what was quoted."""
    shown = [part for part in parts if part.get_content_disposition() != "attachment"]
    plain = next((part for part in shown if part.get_content_type() == "text/plain"), None)
    if plain is not None:
        return _unquoted(tidy(_decoded(plain)))[:LONGEST_TEXT]
    html = next((part for part in shown if part.get_content_type() == "text/html"), None)
    return _unquoted(tidy(text_of(_decoded(html))))[:LONGEST_TEXT] if html is not None else ""


def _decoded(part: EmailMessage) -> str:
    data = part.get_payload(decode=True)
    raw = data if isinstance(data, bytes) else b""
    try:
        return raw.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _unquoted(text: str) -> str:
    """What is new in an answer; the whole where nothing would be left."""
    lines = text.split("\n")
    end = next((place for place, line in enumerate(lines) if place and _QUOTED.match(line.strip())), len(lines))
    return "\n".join(lines[:end]).strip() or text


def _files(parts: list[EmailMessage]) -> list[tuple[str, bytes]]:
    """What is attached, by tame names; what is empty or too large is left out."""
    found = []
    for part in parts:
        named = part.get_filename()
        if named is None and part.get_content_disposition() != "attachment":
            continue
        data = part.get_payload(decode=True)
        if isinstance(data, bytes) and 0 < len(data) <= LARGEST:
            found.append((tame(str(named or "file")), data))
    return found[:FILES]


class _Text(HTMLParser):
    """Keeps the words."""

    _BLOCKS = frozenset(
        {"p", "br", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol", "blockquote", "pre"}
    )
    _SILENT = frozenset({"script", "style", "head", "title", "template", "noscript"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser's signature
        if tag in self._SILENT:
            self._silent += 1
        elif tag in self._BLOCKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in self._BLOCKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(" ".join(data.split()) + (" " if data[-1:].isspace() else ""))


def text_of(html: str) -> str:
    """The words of a page, a line for each block."""
    reader = _Text()
    reader.feed(html[:_MOST_HTML])
    reader.close()
    return "".join(reader.words)
