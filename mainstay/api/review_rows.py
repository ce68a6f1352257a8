"""Reviews as plain data, the same over the API and after ``--json``."""

from collections.abc import Iterable
from dataclasses import asdict

from mainstay.api.rows import Row
from mainstay.domain.review_facts import facts_of
from mainstay.reviews.models import Action, Review


def review_row(row: Review) -> Row:
    """A review without what is written in it."""
    incident = row.incident
    return {
        "id": row.pk, "incident": incident.pk, "title": incident.title,
        "system": incident.system.name if incident.system else None, "level": incident.level, "state": row.state,
        "cause": row.cause, "opened_at": row.opened_at, "opened_by": row.opened_by, "held_at": row.held_at,
        "closed_at": row.closed_at, "closed_by": row.closed_by,
    }  # fmt: skip


def review_rows(row: Review, actions: Iterable[Action]) -> Row:
    """A review whole."""
    found = facts_of(row.facts)
    facts = {**asdict(found), "detection": found.detection, "acknowledge": found.acknowledge, "resolve": found.resolve}
    return {
        **review_row(row), "facts": facts, "whys": row.whys, "well": row.well, "badly": row.badly,
        "nothing": row.nothing, "held_by": row.held_by, "present": row.present,
        "actions": [told_action_row(one) for one in actions],
    }  # fmt: skip


def action_row(row: Action) -> Row:
    """An action."""
    return {
        "id": row.pk, "review": row.review_id, "incident": row.review.incident_id if row.review else None,
        "drill": row.drill_id, "system": row.system.name if row.system else None, "title": row.title,
        "owner": row.owner, "due": row.due, "state": row.state, "ending": row.ending, "proof": row.proof,
        "until": row.until,
        "made_at": row.made_at, "made_by": row.made_by, "done_at": row.done_at, "done_by": row.done_by,
        "again": row.again_id,
    }  # fmt: skip


def told_action_row(row: Action) -> Row:
    """An action with its story."""
    story = [
        {"at": one.at, "word": one.word, "actor": one.actor, "text": one.text, "data": one.data}
        for one in row.story.all()
    ]
    return {**action_row(row), "story": story}
