"""A sheet as a file: HTML, PDF, XLSX. (JSON has the API's shape and is made there.)"""

from collections.abc import Sequence
from typing import NamedTuple

from mainstay.drivers.pdf import pdf
from mainstay.drivers.workbook import workbook
from mainstay.inspection import paper
from mainstay.inspection.models import Sheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class File(NamedTuple):
    """What goes out, its media type and a name for it."""

    data: bytes
    kind: str
    name: str


def document(sheets: Sequence[Sheet], form: str, language: str) -> File:
    """``form`` is html, pdf or xlsx; ``language`` en, zh or zh-hant. Raises Unprintable."""
    if form == "xlsx":
        return File(workbook(paper.grids(sheets, language)), XLSX, _name(sheets, form))
    text = paper.html(sheets, language)
    if form == "html":
        return File(text.encode(), "text/html; charset=utf-8", _name(sheets, form))
    return File(pdf(text), "application/pdf", _name(sheets, form))


def _name(sheets: Sequence[Sheet], form: str) -> str:
    first = sheets[0] if sheets else None
    stem = f"{first.system.name}-{first.day}-{first.number}" if first and len(sheets) == 1 else "all"
    return f"inspection-{stem}.{form}"
