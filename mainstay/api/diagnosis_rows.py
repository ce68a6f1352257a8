"""The diagnosis of an incident, and deployments, as plain data: the same over the API and after ``--json``."""

from datetime import UTC, datetime

from mainstay.api.rows import Row
from mainstay.diagnosis.models import Deployment, Exhibit
from mainstay.diagnosis.queries import Diagnosis, Event, Signal, Suspect
from mainstay.diagnosis.wording import against, event_said, reasons
from mainstay.domain.saying import restored
from mainstay.monitoring.wording import in_codes


def deployment_row(row: Deployment) -> Row:
    """One deployment."""
    return {
        "id": row.pk, "system": row.system.name if row.system else "",
        "component": row.component.name if row.component else "", "version": row.version, "at": row.at,
        "note": row.note, "url": row.url, "key": row.key, "told_at": row.told_at, "told_by": row.told_by,
    }  # fmt: skip


def diagnosis_row(found: Diagnosis, language: str) -> Row:
    """All of it; its sentences in the active language."""
    names = {key: str(part) for key, part in found.scope.parts.items()}
    return {
        "incident": found.incident.pk, "start": found.start, "end": found.end, "clear": found.clear,
        "suspects": [_suspect(found, one, names, language) for one in found.suspects],
        "parts": [{"component": names[key], "relation": one.value} for key, one in found.scope.relations.items()],
        "looked_at": found.looked_at,
        "signals": [signal_row(one) for one in found.signals],
        "events": [_event(one, names, language) for one in found.events],
        "examined_at": found.examination.begun_at if found.examination else None,
        "exhibits": [exhibit_row(one) for one in found.exhibits],
        "printed": [{"at": one.at, "source": one.source, "text": one.text} for one in found.printed],
        **_known(found),
    }  # fmt: skip


def _known(found: Diagnosis) -> Row:
    users = found.users
    return {
        "users": {
            "components": [str(one) for one in users.dependants], "people": users.people, "check": users.check,
            "sessions": users.sessions,
        },
        "past": [
            {
                "incident": one.past.incident.pk, "title": one.past.incident.title, "why": one.why,
                "runbooks": one.runs,
                "system": one.past.incident.system.name if one.past.incident.system else None,
                "resolved_at": one.past.incident.resolved_at, "ending": one.past.ending.text if one.past.ending else "",
            }
            for one in found.alike
        ],
        "articles": [
            {"id": one.pk, "title": {tongue: text["title"] for tongue, text in one.texts.items()}}
            for one in found.articles
        ],
        "plans": [{"name": one.name, "title": one.title, "why": one.why} for one in found.plans],
        "runbooks": [
            {"name": one.name, "title": one.title, "target": one.target, "why": one.why} for one in found.runbooks
        ],
        "vendors": [
            {"name": one.name, "part": one.part, "contract": one.contract.model_dump(mode="json")}
            for one in found.vendors
        ],
    }  # fmt: skip


def _suspect(found: Diagnosis, one: Suspect, names: dict[int, str], language: str) -> Row:
    told = zip(one.reasons, reasons(found, one, language), strict=True)
    return {
        "component": names[one.component], "weight": round(one.weight, 2),
        "explained_by": names.get(one.explained_by or 0), "against": against(found, one, language),
        "reasons": [
            {"ground": ground.value, "weight": round(weight, 2), "said": said} for (ground, weight), said in told
        ],
    }  # fmt: skip


def signal_row(one: Signal) -> Row:
    """A series that moved, without its points: those are the check's samples."""
    return {
        "check": f"{one.check.system.name}/{one.check.name}",
        "component": str(one.check.component) if one.check.component else None, "metric": one.metric, "unit": one.unit,
        "relation": one.relation.value if one.relation else None, "score": round(one.move.score, 1),
        "moved_at": datetime.fromtimestamp(one.move.at, UTC), "before": one.move.before, "during": one.move.during,
    }  # fmt: skip


def _event(one: Event, names: dict[int, str], language: str) -> Row:
    data = {**one.data, "message": in_codes(one.data["message"])} if "message" in one.data else one.data
    return {
        "at": one.at, "kind": one.kind.value, "component": names.get(one.component or 0), "number": one.number,
        "said": event_said(one, language), "data": data,
    }  # fmt: skip


def exhibit_row(row: Exhibit) -> Row:
    """What one place showed; why it could not be had in English, for programs."""
    return {
        "component": str(row.component), "kind": row.kind, "source": row.source, "taken_at": row.taken_at,
        "text": row.text, "rows": row.rows, "problem": str(restored(row.problem)),
        "missing": [str(restored(one)) for one in row.missing],
    }  # fmt: skip
