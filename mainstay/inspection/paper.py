"""A sheet in words, for print and for spreadsheets. Everything is read from the sheet itself, not from today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from mainstay.domain.actor import person_name
from mainstay.domain.inspection import NOT_WATCHED
from mainstay.drivers.workbook import Grid, Value
from mainstay.inspection import queries
from mainstay.inspection.models import Line, Sheet
from mainstay.monitoring.evidence import NOTHING, Table, table
from mainstay.monitoring.wording import (
    DJANGO_LANGUAGE,
    explain,
    format_day,
    format_instant,
    format_value,
    in_language,
    listed,
    say_limits,
    state_word,
)

SHAPES = {"ok": "●", "warning": "▲", "critical": "■", "unknown": "◇", NOT_WATCHED: "–"}
_TAGS = {"en": "en", "zh": "zh-Hans", "zh-hant": "zh-Hant"}
_HAN = {"zh-hant": "TC"}
"""Which of a font's two forms of Chinese, by language; the Simplified for all others."""
_COLOURS = {"warning": "FFF2CC", "critical": "F8CBAD", "unknown": "E7E6E6"}
EVIDENCE = 8
"""Rows of evidence that are printed of one line; the spreadsheet and JSON have all that the sheet keeps."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line in words."""

    line: Line
    title: str
    check: str
    value: str
    limit: str
    yesterday: str
    state: str
    word: str
    shape: str
    why: str
    looked: str
    remarks: Sequence[tuple[str, str, str]] = ()
    evidence: Table = NOTHING
    excerpt: str = ""
    changed: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A section; ``nothing`` when it has no rows."""

    title: str
    nothing: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Paper:
    """A sheet in words."""

    sheet: Sheet
    title: str
    zone: str
    state: str
    word: str
    shape: str
    counts: str
    facts: Sequence[tuple[str, str]]
    ends: Sequence[tuple[str, str, str, str]] = field(default=())
    parts: Sequence[Part] = ()


def html(sheets: Sequence[Sheet], language: str) -> str:
    """The sheets as one document to print, each on pages of its own."""
    with override(DJANGO_LANGUAGE[language]):
        papers = [paper(sheet, language) for sheet in sheets]
        context = {"papers": papers, "tag": _TAGS[language], "han": _HAN.get(language, "SC")}
        return render_to_string("inspection/paper.html", context)


def grids(sheets: Sequence[Sheet], language: str) -> list[Grid]:
    """The sheets as tables, one worksheet each."""
    with override(DJANGO_LANGUAGE[language]):
        return [_grid(paper(sheet, language)) for sheet in sheets]


def paper(sheet: Sheet, language: str) -> Paper:
    """In the active language; ``language`` chooses among titles."""
    zone = ZoneInfo(sheet.zone)
    parts = [
        Part(
            in_language(section["title"], language) or section["name"], in_language(section["nothing"], language),
            [row(line, zone, language) for line in lines],
        )
        for section, lines in queries.by_section(sheet, queries.lines(sheet.pk))
    ]  # fmt: skip
    counts = listed(f"{state_word(state)} {count}" for state, count in sheet.counts.items() if count)
    return Paper(
        sheet, in_language(sheet.head["title"], language) or sheet.system.name, sheet.zone, sheet.state,
        state_word(sheet.state), SHAPES[sheet.state], counts, _facts(sheet, zone, counts), _ends(sheet, zone), parts,
    )  # fmt: skip


def _facts(sheet: Sheet, zone: ZoneInfo, counts: str) -> list[tuple[str, str]]:
    number = _("by schedule") if sheet.number == 0 else _("by hand, number %(n)d") % {"n": sheet.number}
    found = [
        (_("System"), f"{sheet.system.name} · {_('tier %(n)d') % {'n': sheet.head['tier']}}"),
        (_("Owner"), sheet.head["owner"] or "–"),
        (_("Day"), format_day(sheet.day)),
        (_("Time zone"), sheet.zone),
        (_("Kind"), number),
        (_("Made"), f"{_at(sheet.made_at, zone)} · {person_name(sheet.made_by)}"),
        (_("Lines"), counts or "–"),
        (_("Number of the sheet"), str(sheet.pk)),
    ]
    if sheet.due_at:
        found.insert(5, (_("Due"), _at(sheet.due_at, zone)))
    return found


def _ends(sheet: Sheet, zone: ZoneInfo) -> list[tuple[str, str, str, str]]:
    """What was done, by whom, when, and in which words."""
    names = {"signed": _("Signed by"), "refused": _("Refused by")}
    said = ((_("Announced as late"), sheet.late_at), (_("Escalated"), sheet.escalated_at))
    found = [(step, "", _at(at, zone), "") for step, at in said if at is not None]
    if sheet.stage == "open" or sheet.ended_at is None:
        return [*found, (_("Not signed yet"), "", "", "")]
    found.append((names[sheet.stage], person_name(sheet.ended_by), _at(sheet.ended_at, zone), sheet.words))
    if over := queries.countersignature(sheet):
        week = _("week %(week)s") % {"week": f"{over.year}-W{over.week:02}"}
        found.append((listed([_("Countersigned"), week]), person_name(over.actor), _at(over.at, zone), over.text))
    elif sheet.stage == "signed":
        found.append((_("Not countersigned yet"), "", "", ""))
    return found


def row(line: Line, zone: ZoneInfo, language: str) -> Row:
    """One line."""
    rows: list[Mapping[str, Any]] = line.evidence.get("rows") or []
    changed = line.evidence.get("at")
    return Row(
        line,
        in_language(line.title, language) or line.item,
        in_language(line.check_title, language) or (line.check_of.name if line.check_of else ""),
        format_value(line.value, line.unit or "1"),
        say_limits(line.warn, line.crit, line.check_of.kind if line.check_of else "", line.unit or "1"),
        format_value(line.yesterday, line.unit or "1"),
        line.state,
        state_word(line.state),
        SHAPES[line.state],
        why(line),
        _at(line.looked_at, zone),
        [(person_name(one.actor), _at(one.at, zone), one.text) for one in line.remarks.all()],
        table(rows, language),
        str(line.evidence.get("excerpt") or ""),
        _at(datetime.fromisoformat(changed), zone) if changed else "",
    )


def why(line: Line) -> str:
    """Why a line is not ok; a sentence for what was not seen and for what is not watched."""
    if line.state == NOT_WATCHED:
        return _("not watched")
    if line.unseen:
        return _("not seen today")
    return explain({"kind": line.check_of.kind if line.check_of else "", **line.message})


def _grid(found: Paper) -> Grid:
    sheet, zone = found.sheet, ZoneInfo(found.zone)
    ends = [(name, " · ".join(filter(None, (who, at, text)))) for name, who, at, text in found.ends]
    facts: list[tuple[str, Value]] = [(_("Inspection"), found.title), *found.facts, *ends]
    facts.append((_("Digest (SHA-256)"), sheet.digest or "–"))
    lines: list[tuple[Part, Row | None]] = [(part, one) for part in found.parts for one in (*part.rows,) or (None,)]
    rows = [_cells(part, one, zone) for part, one in lines]
    colours = [_COLOURS.get(one.state, "") if one else "" for _part, one in lines]
    columns = [
        _("No."), _("Section"), _("Item"), _("Check"), _("State"), _("Value"), _("Unit"), _("Shown as"), _("Warning"),
        _("Critical"), _("Yesterday"), _("Reason"), _("Remark"), _("Incident"), _("Last look"), _("Evidence"),
    ]  # fmt: skip
    widths = [22, 24, 24, 34, 12, 12, 8, 12, 20, 20, 12, 40, 40, 10, 20, 60]
    return Grid(str(sheet), facts, columns, rows, widths, colours)


def _cells(part: Part, one: Row | None, zone: ZoneInfo) -> list[Value]:
    if one is None:
        return [None, part.title, None, None, _("not watched"), *[None] * 6, part.nothing, *[None] * 4]
    line = one.line
    remark = "\n".join(f"{who} {at}: {text}" for who, at, text in one.remarks)
    heads = [[head.title for head in one.evidence.columns]] if one.evidence.columns else []
    rows = [" | ".join(cells) for cells in (*heads, *([text for text, _figure in row] for row in one.evidence.rows))]
    return [
        line.place, part.title, one.title, one.check, one.word, line.value, line.unit,
        one.value if line.value is not None else None, "; ".join(line.warn), "; ".join(line.crit), line.yesterday,
        one.why, remark, line.incident_id, line.looked_at.astimezone(zone) if line.looked_at else None,
        "\n".join([*rows, *([one.excerpt] if one.excerpt else [])]),
    ]  # fmt: skip


def _at(moment: datetime | None, zone: ZoneInfo) -> str:
    return format_instant(moment.astimezone(zone)) if moment else "–"
