"""Plans and drills as plain data, the same over the API and after ``--json``."""

from collections.abc import Iterable
from typing import Any

from mainstay.api.review_rows import told_action_row
from mainstay.api.rows import Row
from mainstay.incidents.queries import of_drill
from mainstay.plans import queries
from mainstay.plans.models import Attendance, Drill, Entry, Plan, Version
from mainstay.plans.queries import Wanted
from mainstay.reviews.queries import actions_of_drill


def plan_row(row: Plan) -> Row:
    """A plan without its text."""
    return {
        "name": row.name, "system": row.system.name, "title": row.title, "state": row.state, "version": row.version,
        "approved_version": row.approved_version, "review_at": row.review_at, "author": row.author,
        "made_at": row.made_at, "changed_at": row.changed_at, "approved_at": row.approved_at,
        "approved_by": row.approved_by,
    }  # fmt: skip


def plan_rows(row: Plan, versions: Iterable[Version]) -> Row:
    """A plan with all of it."""
    followed = queries.in_force(row)
    return {
        **plan_row(row), "document": row.document, "followed": followed.document if followed else None,
        "versions": [
            {"number": one.number, "at": one.at, "actor": one.actor, "remark": one.remark} for one in versions
        ],
    }  # fmt: skip


def drill_row(row: Drill) -> Row:
    """A drill without its record."""
    return {
        "id": row.pk, "plan": row.plan.name, "system": row.plan.system.name,
        "version": row.version.number if row.version else None, "kind": row.kind, "state": row.state,
        "planned_at": row.planned_at, "planned_by": row.planned_by, "goal": row.goal, "began_at": row.began_at,
        "led_by": row.led_by, "injected_at": row.injected_at, "run": row.run_id,
        "recovered_at": row.recovered_at, "loss": row.loss,
        "ended_at": row.ended_at, "points": row.score.get("points"), "passed": row.passed, "words": row.words,
    }  # fmt: skip


def drill_rows(row: Drill) -> Row:
    """A drill with all of it."""
    return {
        **drill_row(row), "incidents": [one.pk for one in of_drill(row.pk)], "limits": row.limits,
        "steps": _steps(row),
        "entries": [entry_row(one) for one in queries.record_of(row)], "score": row.score.get("lines", []),
        "attendances": [attendance_row(one) for one in row.attendances.all()],
        "actions": [told_action_row(one) for one in actions_of_drill(row.pk)],
    }  # fmt: skip


def _steps(row: Drill) -> list[dict[str, Any]]:
    ticked = {one.place: one for one in queries.record_of(row) if one.place}
    return [
        {
            "place": place, "step": step, "word": ticked[place].word if place in ticked else "",
            "at": ticked[place].at if place in ticked else None,
        }
        for place, step in enumerate(queries.document(row)["steps"], 1)
    ]  # fmt: skip


def entry_row(row: Entry) -> Row:
    """A line of a drill's record."""
    return {"at": row.at, "actor": row.actor, "word": row.word, "place": row.place, "text": row.text}


def attendance_row(row: Attendance) -> Row:
    """Somebody who took part."""
    return {"drill": row.drill_id, "person": row.person, "role": row.role, "hours": row.hours, "at": row.at}


def wanted_row(one: Wanted) -> Row:
    """When a system wants its next drill."""
    return {
        "system": one.system.name, "plan": one.plan.name, "due": one.due.day, "last": one.due.last,
        "overdue": one.overdue, "planned": one.planned.pk if one.planned else None,
    }  # fmt: skip
