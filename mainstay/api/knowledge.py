"""The knowledge base: find, read, write, publish, retire articles."""

from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from mainstay.api import knowledge_answers as answers
from mainstay.api.auth import actor, needs, sight
from mainstay.api.knowledge_rows import article_row, article_rows, found_row
from mainstay.api.shapes import Body, Day, Number, Page, Paging, Text, page
from mainstay.knowledge import actions, queries

router = Router(tags=["knowledge"])

Reason = Annotated[Text, Field(max_length=300)]


class Wanted(Schema):
    """Which articles."""

    state: Literal["", "draft", "published", "retired"] = ""
    system: Text = ""
    sort: Literal["newest", "oldest"] = "newest"


class Sought(Schema):
    """Words that must be there: English by their beginning, Chinese anywhere."""

    text: Annotated[Text, Field(max_length=200)] = ""
    state: Literal["", "draft", "published", "retired"] = "published"
    language: answers.Language = "en"


class Written(Body):
    """An article in one language, and what it is about."""

    language: answers.Language = "en"
    title: Annotated[Text, Field(max_length=200)]
    text: Annotated[Text, Field(max_length=actions.LONGEST)]
    system: Text = ""
    component: Text = ""
    fingerprint: Annotated[Text, Field(max_length=300)] = ""
    checks: list[Text] = Field([], max_length=50)


class ArticleEdited(Body):
    """A new version in one language. ``seen`` is the version that was read before; about nothing else is changed."""

    language: answers.Language = "en"
    title: Annotated[Text, Field(max_length=200)]
    text: Annotated[Text, Field(max_length=actions.LONGEST)]
    remark: Reason = ""
    seen: int | None = None


class Drafted(Body):
    """The language of the draft."""

    language: answers.Language = "en"


class Published(Body):
    """``public``: the help desk offers it to everybody. ``review_at``: until when it holds; a year by default."""

    public: bool | None = Field(None, strict=True)
    review_at: Day | None = None


class Retired(Body):
    """Why it does not hold any more."""

    reason: Reason


@router.get("/articles", response=Page[answers.Article], **needs("article.read"))
def list_articles(request: HttpRequest, paging: Query[Paging], wanted: Query[Wanted]) -> Any:
    return page(request, queries.articles(**wanted.dict(), sight=sight(request)), paging, article_row)


@router.post("/articles", response=answers.Article, **needs("article.write"))
def write_article(request: HttpRequest, body: Written) -> Any:
    """A new draft."""
    about = actions.About(body.system, body.component, body.fingerprint, body.checks)
    return article_row(
        actions.write(actions.Text(body.language, body.title, body.text), actor=actor(request), about=about)
    )


@router.get("/articles/search", response=answers.Search, **needs("article.read"))
def search_articles(request: HttpRequest, wanted: Query[Sought]) -> Any:
    """Full-text search in Chinese and English."""
    within = queries.articles(state=wanted.state, sight=sight(request))
    return {"items": list(map(found_row, queries.search(wanted.text, within, wanted.language)))}


@router.get("/articles/{number}", response=answers.WholeArticle, **needs("article.read"))
def show_article(request: HttpRequest, number: Number) -> Any:
    return article_rows(queries.article(number, sight(request)), queries.versions(number))


@router.post("/articles/{number}/edit", response=answers.Article, **needs("article.write"))
def edit_article(request: HttpRequest, number: Number, body: ArticleEdited) -> Any:
    """A new version; that of a published article is read at once and needs the right to publish."""
    text = actions.Text(body.language, body.title, body.text)
    changed = actions.edit(number, text, actor=actor(request), remark=body.remark, seen=body.seen)
    return article_row(changed)


@router.post("/articles/{number}/publish", response=answers.Article, **needs("article.publish"))
def publish_article(request: HttpRequest, number: Number, body: Published) -> Any:
    """Or say of a published one that it was looked through and still holds."""
    until: date | None = body.review_at
    return article_row(actions.publish(number, actor=actor(request), public=body.public, review_at=until))


@router.post("/articles/{number}/retire", response=answers.Article, **needs("article.retire"))
def retire_article(request: HttpRequest, number: Number, body: Retired) -> Any:
    return article_row(actions.retire(number, actor=actor(request), reason=body.reason))


@router.post("/incidents/{number}/article", response=answers.Article, **needs("article.write"))
def draft_article(request: HttpRequest, number: Number, body: Drafted) -> Any:
    """A draft from what is on record of an incident."""
    return article_row(actions.draft_of_incident(number, body.language, actor=actor(request)))
