"""``mainstay review …``: find, read, write, hold, close; and the actions that follow from reviews and drills."""

import sys
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from mainstay.api.knowledge_rows import article_row
from mainstay.api.review_rows import action_row, review_row, review_rows
from mainstay.cli.output import AsJson, Limit, fail, print_json, print_one, print_rows, titled
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _, spoken
from mainstay.domain.duration import format_duration
from mainstay.domain.review import Cause
from mainstay.monitoring.wording import language_of
from mainstay.reviews import actions, queries
from mainstay.reviews.models import Action, Review
from mainstay.reviews.paper import document

review_app = typer.Typer(no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="The review's number.")]
Act = Annotated[int, typer.Argument(help="The action's number.")]
Why = Annotated[str, typer.Option("--reason", help="Why.")]
Tongue = Annotated[str, typer.Option("--language", help="en, zh or zh-hant; else the one spoken.")]
_DAY = ["%Y-%m-%d"]


class Form(StrEnum):
    """How a review is printed."""

    PDF = "pdf"
    HTML = "html"


class Done(StrEnum):
    """As what an action is done."""

    CHECK = "check"
    RULE = "rule"
    RUNBOOK = "runbook"
    TRAINING = "training"


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.add_typer(review_app, name="review")


@review_app.command("list")
def list_reviews(
    state: Annotated[str, typer.Option(help="open, held or closed.")] = "",
    system: Annotated[str, typer.Option(help="Only this system's.")] = "",
    text: Annotated[str, typer.Option(help="Words of the incident's title, or its number.")] = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Reviews, the newest first."""
    found = queries.reviews(state=state, system=system, text=text, sight=acting("review.read").sight)
    rows = [review_row(row) for row in found[:limit]]
    columns = ("id", "incident", "level", "state", "cause", "system", "title", "opened_at")
    shown = rows if as_json else [{**row, "cause": _(row["cause"]) if row["cause"] else ""} for row in rows]
    print_rows(shown, columns, _("there is no review"), as_json=as_json, count=found.count())


@review_app.command("show")
def show_review(number: Number, as_json: AsJson = False) -> None:
    """One review: facts, causes, actions."""
    sight = acting("review.read").sight
    with told(_absent(number)):
        row = review_rows(queries.review(number, sight), queries.actions_of(number))
    if as_json:
        print_json(row)
        return
    print(_("{id}  incident {incident}: {title}").format(**{**row, "title": titled(row["title"])}))
    print(_(row["state"]))
    print_rows([{"fact": name, "value": value} for name, value in _facts(row)], ("fact", "value"), "", as_json=False)
    for place, why in enumerate(row["whys"], 1):
        print(f"  {place}. {why}")
    if row["cause"]:
        print(_("kind of the cause: {cause}").format(cause=_(row["cause"])))
    for title, text in ((_("went well"), row["well"]), (_("went badly"), row["badly"])):
        if text:
            print(f"{title}: {text}")
    _list(row["actions"], as_json=False)


def _facts(row: dict[str, Any]) -> list[tuple[str, str]]:
    facts = row["facts"]
    times = (
        (_("from the first sign to the incident"), "detection"), (_("until somebody took it on"), "acknowledge"),
        (_("until it was over"), "resolve"), (_("down"), "down"), (_("something of it not well"), "impaired"),
    )  # fmt: skip
    found = [(name, "–" if facts[key] is None else format_duration(round(facts[key]))) for name, key in times]
    for name, lost in ((_("orders stuck, at most at once"), "stuck"), (_("money at risk, at most at once"), "money")):
        found.append((name, "–" if facts[lost]["most"] is None else f"{facts[lost]['most']:g}"))
    return found


@review_app.command("open")
def open_review(
    incident: Annotated[int, typer.Argument(help="The incident's number.")], as_json: AsJson = False
) -> None:
    """Review an incident that is over; level 1 and 2 are reviewed by themselves."""
    with told(_("there is no incident {number}").format(number=incident)):
        _done(actions.open_by_hand(incident, actor=acting("review.open")), as_json)


@review_app.command("write")
def write(
    number: Number,
    why: Annotated[
        list[str] | None, typer.Option(help="Why it happened; again for why that was so, five times or so.")
    ] = None,
    cause: Annotated[Cause | None, typer.Option(help="Of what kind the root cause is.")] = None,
    well: Annotated[str | None, typer.Option(help="What went well.")] = None,
    badly: Annotated[str | None, typer.Option(help="What went badly.")] = None,
    nothing: Annotated[str | None, typer.Option("--no-action", help="Why no action is needed.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write what is given into it; the rest stays."""
    with told(_absent(number)):
        row = actions.write(
            number, whys=why or None, cause=cause, well=well, badly=badly, nothing=nothing,
            actor=acting("review.write"),
        )  # fmt: skip
    _done(row, as_json)


@review_app.command("hold")
def hold(
    number: Number,
    day: Annotated[datetime | None, typer.Option(formats=_DAY, help="When; today when left out.")] = None,
    present: Annotated[str, typer.Option(help="Who was there.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say that it was held."""
    with told(_absent(number)):
        _done(actions.hold(number, day=_date(day), present=present, actor=acting("review.hold")), as_json)


@review_app.command("close")
def close(number: Number, as_json: AsJson = False) -> None:
    """Close it; says what is missing."""
    with told(_absent(number)):
        _done(actions.close(number, actor=acting("review.close")), as_json)


@review_app.command("reopen")
def reopen(number: Number, reason: Why, as_json: AsJson = False) -> None:
    """There is more to it."""
    with told(_absent(number)):
        _done(actions.reopen(number, reason=reason, actor=acting("review.reopen")), as_json)


@review_app.command("article")
def draft(number: Number, language: Tongue = "", as_json: AsJson = False) -> None:
    """Draft an article for the knowledge base from it."""
    acting("review.read")
    with told(_absent(number)):
        made = actions.draft_article(number, language or language_of(spoken()), actor=acting("article.write"))
    print_one(article_row(made), _("article {number} is drafted").format(number=made.pk), as_json=as_json)


@review_app.command("print")
def print_review(
    number: Number,
    out: Annotated[Path | None, typer.Option(help="Where to; standard output by default.")] = None,
    form: Annotated[Form, typer.Option(help="pdf or html.")] = Form.PDF,
    language: Tongue = "",
) -> None:
    """As PDF, or as HTML to print."""
    sight = acting("review.read").sight
    if out is None and sys.stdout.isatty():
        fail(_("say where to with --out, for a PDF is nothing to read in a terminal"))
    with told(_absent(number)):
        made = document(queries.review(number, sight), form, language or language_of(spoken()))
    if out:
        out.write_bytes(made.data)
    else:
        sys.stdout.buffer.write(made.data)


@review_app.command("actions")
def list_actions(
    state: Annotated[str, typer.Option(help="undone, open, done or reopened.")] = "undone",
    owner: Annotated[str, typer.Option(help="Only this person's.")] = "",
    system: Annotated[str, typer.Option(help="Only this system's.")] = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Actions of all reviews and drills, what is due first."""
    found = queries.actions(
        state="" if state == "all" else state, owner=owner, system=system, sight=acting("review.read").sight
    )
    rows = [action_row(row) for row in found[:limit]]
    _list(rows, as_json=as_json, count=found.count())


def _list(rows: list[dict[str, Any]], *, as_json: bool, count: int | None = None) -> None:
    columns = ("id", "review", "drill", "state", "due", "owner", "title", "ending", "proof", "until")
    print_rows(rows, columns, _("there is no action"), as_json=as_json, count=count)


@review_app.command("act")
def act(
    number: Number,
    title: Annotated[str, typer.Argument(help="What is to be done.")],
    owner: Annotated[str, typer.Option(help="Who does it: the name of a person.")],
    due: Annotated[datetime, typer.Option(formats=_DAY, help="By when.")],
    as_json: AsJson = False,
) -> None:
    """Agree on an action."""
    with told(_absent(number)):
        made = actions.add_action(number, title, owner=owner, due=due.date(), actor=acting("review.act"))
    print_action(made, as_json)


@review_app.command("change")
def change(
    number: Act,
    reason: Why,
    owner: Annotated[str | None, typer.Option(help="Who does it from now on.")] = None,
    due: Annotated[datetime | None, typer.Option(formats=_DAY, help="By when from now on.")] = None,
    as_json: AsJson = False,
) -> None:
    """Another owner of an action, another day."""
    with told(_no_action(number)):
        changed = actions.change_action(
            number, owner=owner, due=_date(due), reason=reason, actor=acting("review.act")
        )  # fmt: skip
    print_action(changed, as_json)


@review_app.command("end")
def end(
    number: Act,
    ending: Annotated[Done, typer.Option("--as", help="check, rule, runbook or training.")],
    proof: Annotated[str, typer.Argument(help="Its name; or in words who was trained in what.")],
    as_json: AsJson = False,
) -> None:
    """An action is done, and this shows it."""
    with told(_no_action(number)):
        print_action(actions.end_action(number, ending=ending, proof=proof, actor=acting("review.end")), as_json)


@review_app.command("accept")
def accept(
    number: Act,
    reason: Why,
    until: Annotated[datetime, typer.Option(formats=_DAY, help="Until when.")],
    as_json: AsJson = False,
) -> None:
    """Accept the risk instead, as an approver who does not own the action."""
    with told(_no_action(number)):
        done = actions.accept_risk(number, reason=reason, until=until.date(), actor=acting("review.accept"))
    print_action(done, as_json)


def _done(row: Review, as_json: bool) -> None:
    sentence = _("review {number} of incident {incident} is {state}").format(
        number=row.pk, incident=row.incident_id, state=_(row.state)
    )
    print_one(review_row(row), sentence, as_json=as_json)


def print_action(row: Action, as_json: bool) -> None:
    """How it stands now."""
    sentence = _("action {number} is {state}: {title}").format(number=row.pk, state=_(row.state), title=row.title)
    print_one(action_row(row), sentence, as_json=as_json)


def _date(at: datetime | None) -> date | None:
    return at.date() if at else None


def _absent(number: int) -> str:
    return _("there is no review {number}; mainstay review list shows them").format(number=number)


def _no_action(number: int) -> str:
    return _("there is no action {number}; mainstay review actions shows them").format(number=number)
