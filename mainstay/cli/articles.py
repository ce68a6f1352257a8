"""``mainstay article …``: find, read, write, publish, retire."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from mainstay.api.knowledge_rows import article_row, article_rows, found_row
from mainstay.cli.output import AsJson, Limit, print_json, print_one, print_rows, titled
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _, spoken
from mainstay.knowledge import actions, queries
from mainstay.knowledge.models import Article
from mainstay.monitoring.wording import language_of

article_app = typer.Typer(no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="The article's number.")]
Title = Annotated[str, typer.Argument(help="What it is called.")]
Source = Annotated[
    Path | None, typer.Option("--file", exists=True, dir_okay=False, help="Markdown; else standard input.")
]
Tongue = Annotated[str, typer.Option("--language", help="en, zh or zh-hant; else the one spoken.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.add_typer(article_app, name="article")


@article_app.command("list")
def list_articles(
    state: Annotated[str, typer.Option(help="draft, published or retired.")] = "",
    system: Annotated[str, typer.Option(help="Only this system's.")] = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Articles, those changed last first."""
    found = queries.articles(state=state, system=system, sight=acting("article.read").sight)
    rows = [article_row(row) for row in found[:limit]]
    columns = ("id", "state", "version", "title", "system", "public", "review_at", "changed_at")
    print_rows(rows, columns, _("there is no article"), as_json=as_json, count=found.count())


@article_app.command("search")
def search_articles(
    text: Annotated[str, typer.Argument(help="Words: English by their beginning, Chinese anywhere.")],
    state: Annotated[str, typer.Option(help="draft, published or retired.")] = "published",
    as_json: AsJson = False,
) -> None:
    """Full-text search in Chinese and English, the best first."""
    within = queries.articles(state=state, sight=acting("article.read").sight)
    rows = [found_row(one) for one in queries.search(text, within, language_of(spoken()))]
    if as_json:
        print_json({"items": rows})
        return
    flat = [{"id": row["article"]["id"], "title": row["title"], "excerpt": row["excerpt"]} for row in rows]
    print_rows(flat, ("id", "title", "excerpt"), _("nothing fits"), as_json=False)


@article_app.command("show")
def show_article(number: Number, as_json: AsJson = False) -> None:
    """One article, and who changed it."""
    sight = acting("article.read").sight
    with told(_absent(number)):
        found = queries.article(number, sight)
    row = article_rows(found, queries.versions(number))
    if as_json:
        print_json(row)
        return
    tongue = language_of(spoken())
    text = found.texts.get(tongue) or next(iter(found.texts.values()))
    print(f"{number}  {text['title']}\n\n{text['body']}")
    print_rows(row["versions"], ("number", "at", "actor", "remark"), "", as_json=False)


@article_app.command("new")
def new_article(
    title: Title,
    file: Source = None,
    system: Annotated[str, typer.Option(help="The system that it is about.")] = "",
    component: Annotated[str, typer.Option(help="The component that it is about.")] = "",
    check: Annotated[list[str] | None, typer.Option(help="A check that it is about; may be repeated.")] = None,
    language: Tongue = "",
    as_json: AsJson = False,
) -> None:
    """Write a draft; the text comes from a file or standard input."""
    about = actions.About(system, component, "", check or ())
    with told():
        made = actions.write(_text(language, title, file), actor=acting("article.write"), about=about)
    _done(made, as_json)


@article_app.command("draft")
def draft_article(
    incident: Annotated[int, typer.Argument(help="The incident's number.")],
    language: Tongue = "",
    as_json: AsJson = False,
) -> None:
    """Write a draft from what is on record of an incident."""
    with told(_("there is no incident {number}").format(number=incident)):
        made = actions.draft_of_incident(incident, _tongue(language), actor=acting("article.write"))
    _done(made, as_json)


@article_app.command("edit")
def edit_article(
    number: Number,
    title: Annotated[str, typer.Option(help="Another title; else it stays.")] = "",
    file: Source = None,
    remark: Annotated[str, typer.Option(help="What was changed, and why.")] = "",
    language: Tongue = "",
    as_json: AsJson = False,
) -> None:
    """A new version; the text comes from a file or standard input."""
    actor, tongue = acting("article.write"), _tongue(language)
    with told(_absent(number)):
        before = queries.article(number, actor.sight)
        name = title or before.texts.get(tongue, {}).get("title", "")
        changed = actions.edit(number, _text(tongue, name, file), actor=actor, remark=remark, seen=before.version)
    _done(changed, as_json)


@article_app.command("publish")
def publish_article(
    number: Number,
    public: Annotated[bool | None, typer.Option("--public/--internal", help="Whether the help desk offers it.")] = None,
    review: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Until when it holds.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let it be read; or say of a published one that it still holds."""
    with told(_absent(number)):
        day = review.date() if review else None
        _done(actions.publish(number, actor=acting("article.publish"), public=public, review_at=day), as_json)


@article_app.command("retire")
def retire_article(
    number: Number, reason: Annotated[str, typer.Option(help="Why it does not hold.")], as_json: AsJson = False
) -> None:
    """It does not hold any more; it stays on record."""
    with told(_absent(number)):
        _done(actions.retire(number, actor=acting("article.retire"), reason=reason), as_json)


def _done(article: Article, as_json: bool) -> None:
    row = article_row(article)
    sentence = _("article {number}, version {version}, is {state}: {title}").format(
        number=article.pk, version=article.version, state=_(article.state), title=titled(row["title"])
    )
    print_one(row, sentence, as_json=as_json)


def _text(language: str, title: str, file: Path | None) -> actions.Text:
    body = sys.stdin.read() if file is None else file.read_text(encoding="utf-8")
    return actions.Text(_tongue(language), title, body)


def _tongue(language: str) -> str:
    return language or language_of(spoken())


def _absent(number: int) -> str:
    return _("there is no article {number}; mainstay article list shows them").format(number=number)
