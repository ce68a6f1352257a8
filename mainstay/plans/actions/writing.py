"""What people do with plans: write a version, put it in force, say that it still holds, retire it."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction
from pydantic import ValidationError

from mainstay.audit.actions import record
from mainstay.catalogue.models import Check, System
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.plan import LONGEST, later
from mainstay.domain.plan import Plan as Document
from mainstay.domain.saying import say
from mainstay.plans.actions.notes import Illegal
from mainstay.plans.models import Plan, Version
from mainstay.runbooks.models import Runbook


def write(
    document: Mapping[str, Any], *, name: str = "", actor: Actor, remark: str = "", seen: int | None = None
) -> Plan:
    """A new plan, or with ``name`` a new version of that one, which is in force only once it is approved. ``seen`` is
    the version that was read before: another one in the meantime is not overwritten. Raises Illegal,
    Plan.DoesNotExist, System.DoesNotExist."""
    authorise(actor, "plan.write", system=str(document.get("system") or "") or None)
    written = read(document)
    with transaction.atomic():
        system = System.objects.get(name=written.system, retired_at=None)
        _leads_somewhere(written, system)
        plan = _changed(name, written, seen, actor) if name else _new(written, actor)
        plan.system, plan.document, plan.changed_at = system, written.model_dump(mode="json"), datetime.now(UTC)
        plan.save()
        Version.objects.create(
            plan=plan, number=plan.version, document=plan.document, at=plan.changed_at, actor=actor.name,
            remark=remark.strip()[:300],
        )  # fmt: skip
        record(actor, "plan.write", f"plan {plan}", {"version": plan.version, "remark": remark.strip()[:300]})
    return plan


def read(document: Mapping[str, Any]) -> Document:
    """What was written, as a plan. Raises Illegal that says where it is wrong."""
    if len(json.dumps(document, ensure_ascii=False, default=str)) > LONGEST:
        raise Illegal(say("a plan may have %(most)s characters", most=LONGEST))
    try:
        return Document.model_validate(_clean(document))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(one) for one in first["loc"]) or "plan"
        raise Illegal(say("%(where)s: %(what)s", where=where, what=first["msg"])) from None


def _clean(value: Any) -> Any:
    """PostgreSQL keeps no zero bytes."""
    if isinstance(value, Mapping):
        return {key: _clean(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, date):  # YAML reads a day as one
        return value.isoformat()
    return value.replace("\0", "") if isinstance(value, str) else value


def _leads_somewhere(plan: Document, system: System) -> None:
    """Checks and runbooks that a plan names are there: on the day itself it would be too late to see that not."""
    known = set(Check.objects.filter(system=system, retired_at=None).values_list("name", flat=True))
    for name in plan.checks:
        if name not in known:
            raise Illegal(say("%(system)s has no check %(name)s", system=system.name, name=name))
    books = {*plan.runbooks, plan.injection.runbook, *(one.runbook for one in plan.steps)} - {""}
    there = set(Runbook.objects.filter(name__in=books, retired_at=None).values_list("name", flat=True))
    for name in sorted(books - there):
        raise Illegal(say("there is no runbook %(name)s", name=name))


def _new(written: Document, actor: Actor) -> Plan:
    if Plan.objects.filter(name=written.plan).exists():
        raise Illegal(say("there is a plan %(name)s already", name=written.plan))
    return Plan(name=written.plan, author=actor.name, made_at=datetime.now(UTC))


def _changed(name: str, written: Document, seen: int | None, actor: Actor) -> Plan:
    plan = _locked(name, actor, "plan.write")
    if written.plan != name:
        raise Illegal(say("a plan keeps its name: %(name)s", name=name))
    if plan.state == "retired":
        raise Illegal(say("plan %(name)s is retired; approve it again first", name=name))
    if seen is not None and seen != plan.version:
        words = say("somebody else has changed the plan meanwhile; it is version %(number)s now", number=plan.version)
        raise Illegal(words)
    plan.version += 1
    return plan


def approve(name: str, *, actor: Actor, review_at: date | None = None) -> Plan:
    """Put the newest version in force; again: it was looked through, and holds until ``review_at``, else for as long
    as it says. Raises Illegal for a day that is past."""
    now = datetime.now(UTC)
    with transaction.atomic():
        plan = _locked(name, actor, "plan.approve")
        if review_at is not None and review_at <= now.date():
            raise Illegal(say("the next review must lie ahead"))
        plan.review_at = review_at or later(now.date(), str(plan.document["review"]))
        plan.state, plan.approved_by, plan.approved_version = "in-force", actor.name, plan.version
        plan.approved_at = plan.approved_at or now
        plan.save()
        record(actor, "plan.approve", f"plan {plan}", {"version": plan.version, "review_at": str(plan.review_at or "")})
    return plan


def retire(name: str, *, actor: Actor, reason: str) -> Plan:
    """It is followed no more; it stays on record with its drills. Raises Illegal without a reason, when it is retired,
    or while a drill of it goes on."""
    if not reason.strip():
        raise Illegal(say("say why the plan is retired"))
    with transaction.atomic():
        plan = _locked(name, actor, "plan.retire")
        if plan.state == "retired":
            raise Illegal(say("plan %(name)s is retired already", name=name))
        if plan.drills.filter(state="running").exists():
            raise Illegal(say("a drill of plan %(name)s goes on", name=name))
        plan.state, plan.changed_at = "retired", datetime.now(UTC)
        plan.save()
        record(actor, "plan.retire", f"plan {plan}", {"reason": reason.strip()[:300]})
    return plan


def _locked(name: str, actor: Actor, act: str) -> Plan:
    plan = Plan.objects.select_for_update(of=("self",)).select_related("system").get(name=name)
    authorise(actor, act, system=plan.system.name)
    return plan
