"""Reviews in words, in the active language: for pages, paper, letters and articles."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mainstay.domain.actor import person_name
from mainstay.domain.review_facts import Facts, facts_of
from mainstay.monitoring.wording import format_day, format_number, format_seconds
from mainstay.reviews.models import Action, Review


def cause_word(cause: str) -> str:
    """Of what kind the root cause is; what is not said yet is a dash."""
    return {
        "change": pgettext("cause", "a change"), "software": pgettext("cause", "a fault in software"),
        "configuration": pgettext("cause", "configuration"), "capacity": pgettext("cause", "capacity"),
        "hardware": pgettext("cause", "hardware"), "network": pgettext("cause", "network"),
        "data": pgettext("cause", "data"), "handling": pgettext("cause", "handling by people"),
        "vendor": pgettext("cause", "vendor or supplier"), "unknown": pgettext("cause", "not found"),
    }.get(cause, "–")  # fmt: skip


def review_state(state: str) -> str:
    """How a review stands."""
    return {
        "open": pgettext("review", "to be held"), "held": pgettext("review", "held"),
        "closed": pgettext("review", "closed"), "": _("all"),
    }[state]  # fmt: skip


def action_state(state: str) -> str:
    """How an action stands."""
    return {
        "open": pgettext("action", "open"), "done": pgettext("action", "done"),
        "reopened": pgettext("action", "open again"), "undone": pgettext("action", "not done"), "": _("all"),
    }[state]  # fmt: skip


def ending_word(ending: str) -> str:
    """As what an action ended."""
    return {
        "check": pgettext("ending", "a check"), "rule": pgettext("ending", "a rule on data"),
        "runbook": pgettext("ending", "an edited runbook"), "training": pgettext("ending", "a training"),
        "accepted-risk": pgettext("ending", "an accepted risk"),
    }.get(ending, ending)  # fmt: skip


def turn_word(word: str) -> str:
    """What happened to an action."""
    return {
        "made": pgettext("action", "agreed"), "changed": pgettext("action", "changed"),
        "done": pgettext("action", "done"), "reopened": pgettext("action", "open again"),
    }[word]  # fmt: skip


def figures(review: Review) -> list[tuple[str, str]]:
    """The facts that are numbers: name and value."""
    found: Facts = facts_of(review.facts)
    system = review.incident.system
    currency = str(system.document.get("currency") or "") if system else ""
    return [
        (_("From the first sign to the incident"), _lasting(found.detection)),
        (_("Until somebody took it on"), _lasting(found.acknowledge)),
        (_("Until it was over"), format_seconds(found.resolve)),
        (_("How often it was open"), str(found.runs)),
        (_("Down"), format_seconds(found.down)),
        (_("Something of it not well"), format_seconds(found.impaired)),
        (_("Orders stuck at once, at most"), _lost(found.stuck.most, "")),
        (_("Orders that became stuck"), _lost(found.stuck.more, "")),
        (_("Money at risk at once, at most"), _lost(found.money.most, currency)),
        (_("Money that came to be at risk"), _lost(found.money.more, currency)),
    ]


def _lasting(seconds: float | None) -> str:
    return _("not known") if seconds is None else format_seconds(seconds)


def _lost(number: float | None, unit: str) -> str:
    return _("counted by nothing") if number is None else f"{format_number(number, 0)} {unit}".strip()


def causes(review: Review) -> str:
    """Why it happened, as Markdown for an article."""
    lines = [f"{number}. {why}" for number, why in enumerate(review.whys, 1)]
    kind = [_("Kind of the cause: %(cause)s") % {"cause": cause_word(review.cause)}] if review.cause else []
    numbers = [f"- {name}: {value}" for name, value in figures(review)]
    return "\n\n".join("\n".join(part) for part in (lines, kind, numbers) if part)


def measures(review: Review) -> str:
    """What is done so that it does not come again, as Markdown."""
    rows = [f"- {action.title} ({ended(action)})" for action in review.actions.all()]
    return "\n".join(rows) or review.nothing


def ended(action: Action) -> str:
    """How an action stands, in words."""
    if action.state != "done":
        words = {"owner": action.owner, "day": format_day(action.due), "state": action_state(action.state)}
        return _("%(state)s, %(owner)s by %(day)s") % words
    words = {"ending": ending_word(action.ending), "proof": action.proof, "who": person_name(action.done_by)}
    if action.until:
        return _("%(ending)s until %(day)s: %(proof)s, by %(who)s") % {**words, "day": format_day(action.until)}
    return _("%(ending)s: %(proof)s, by %(who)s") % words
