"""``mainstay inspect …``: make a sheet, read it, write on it, stand for it; ``mainstay inspect SYSTEM`` for short."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mainstay.api.inspection_rows import (
    countersignature_row,
    line_row,
    month_row,
    remark_row,
    sheet_row,
    sheet_rows,
    verdict_rows,
)
from mainstay.catalogue import queries as catalogue
from mainstay.cli.output import EXIT, AsJson, Limit, fail, marked, print_json, print_one, print_rows, titled
from mainstay.cli.shell import acting, told
from mainstay.cli.trouble import in_words
from mainstay.cli.words import _, spoken
from mainstay.domain.state import State
from mainstay.inspection import actions, queries
from mainstay.inspection.documents import document
from mainstay.inspection.models import Sheet
from mainstay.monitoring.wording import format_value, language_of


class Form(StrEnum):
    """How a sheet is printed."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    PDF = "pdf"
    XLSX = "xlsx"


class Short(TyperGroup):
    """What is no command of the group is a system's name, and nothing at all is every system: run."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        asks_help = bool(args) and args[0] in ("--help", "-h")
        known = bool(args) and args[0] in self.commands
        parsed: list[str] = super().parse_args(ctx, args if known or asks_help else ["run", *args])
        return parsed


inspect_app = typer.Typer(cls=Short)

Number = Annotated[int, typer.Argument(help="The sheet's number.")]
Place = Annotated[int, typer.Argument(help="The line's number on the sheet.")]
Format = Annotated[Form, typer.Option("--format", help="text, json, html, pdf or xlsx.")]
Out = Annotated[Path | None, typer.Option(help="Write it there; PDF and XLSX need this or a pipe.")]
OfSystem = Annotated[str, typer.Option(help="Only this system's.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.add_typer(inspect_app, name="inspect")


@inspect_app.command("run")
def run(
    system: Annotated[str, typer.Argument(help="The system's name; all of them when left out.")] = "",
    form: Format = Form.TEXT,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Make a sheet now. The exit code is that of the worst line (0 ok, 1 warning, 2 critical, 3 unknown)."""
    form = Form.JSON if as_json else form
    _can_print(form, out)
    who = acting("inspection.run")
    names = [system] if system else list(catalogue.systems(who.sight).values_list("name", flat=True))
    if not names:
        fail(_("no systems yet; mainstay apply"))
    with told(_("there is no system {name}; mainstay system list shows all").format(name=system)):
        sheets = [queries.sheet(actions.run_by_hand(name, actor=who).pk) for name in names]
    _give(sheets, form, out, one=bool(system))
    raise typer.Exit(_code(sheets))


