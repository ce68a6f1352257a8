"""What is shown of inspection sheets: plain data, the same over the API and after ``--json``."""

from collections.abc import Iterable

from mainstay.api.rows import Row
from mainstay.domain.trend import Month, Trend
from mainstay.inspection import paper, queries
from mainstay.inspection.models import Countersignature, Line, Remark, Sheet
from mainstay.inspection.queries import Flaw
from mainstay.monitoring.wording import in_codes


def sheet_row(row: Sheet) -> Row:
    """A sheet without its lines."""
    over = queries.countersignature(row)
    return {
        "id": row.pk, "system": row.system.name, "title": row.head["title"], "day": row.day, "number": row.number,
        "zone": row.zone, "due_at": row.due_at, "made_at": row.made_at, "made_by": row.made_by, "state": row.state,
        "counts": row.counts, "stage": row.stage, "late_after": row.late_after, "late_at": row.late_at,
        "escalate_after": row.escalate_after, "escalated_at": row.escalated_at,
        "ended_at": row.ended_at, "ended_by": row.ended_by, "words": row.words, "digest": row.digest,
        "countersigned_at": over.at if over else None, "countersigned_by": over.actor if over else "",
    }  # fmt: skip


def sheet_rows(row: Sheet) -> Row:
    """A sheet whole, section by section."""
    parts = queries.by_section(row, queries.lines(row.pk))
    return {
        **sheet_row(row),
        "sections": [
            {"name": part["name"], "title": part["title"], "nothing": part["nothing"],
             "lines": [line_row(line) for line in lines]}
            for part, lines in parts
        ],
    }  # fmt: skip


def line_row(row: Line) -> Row:
    """A line with its evidence and remarks."""
    return {
        "place": row.place, "section": row.section, "item": row.item, "title": row.title,
        "check": str(row.check_of) if row.check_of else None, "check_title": row.check_title, "metric": row.metric,
        "value": row.value, "unit": row.unit, "yesterday": row.yesterday, "warn": row.warn, "crit": row.crit,
        "state": row.state, "unseen": row.unseen, "since": row.since, "looked_at": row.looked_at,
        "why": paper.why(row) if row.state != "ok" else "", "message": in_codes(row.message), "evidence": row.evidence,
        "incident": row.incident_id, "remarks": [remark_row(one) for one in row.remarks.all()],
    }  # fmt: skip


def remark_row(row: Remark) -> Row:
    """An inspector's word."""
    return {"at": row.at, "by": row.actor, "text": row.text}


def countersignature_row(row: Countersignature) -> Row:
    """A week that an approver looked over."""
    return {
        "id": row.pk, "system": row.system.name, "week": f"{row.year}-W{row.week:02}", "at": row.at, "by": row.actor,
        "text": row.text, "sheets": sorted(one.sheet_id for one in row.covers.all()),
    }  # fmt: skip


def verdict_rows(count: int, flaws: Iterable[Flaw]) -> Row:
    """Whether all sheets are as they were."""
    found = [{"id": flaw.sheet.pk, "reason": flaw.reason} for flaw in flaws]
    return {"whole": not found, "sheets": count, "flaws": found}


def month_row(month: Month) -> Row:
    """A month of one system: its days, and how each line went."""
    return {
        "system": month.system, "month": month.month,
        "days": [{"day": one.day, "state": one.state, "stage": one.stage, "id": one.number} for one in month.days],
        "trends": [trend_row(one) for one in month.trends],
    }  # fmt: skip


def trend_row(row: Trend) -> Row:
    """How one line went over the month."""
    return {
        "section": row.section, "item": row.item, "title": row.title, "check": row.check,
        "check_title": row.check_title, "metric": row.metric, "unit": row.unit, "days": row.days,
        "abnormal": row.abnormal, "min": row.low, "mean": row.mean, "max": row.high, "last": row.last,
        "points": [[day.isoformat(), value] for day, value in row.points],
    }  # fmt: skip
