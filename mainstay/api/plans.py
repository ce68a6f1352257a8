"""Emergency plans: find, read, print, write, put in force, retire."""

from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from mainstay.api import plan_answers as answers
from mainstay.api.auth import actor, needs, sight
from mainstay.api.inspections import CANNOT_PRINT
from mainstay.api.plan_rows import plan_row, plan_rows
from mainstay.api.shapes import Body, Day, Name, Page, Paging, Text, page
from mainstay.domain.plan import Plan as PlanDocument
from mainstay.plans import actions, paper, queries

router = Router(tags=["plans"])

Remark = Annotated[Text, Field(max_length=300)]


class PlansWanted(Schema):
    """Which plans."""

    state: Literal["", "draft", "in-force", "retired"] = ""
    system: Text = ""


class PlanWritten(Body):
    """A plan whole; texts in one form for all, or by language."""

    system: Text
    document: PlanDocument
    remark: Remark = ""


class PlanEdited(Body):
    """A new version. ``seen`` is the version that was read before."""

    document: PlanDocument
    remark: Remark = ""
    seen: int | None = None


class PlanApproved(Body):
    """Until when it holds; for as long as it says itself by default."""

    review_at: Day | None = None


class PlanRetired(Body):
    """Why it is followed no more."""

    reason: Remark


class PlanPrinted(Schema):
    """In which form and language; ``version``: another one than that in force."""

    form: Literal["pdf", "html", "yaml"] = "pdf"
    language: Literal["en", "zh", "zh-hant"] = "en"
    version: int | None = Field(None, ge=1, le=2**31 - 1)


@router.get("/plans", response=Page[answers.EmergencyPlan], **needs("plan.read"))
def list_plans(request: HttpRequest, paging: Query[Paging], wanted: Query[PlansWanted]) -> Any:
    return page(request, queries.plans(**wanted.dict(), sight=sight(request)), paging, plan_row)


@router.post("/plans", response=answers.EmergencyPlan, **needs("plan.write"))
def write_plan(request: HttpRequest, body: PlanWritten) -> Any:
    """A new draft, on the system that is named."""
    document = {**body.document.model_dump(mode="json"), "system": body.system}
    return plan_row(actions.write(document, actor=actor(request), remark=body.remark))


@router.get("/plans/{name}", response=answers.WholePlan, **needs("plan.read"))
def show_plan(request: HttpRequest, name: Name) -> Any:
    return plan_rows(queries.plan(name, sight(request)), queries.versions(name))


@router.get("/plans/{name}/print", **needs("plan.read", responses=CANNOT_PRINT))
def print_plan(request: HttpRequest, name: Name, printed: Query[PlanPrinted]) -> HttpResponse:
    """As a file: PDF for the day without a network, HTML to print, YAML to take along."""
    version = queries.shown(queries.plan(name, sight(request)), printed.version)
    found = paper.document(version, printed.form, printed.language)
    return HttpResponse(
        found.data, content_type=found.kind, headers={"Content-Disposition": f'attachment; filename="{found.name}"'}
    )


@router.post("/plans/{name}/edit", response=answers.EmergencyPlan, **needs("plan.write"))
def edit_plan(request: HttpRequest, name: Name, body: PlanEdited) -> Any:
    """A new version; it is in force once it is approved."""
    document = body.document.model_dump(mode="json")
    before = queries.plan(name, sight(request))
    changed = actions.write(
        {**document, "plan": before.name, "system": before.system.name}, name=name, actor=actor(request),
        remark=body.remark, seen=body.seen,
    )  # fmt: skip
    return plan_row(changed)


@router.post("/plans/{name}/approve", response=answers.EmergencyPlan, **needs("plan.approve"))
def approve_plan(request: HttpRequest, name: Name, body: PlanApproved) -> Any:
    """Put the newest version in force; or say of the one in force that it still holds."""
    until: date | None = body.review_at
    return plan_row(actions.approve(name, actor=actor(request), review_at=until))


@router.post("/plans/{name}/retire", response=answers.EmergencyPlan, **needs("plan.retire"))
def retire_plan(request: HttpRequest, name: Name, body: PlanRetired) -> Any:
    return plan_row(actions.retire(name, actor=actor(request), reason=body.reason))
