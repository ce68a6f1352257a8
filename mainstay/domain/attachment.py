"""Files that people add to an incident: a name that can do no harm, a type that is safe to say, and how much fits."""

import math
import re
import unicodedata

from mainstay.domain.saying import say

LARGEST = 10 * 1024 * 1024
"""Bytes of one file."""
MOST = 50 * 1024 * 1024
"""Bytes of all files of one incident."""
PER_NOTE = 10
LONGEST_NAME = 120

UNKNOWN = "application/octet-stream"
IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""What a browser may draw by itself. SVG is not among them: it can hold script."""

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"), (b"%PDF-", "application/pdf"), (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)  # fmt: skip


class Unfit(ValueError):
    """The file cannot be kept; the message says why and what would fit."""


def sniff(content: bytes) -> str:
    """The type by what is inside, never by what the sender says; what is not known for sure is plain bytes."""
    for beginning, kind in _BEGINNINGS:
        if content.startswith(beginning):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return "text/plain" if content and _is_text(content) else UNKNOWN


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]", text)


def tame(name: str) -> str:
    """The name without folders, control and direction characters, and no longer than a name should be; its ending
    stays. What is left of nothing is called ``file``."""
    last = re.split(r"[/\\]", name)[-1]
    seen = "".join("_" if one in '<>:"|?*' else one for one in last if unicodedata.category(one)[0] != "C")
    stem, dot, ending = seen.strip(" .").rpartition(".")
    if not dot or len(ending) > 20:
        return seen.strip(" .")[:LONGEST_NAME].strip(" .") or "file"
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"


def fits(name: str, size: int, before: int) -> None:
    """Raises Unfit for a file of ``size`` bytes on an incident that holds ``before`` bytes already."""
    if size == 0:
        raise Unfit(say("%(name)s is empty", name=name))
    if size > LARGEST:
        words = say(
            "%(name)s has %(size)s MB; a file may have %(most)s MB at most",
            name=name, size=_megabytes(size), most=_megabytes(LARGEST),
        )  # fmt: skip
        raise Unfit(words)
    if before + size > MOST:
        left = f"{(MOST - before) / 1024 / 1024:.1f}"
        words = say(
            "%(name)s has %(size)s MB, and this incident has room for %(left)s MB more of %(most)s MB in all",
            name=name, size=_megabytes(size), left=left, most=_megabytes(MOST),
        )  # fmt: skip
        raise Unfit(words)


def _megabytes(size: int) -> str:
    """To one decimal and upwards, so that what is too large never reads as the limit itself."""
    return f"{math.ceil(size / 1024 / 1024 * 10) / 10:.1f}".removesuffix(".0")
