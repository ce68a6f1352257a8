"""Daily inspections: run, read, print, remark, raise, sign, refuse, countersign, verify."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from mainstay.api import inspection_answers as answers
from mainstay.api.auth import actor, needs, sight
from mainstay.api.inspection_rows import (
    countersignature_row,
    line_row,
    month_row,
    remark_row,
    sheet_row,
    sheet_rows,
    verdict_rows,
)
from mainstay.api.shapes import Body, Day, Name, Number, Page, Paging, Text, page
from mainstay.inspection import actions, queries
from mainstay.inspection.documents import document

router = Router(tags=["inspections"])

CANNOT_PRINT = {409: {"description": "this machine cannot print it; detail says what to install"}}

Long = Annotated[Text, Field(max_length=4000)]


class Wanted(Schema):
    """Which sheets. ``late`` is open and past its time; ``start`` and ``end`` are days."""

    system: Text = ""
    stage: Literal["", "open", "late", "signed", "refused"] = ""
    state: Literal["", "ok", "warning", "critical", "unknown"] = ""
    start: Day | None = None
    end: Day | None = None


class Inspect(Body):
    """Of which system."""

    system: Text


class Spoken(Body):
    """Words that go with an act."""

    text: Long = ""


class Countersign(Body):
    """An ISO week of a system, such as 2026 and 48; and words."""

    system: Text
    year: int = Field(ge=2000, le=2999)
    week: int = Field(ge=1, le=53)
    text: Long = ""


class Printed(Schema):
    """In which form and language."""

    form: Literal["pdf", "xlsx", "html"] = "pdf"
    language: Literal["en", "zh", "zh-hant"] = "en"


class Of(Schema):
    """Which month, such as 2026-11."""

    month: str = Field(pattern="^[1-9][0-9]{3}-(0[1-9]|1[0-2])$")


@router.get("/inspections", response=Page[answers.Sheet], **needs("inspection.read"))
def list_inspections(request: HttpRequest, paging: Query[Paging], wanted: Query[Wanted]) -> Any:
    """The newest first."""
    return page(request, queries.search(**wanted.dict(), sight=sight(request)), paging, sheet_row)


@router.post("/inspections", response=answers.WholeSheet, **needs("inspection.run"))
def run_inspection(request: HttpRequest, body: Inspect) -> Any:
    """A sheet by hand, with a number of its own."""
    return sheet_rows(actions.run_by_hand(body.system, actor=actor(request)))


@router.get("/inspections/verify", response=answers.SheetVerdict, **needs("inspection.read"))
def verify_inspections(request: HttpRequest) -> Any:
    """Every sheet against its digests and against the audit trail."""
    return verdict_rows(*queries.verify(sight=sight(request)))


@router.post("/inspections/countersign", response=answers.Countersignature, **needs("inspection.countersign"))
def countersign_inspections(request: HttpRequest, body: Countersign) -> Any:
    """Look over an ISO week's signed sheets; not by who signed one of them."""
    return countersignature_row(actions.countersign(**body.dict(), actor=actor(request)))


@router.get("/inspections/month/{system}", response=answers.Month, **needs("inspection.read"))
def show_month(request: HttpRequest, system: Name, of: Query[Of]) -> Any:
    """A month's days and trends."""
    return month_row(queries.month(system, of.month, datetime.now(UTC), sight(request)))


@router.get("/inspections/{number}", response=answers.WholeSheet, **needs("inspection.read"))
def show_inspection(request: HttpRequest, number: Number) -> Any:
    """Section by section, with evidence and remarks."""
    return sheet_rows(queries.sheet(number, sight(request)))


@router.get("/inspections/{number}/print", **needs("inspection.read", responses=CANNOT_PRINT))
def print_inspection(request: HttpRequest, number: Number, printed: Query[Printed]) -> HttpResponse:
    """As a file: PDF for people, XLSX for tables, HTML to print."""
    found = document([queries.sheet(number, sight(request))], printed.form, printed.language)
    return HttpResponse(
        found.data, content_type=found.kind, headers={"Content-Disposition": f'attachment; filename="{found.name}"'}
    )


@router.post("/inspections/{number}/lines/{place}/remark", response=answers.Remark, **needs("inspection.remark"))
def remark_line(request: HttpRequest, number: Number, place: Number, body: Spoken) -> Any:
    return remark_row(actions.remark(number, place, body.text, actor=actor(request)))


@router.post("/inspections/{number}/lines/{place}/raise", response=answers.Line, **needs("inspection.raise"))
def raise_line(request: HttpRequest, number: Number, place: Number, body: Spoken) -> Any:
    """An abnormal line becomes an incident: the one that runs on its check, else a new one (needs incident.open)."""
    return line_row(actions.raise_incident(number, place, body.text, actor=actor(request)))


@router.post("/inspections/{number}/sign", response=answers.Sheet, **needs("inspection.sign"))
def sign_inspection(request: HttpRequest, number: Number, body: Spoken) -> Any:
    """From then on it cannot be changed."""
    return sheet_row(actions.sign(number, body.text, actor=actor(request)))


@router.post("/inspections/{number}/refuse", response=answers.Sheet, **needs("inspection.refuse"))
def refuse_inspection(request: HttpRequest, number: Number, body: Spoken) -> Any:
    """With a reason, which is kept; it cannot be changed either."""
    return sheet_row(actions.refuse(number, body.text, actor=actor(request)))
