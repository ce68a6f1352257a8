"""A diagnosis in words, in the active language. What is stored and decided are codes and numbers."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from mainstay.catalogue.models import Component
from mainstay.diagnosis.queries import Diagnosis, Event, Ground, Kind, Relation, Signal, Suspect
from mainstay.domain.actor import person_name
from mainstay.monitoring.wording import (
    explain,
    format_seconds,
    format_value,
    in_language,
    listed,
    metric_title,
    state_word,
)


def called(thing: Component, language: str) -> str:
    """A component's title, or its name."""
    return in_language(thing.title, language) or thing.name


def relation_word(relation: Relation | str | None) -> str:
    """What a component has to do with the incident."""
    return {
        Relation.AFFECTED: _("affected"), Relation.UPSTREAM: _("what it needs"), Relation.HOST: _("same host"),
        Relation.DOWNSTREAM: _("what needs it"), None: _("elsewhere"),
    }.get(Relation(relation) if relation else None, "")  # fmt: skip


def kind_word(kind: Kind | str) -> str:
    """What sort of thing happened."""
    return {
        Kind.STATE: _("State change"), Kind.CATALOGUE: _("Catalogue changed"), Kind.DEPLOYMENT: _("Deployment"),
        Kind.RUN: _("Runbook run"), Kind.BACKUP: _("Backup job"), Kind.RESTORE: _("Restore"),
        Kind.INCIDENT: _("Incident"), Kind.NOTICE: _("Notice"),
    }[Kind(kind)]  # fmt: skip


def why_word(why: str) -> str:
    """Why a past incident, a plan or a runbook is shown."""
    return {
        "key": _("the same fault"), "text": _("a title like it"), "past": _("ended one like it"),
        "pack": _("came with the check that fails"), "kind": _("made for such a component"),
        "sees": _("names a check that fails"), "system": _("for this system"),
    }.get(why, why)  # fmt: skip


def moved(signal: Signal) -> str:
    """``longest wait for a lock: 0 s → 42 s``."""
    metric = metric_title(signal.check.kind, signal.metric)
    before, during = (format_value(value, signal.unit) for value in (signal.move.before, signal.move.during))
    return _("%(metric)s: %(before)s → %(during)s") % {"metric": metric, "before": before, "during": during}


def reasons(found: Diagnosis, suspect: Suspect, language: str) -> list[str]:
    """Why a component is held for the root, the heaviest reason first."""
    return [_reason(found, suspect, ground, language) for ground, _weight in suspect.reasons]


def against(found: Diagnosis, suspect: Suspect, language: str) -> str:
    """What speaks against it; empty where nothing does."""
    if suspect.explained_by is None:
        return ""
    name = called(found.scope.parts[suspect.explained_by], language)
    return _("against it: %(name)s, which it needs, showed something no later") % {"name": name}


def _reason(found: Diagnosis, suspect: Suspect, ground: Ground, language: str) -> str:
    match ground:
        case Ground.FAILS:
            return _("its own checks fail")
        case Ground.NEEDED:
            return ngettext(
                "%(n)d other component that fails depends on it", "%(n)d other components that fail depend on it",
                suspect.needing,
            ) % {"n": suspect.needing}  # fmt: skip
        case Ground.FIRST:
            return _("it showed something first, %(long)s before the next") % {"long": format_seconds(suspect.ahead)}
        case Ground.CHANGED:
            change = found.change_on(suspect.component)
            if change is None:
                return _("something was changed on it shortly before")
            long = format_seconds((found.incident.since - change.at).total_seconds())
            what = event_said(change, language)
            return _("changed %(long)s before the incident: %(what)s") % {"long": long, "what": what}
        case Ground.MOVED:
            signal = found.strongest(suspect.component)
            return _("its values moved: %(what)s") % {"what": moved(signal)} if signal else _("its values moved")


def event_said(event: Event, language: str) -> str:
    """What happened, in a line."""
    return _SAID[event.kind](event.data, language)


def _state(data: dict[str, Any], language: str) -> str:
    why = explain(data["message"])
    words = {"check": in_language(data["title"], language), "after": state_word(data["after"]), "why": why}
    return (_("%(check)s: %(after)s. %(why)s") if why else _("%(check)s: %(after)s")) % words


def _catalogue(data: dict[str, Any], _language: str) -> str:
    more = ["…"] if data["count"] > len(data["first"]) else []
    names = listed([*(one["name"] for one in data["first"]), *more])
    words = {"who": person_name(data["actor"]), "names": names, "n": data["count"]}
    return ngettext(
        "%(who)s applied the catalogue: %(n)d change (%(names)s)",
        "%(who)s applied the catalogue: %(n)d changes (%(names)s)", data["count"],
    ) % words  # fmt: skip


def _deployment(data: dict[str, Any], _language: str) -> str:
    words = {"version": data["version"], "what": data["what"], "who": person_name(data["actor"])}
    if not data["version"]:
        return _("%(what)s, told by %(who)s: %(note)s") % {**words, "note": data["note"]}
    said = _("version %(version)s of %(what)s, told by %(who)s") % words
    return f"{said}. {data['note']}" if data["note"] else said


def _run(data: dict[str, Any], language: str) -> str:
    name = in_language(data["title"], language) or data["runbook"]
    return _("%(name)s, begun by %(who)s") % {"name": name, "who": person_name(data["actor"])}


def _backup(data: dict[str, Any], _language: str) -> str:
    return _("%(policy)s: %(act)s") % {"policy": data["policy"], "act": _act(data["act"])}


def _restore(data: dict[str, Any], _language: str) -> str:
    return _("from the copies of %(policy)s") % {"policy": data["policy"]}


def _incident(data: dict[str, Any], _language: str) -> str:
    return _("%(word)s, %(who)s") % {"word": _entry(data["word"]), "who": person_name(data["actor"])}


def _notice(data: dict[str, Any], _language: str) -> str:
    return _("%(word)s, to %(names)s") % {"word": _entry(data["word"]), "names": listed(data["to"])}


_SAID: dict[Kind, Callable[[dict[str, Any], str], str]] = {
    Kind.STATE: _state, Kind.CATALOGUE: _catalogue, Kind.DEPLOYMENT: _deployment, Kind.RUN: _run,
    Kind.BACKUP: _backup, Kind.RESTORE: _restore, Kind.INCIDENT: _incident, Kind.NOTICE: _notice,
}  # fmt: skip


def _act(act: str) -> str:
    return {
        "backup": pgettext("act", "backup"), "forward": pgettext("act", "to the second site"),
        "prove": pgettext("act", "proof"), "check": pgettext("act", "check of the repository"),
        "prune": pgettext("act", "thinning out"),
    }.get(act, act)  # fmt: skip


def _entry(word: str) -> str:
    return {
        "opened": _("opened"), "reopened": _("reopened"), "acknowledged": _("acknowledged"), "resolved": _("resolved"),
        "worse": _("got worse"), "merged": _("merged"), "rerooted": _("moved to its cause"),
    }.get(word, word)  # fmt: skip
