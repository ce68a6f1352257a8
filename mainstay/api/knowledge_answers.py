"""The shapes of ``knowledge_rows.py``, as the OpenAPI document shows them."""

from datetime import date, datetime
from typing import Literal

from ninja import Schema

Language = Literal["en", "zh", "zh-hant"]


class Text(Schema):
    """An article in one language; the body is Markdown."""

    title: str
    body: str


class Article(Schema):
    """What was learned, written down."""

    id: int
    state: Literal["draft", "published", "retired"]
    version: int
    title: dict[Language, str]
    system: str | None
    component: str | None
    fingerprint: str
    checks: list[str]
    incident: int | None
    public: bool
    review_at: date | None
    author: str
    made_at: datetime
    changed_at: datetime
    published_at: datetime | None


class ArticleVersion(Schema):
    """An article as somebody left it."""

    number: int
    texts: dict[Language, Text]
    at: datetime
    actor: str
    remark: str


class WholeArticle(Article):
    """With its text and its earlier versions."""

    texts: dict[Language, Text]
    versions: list[ArticleVersion]


class Found(Schema):
    """An article that a search found; ``excerpt`` has what was looked for between « and »."""

    article: Article
    language: Language
    score: int
    title: str
    excerpt: str


class Search(Schema):
    """The best first."""

    items: list[Found]
