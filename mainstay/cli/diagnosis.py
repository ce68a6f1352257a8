"""``mainstay incident diagnose``, ``mainstay deployed``: why an incident came about, and what was deployed before."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from django.utils.translation import override

from mainstay.api.diagnosis_rows import deployment_row, diagnosis_row
from mainstay.cli.output import AsJson, Limit, fail, print_json, print_one, print_rows, titled
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _, spoken
from mainstay.diagnosis import actions, queries
from mainstay.diagnosis.wording import kind_word, moved, why_word
from mainstay.incidents import queries as incidents
from mainstay.monitoring.wording import language_of

_EVENTS = 40
_LINES = 20
"""Of an excerpt of a log; ``--json`` has all that is kept."""


def register(app: typer.Typer) -> None:
    """Put the command for those who deploy into the main program."""
    app.command("deployed")(deployed)


def diagnose(number: Annotated[int, typer.Argument(help="The incident's number.")], as_json: AsJson = False) -> None:
    """Why it came about: the likely root, what moved, what happened, logs, slow SQL, who knows more."""
    sight = acting("incident.read").sight
    language = language_of(spoken())
    with told(_("there is no incident {number}; mainstay incident list --all shows all").format(number=number)):
        found = queries.diagnosis(incidents.incident(number, sight), language, datetime.now(UTC), sight)
    with override(spoken()):
        row = diagnosis_row(found, language)
        if as_json:
            print_json(row)
            return
        print(f"{number}  {titled(found.incident.title)}")
        _print_suspects(row)
        _print_signals(found, row)
        _print_events(row)
        _print_exhibits(row)
        _print_known(row)


def _print_suspects(row: dict[str, Any]) -> None:
    if not row["suspects"]:
        print(_("No component shows a sign; nothing can be said of the root."))
    for place, one in enumerate(row["suspects"][:3]):
        clear = row["clear"] and place == 0
        print((_("likely root: {component}") if clear else _("may be the root: {component}")).format(**one))
        for reason in one["reasons"]:
            print(f"  - {reason['said']}")
        if one["against"]:
            print(f"  - {one['against']}")


def _print_signals(found: queries.Diagnosis, row: dict[str, Any]) -> None:
    print(_("what moved when it began, of {number} series").format(number=row["looked_at"]))
    rows = [{"score": one["score"], "check": one["check"], "moved": moved(signal), "at": f"{one['moved_at']:%H:%M:%S}"}
            for one, signal in zip(row["signals"], found.signals, strict=True)]  # fmt: skip
    print_rows(rows, ("score", "at", "check", "moved"), _("nothing moved"), as_json=False)


def _print_events(row: dict[str, Any]) -> None:
    print(_("what happened"))
    for one in row["events"][-_EVENTS:]:
        print(f"  {one['at']:%Y-%m-%d %H:%M:%S}  {kind_word(one['kind'])}  {one['component'] or '–'}  {one['said']}")


def _print_exhibits(row: dict[str, Any]) -> None:
    if row["examined_at"] is None:
        print(_("no logs and no database were looked at when it began"))
    for one in row["exhibits"]:
        print(f"{one['component']}  {one['source'] or 'SQL'}  {one['taken_at']:%Y-%m-%d %H:%M:%S}")
        for line in one["text"].splitlines()[-_LINES:]:
            print(f"  {line}")
        print_rows(one["rows"].get("running", []), ("seconds", "account", "waits", "statement"), "", as_json=False)
        print_rows(one["rows"].get("statements", []), ("total_seconds", "calls", "statement"), "", as_json=False)
        for words in (one["problem"], *one["missing"]):
            if words:
                print(f"  {words}")


def _print_known(row: dict[str, Any]) -> None:
    for one in row["past"]:
        words = {"why": why_word(one["why"]), "ending": one["ending"][:200], "by": ", ".join(one["runbooks"])}
        line = _("past incident {incident} ({why}): {ending} {by}").format(incident=one["incident"], **words)
        print(line.rstrip(": "))
    for one in row["articles"]:
        print(_("article {id}: {title}").format(id=one["id"], title=titled(one["title"])))
    for one in row["plans"]:
        print(_("emergency plan {name} ({why})").format(name=one["name"], why=why_word(one["why"])))
    for one in row["runbooks"]:
        print(_("runbook {name} ({why})").format(name=one["name"], why=why_word(one["why"])))
    for one in row["vendors"]:
        print(_("vendor {name}: contract {contract}, phone {phone}").format(name=one["name"], **_said(one["contract"])))


def _said(contract: dict[str, Any]) -> dict[str, str]:
    return {key: contract[key] or "–" for key in ("contract", "phone")}


def deployed(
    system: Annotated[str, typer.Argument(help="The system's name.")] = "",
    component: Annotated[str, typer.Argument(help="The component's name.")] = "",
    version: Annotated[str, typer.Argument(help="The version that was put to work.")] = "",
    at: Annotated[str, typer.Option(help="When, such as 2027-01-31T18:00:00+08:00; now by default.")] = "",
    note: Annotated[str, typer.Option(help="What is in it.")] = "",
    url: Annotated[str, typer.Option(help="Where more of it stands.")] = "",
    key: Annotated[str, typer.Option(help="A name of your own; told again with it is told once.")] = "",
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Tell that a version was deployed; without a version, list what was."""
    if not version:
        found = queries.deployments(system, acting("catalogue.read").sight)
        rows = [deployment_row(row) for row in found[:limit]]
        columns = ("at", "system", "component", "version", "told_by", "note")
        print_rows(rows, columns, _("no deployment was told"), as_json=as_json, count=found.count())
        return
    absent = _("there is no component {component} on a system {system}; mainstay system show lists them")
    with told(absent.format(system=system, component=component)):
        made = actions.tell_deployment(
            system, component, version, at=_moment(at), note=note, url=url, key=key, actor=acting("deployment.tell")
        )
    sentence = _("{version} of {component} is on record").format(version=made.version, component=made.component)
    print_one(deployment_row(made), sentence, as_json=as_json)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        fail(_("{text} is no time with a zone; write such as 2027-01-31T18:00:00+08:00").format(text=text))
    return found
