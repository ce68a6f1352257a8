"""Tables to XLSX: typed cells, and text that stays text whatever it begins with."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

Value = str | int | float | datetime | None

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML does not know."""
_LONGEST = 32_767
"""Characters in a cell."""
_NAME = re.compile(r"[\[\]:*?/\\]")
_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet, or one that reads its CSV, takes for a formula."""


@dataclass(frozen=True, slots=True)
class Grid:
    """One worksheet: facts above, then a table. Moments are shown as they are, without their zone."""

    title: str
    facts: Sequence[tuple[str, Value]]
    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]
    widths: Sequence[int] = ()
    colours: Sequence[str] = field(default=())
    """A fill for each row, as RRGGBB; empty for none."""


def workbook(grids: Sequence[Grid]) -> bytes:
    """The file."""
    book = Workbook()
    if book.active is not None:
        book.remove(book.active)
    for grid in grids:
        _fill(book.create_sheet(_free(_NAME.sub(" ", grid.title)[:28], book.sheetnames)), grid)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _free(title: str, taken: Sequence[str]) -> str:
    name, number = title, 2
    while name in taken:
        name, number = f"{title} {number}", number + 1
    return name


def _fill(page: Worksheet, grid: Grid) -> None:
    for number, (label, value) in enumerate(grid.facts, 1):
        _put(page.cell(number, 1), label).font = Font(bold=True)
        _put(page.cell(number, 2), value)
    top = len(grid.facts) + 2
    for column, label in enumerate(grid.columns, 1):
        _put(page.cell(top, column), label).font = Font(bold=True)
    for number, row in enumerate(grid.rows):
        for place, value in enumerate(row, 1):
            cell = _put(page.cell(top + 1 + number, place), value)
            cell.alignment = Alignment(vertical="top", wrap_text=isinstance(value, str))
            if number < len(grid.colours) and grid.colours[number]:
                cell.fill = PatternFill("solid", fgColor=grid.colours[number])
    for column, width in enumerate(grid.widths, 1):
        page.column_dimensions[get_column_letter(column)].width = width
    page.freeze_panes = f"A{top + 1}"
    if grid.rows:
        page.auto_filter.ref = f"A{top}:{get_column_letter(len(grid.columns))}{top + len(grid.rows)}"


def _put(place: Cell | MergedCell, value: Value) -> Cell:
    assert isinstance(place, Cell)  # noqa: S101 - nothing is merged here
    cell = place
    if isinstance(value, datetime):
        cell.value = value.replace(tzinfo=None)
        cell.number_format = "yyyy-mm-dd hh:mm:ss"
    elif isinstance(value, str):
        cell.value = _FORBIDDEN.sub("\ufffd", value)[:_LONGEST]
        cell.data_type = "s"
        if value.startswith(_STARTS):
            cell.quotePrefix = True
    else:
        cell.value = value
    return cell
