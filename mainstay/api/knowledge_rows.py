"""Articles as plain data, the same over the API and after ``--json``."""

from collections.abc import Iterable

from mainstay.api.rows import Row
from mainstay.knowledge.models import Article, Version
from mainstay.knowledge.queries import Found


def article_row(row: Article) -> Row:
    """An article without its text."""
    return {
        "id": row.pk, "state": row.state, "version": row.version,
        "title": {language: text["title"] for language, text in row.texts.items()},
        "system": row.system.name if row.system else None, "component": row.component.name if row.component else None,
        "fingerprint": row.fingerprint, "checks": row.checks, "incident": row.incident_id, "public": row.public,
        "review_at": row.review_at, "author": row.author, "made_at": row.made_at, "changed_at": row.changed_at,
        "published_at": row.published_at,
    }  # fmt: skip


def article_rows(row: Article, versions: Iterable[Version]) -> Row:
    """An article with all of it."""
    return {
        **article_row(row), "texts": row.texts,
        "versions": [
            {"number": one.number, "texts": one.texts, "at": one.at, "actor": one.actor, "remark": one.remark}
            for one in versions
        ],
    }  # fmt: skip


def found_row(found: Found) -> Row:
    """One hit of a search."""
    return {
        "article": article_row(found.article), "language": found.language, "score": found.score,
        "title": "".join(piece for piece, _ in found.title),
        "excerpt": "".join(f"«{piece}»" if hit else piece for piece, hit in found.excerpt),
    }  # fmt: skip