@inspect_app.command("list")
def list_sheets(
    system: OfSystem = "",
    stage: Annotated[str, typer.Option(help="open, late, signed or refused.")] = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Sheets, newest first."""
    found = queries.search(system=system, stage=stage, sight=acting("inspection.read").sight)
    rows = [sheet_row(row) for row in found[:limit]]
    rows = rows if as_json else [{**row, "stage": _stage(row["stage"])} for row in rows]
    columns = ("id", "day", "number", "system", "state", "stage", "made_by", "ended_by", "countersigned_by")
    print_rows(rows, columns, _("no inspection yet; mainstay inspect SYSTEM"), as_json=as_json, count=found.count())


@inspect_app.command("show")
def show(number: Number, form: Format = Form.TEXT, out: Out = None, as_json: AsJson = False) -> None:
    """One sheet; the exit code is that of its worst line."""
    sight = acting("inspection.read").sight
    form = Form.JSON if as_json else form
    _can_print(form, out)
    with told(_absent(number)):
        sheet = queries.sheet(number, sight)
    _give([sheet], form, out, one=True)
    raise typer.Exit(_code([sheet]))


@inspect_app.command("remark")
def remark(
    number: Number, place: Place, text: Annotated[str, typer.Argument(help="What to write.")], as_json: AsJson = False
) -> None:
    """Write beside a line."""
    with told(_absent_line(number, place)):
        made = actions.remark(number, place, text, actor=acting("inspection.remark"))
    sentence = _("written beside line {place} of inspection {number}").format(place=place, number=number)
    print_one(remark_row(made), sentence, as_json=as_json)


@inspect_app.command("raise")
def raise_line(
    number: Number,
    place: Place,
    text: Annotated[str, typer.Option(help="Words for the incident's timeline.")] = "",
    as_json: AsJson = False,
) -> None:
    """An abnormal line becomes an incident; the one that runs on its check, if there is one."""
    with told(_absent_line(number, place)):
        line = actions.raise_incident(number, place, text, actor=acting("inspection.raise"))
    sentence = _("line {place} is incident {incident}").format(place=place, incident=line.incident_id)
    print_one(line_row(line), sentence, as_json=as_json)


@inspect_app.command("sign")
def sign(
    number: Number, text: Annotated[str, typer.Option(help="A word on it.")] = "", as_json: AsJson = False
) -> None:
    """Stand for it; from then on it cannot be changed."""
    with told(_absent(number)):
        _ended(actions.sign(number, text, actor=acting("inspection.sign")), as_json)


@inspect_app.command("refuse")
def refuse(
    number: Number, reason: Annotated[str, typer.Option(help="Why; it is kept.")], as_json: AsJson = False
) -> None:
    """Do not stand for it; the sheet and the reason are kept."""
    with told(_absent(number)):
        _ended(actions.refuse(number, reason, actor=acting("inspection.refuse")), as_json)


@inspect_app.command("countersign")
def countersign(
    system: Annotated[str, typer.Argument(help="The system's name.")],
    week: Annotated[str, typer.Argument(help="The ISO week, such as 2026-W48.")],
    text: Annotated[str, typer.Option(help="A word on it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Look over a week's signed sheets; not by who signed one of them."""
    year, _sep, number = week.partition("-W")
    if not (year.isdecimal() and number.isdecimal()):
        fail(_("{text} is no week; write such as 2026-W48").format(text=repr(week)))
    with told(_("there is no system {name}; mainstay system list shows all").format(name=system)):
        who = acting("inspection.countersign")
        row = countersignature_row(actions.countersign(system, int(year), int(number), text, actor=who))
    sentence = _("{week} of {system} is countersigned: {count} sheets").format(
        week=row["week"], system=system, count=len(row["sheets"])
    )
    print_one(row, sentence, as_json=as_json)


@inspect_app.command("month")
def month(
    system: Annotated[str, typer.Argument(help="The system's name.")],
    which: Annotated[str, typer.Argument(help="Such as 2026-11; this month when left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """A month's days and trends."""
    sight = acting("inspection.read").sight
    now = datetime.now(UTC)
    with told(_("there is no system {name}; mainstay system list shows all").format(name=system)):
        row = month_row(queries.month(system, which or f"{now:%Y-%m}", now, sight))
    if as_json:
        print_json(row)
        return
    shown = [
        {**one, **{key: format_value(one[key], one["unit"] or "1") for key in ("min", "mean", "max", "last")}}
        for one in row["trends"]
    ]
    columns = ("title", "check", "days", "abnormal", "min", "mean", "max", "last")
    print_rows(shown, columns, _("no inspection in that month"), as_json=False)


@inspect_app.command("verify")
def verify(as_json: AsJson = False) -> None:
    """Every sheet against its digest and against the audit trail. Exit code 2 when one is not as it was."""
    row = verdict_rows(*queries.verify(sight=acting("inspection.read").sight))
    if as_json:
        print_json(row)
    elif row["whole"]:
        print(_("ok: {count} sheets are as they were made and signed").format(count=row["sheets"]))
    for flaw in () if as_json else row["flaws"]:
        print(_("inspection {number}: {reason}").format(number=flaw["id"], reason=in_words(flaw["reason"])))
    raise typer.Exit(0 if row["whole"] else 2)


def _can_print(form: Form, out: Path | None) -> None:
    """Said before a sheet is made for nothing."""
    if form in (Form.PDF, Form.XLSX) and out is None and sys.stdout.isatty():
        fail(_("a terminal cannot show that; add --out FILE"))


def _give(sheets: Sequence[Sheet], form: Form, out: Path | None, *, one: bool) -> None:
    if form is Form.JSON and out is None:
        rows = [sheet_rows(sheet) for sheet in sheets]
        print_json(rows[0] if one else {"items": rows, "next": None, "count": len(rows)})
    elif form is Form.TEXT and out is None:
        for sheet in sheets:
            _print(sheet)
    else:
        _write(sheets, form, out, one=one)


def _write(sheets: Sequence[Sheet], form: Form, out: Path | None, *, one: bool) -> None:
    if form in (Form.JSON, Form.TEXT):
        assert out is not None  # noqa: S101 - without it they are printed
        with out.open("w", encoding="utf-8") as file:
            before, sys.stdout = sys.stdout, file
            try:
                _give(sheets, form, None, one=one)
            finally:
                sys.stdout = before
        return
    with told():
        found = document(sheets, form.value, language_of(spoken()))
    if out is not None:
        out.write_bytes(found.data)
    else:
        sys.stdout.buffer.write(found.data)


def _print(sheet: Sheet) -> None:
    row = sheet_rows(sheet)
    name = titled(row["title"] or {"en": row["system"]})
    print(f"{row['id']}  {name}  {row['day']}  {marked(row['state'])}  {_stage(row['stage'])}")
    for section in row["sections"]:
        print(f"\n{titled(section['title'])}")
        if not section["lines"]:
            print(f"  – {titled(section['nothing'])}")
        for line in section["lines"]:
            _print_line(line)


def _stage(stage: str) -> str:
    """An open sheet waits for its signature."""
    return _("to be signed") if stage == "open" else _(stage)


def _print_line(line: dict[str, Any]) -> None:
    mark = marked(line["state"]) if line["state"] != "none" else f"– {_('not watched')}"
    name = titled(line["title"]) + (
        f": {titled(line['check_title'] or {'en': line['check']})}" if line["check"] else ""
    )
    value = format_value(line["value"], line["unit"] or "1") if line["value"] is not None else ""
    limit = "; ".join([*line["crit"], *line["warn"]])
    incident = f"  #{line['incident']}" if line["incident"] else ""
    print(f"  {line['place']:>3}  {mark:14} {name}  {value}{f'  ({limit})' if limit else ''}{incident}")
    if line["why"] and line["state"] != "none":
        print(f"       {line['why']}")
    for one in line["remarks"]:
        print(f"       {one['text']}  ({one['by']})")


def _ended(sheet: Sheet, as_json: bool) -> None:
    sentence = _("inspection {number} is {stage}, digest {digest}").format(
        number=sheet.pk, stage=_stage(sheet.stage), digest=sheet.digest
    )
    print_one(sheet_row(sheet), sentence, as_json=as_json)


def _code(sheets: Sequence[Sheet]) -> int:
    worst = max((State(sheet.state) for sheet in sheets), key=lambda state: state.rank)
    return EXIT[worst.value]


def _absent(number: int) -> str:
    return _("there is no inspection {number}; mainstay inspect list shows all").format(number=number)


def _absent_line(number: int, place: int) -> str:
    return _("inspection {number} has no line {place}").format(number=number, place=place)
