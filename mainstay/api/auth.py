"""Who asks: a token in the header, or a person signed in on the page."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer, SessionAuth

from mainstay.domain.actor import Actor, authorise
from mainstay.people import actions, queries
from mainstay.people.models import Person


class TokenAuth(HttpBearer):
    """``Authorization: Bearer mst_…``."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:  # noqa: ARG002 - ninja's signature
        now = datetime.now(UTC)
        found = queries.token_of(token, now)
        if found is None:
            return None
        actions.touch_token(found, now)
        return queries.actor_of_token(found)


class PageAuth(SessionAuth):
    """The page's own session; writes need its CSRF token."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:  # noqa: ARG002 - ninja's signature
        person = request.user
        return queries.actor_of(person) if isinstance(person, Person) and person.is_active else None


def actor(request: HttpRequest, act: str | None = None) -> Actor:
    """The one who asks; with ``act``, who must be allowed to do it. Raises Denied."""
    found: Any = request.auth  # type: ignore[attr-defined]  # set by ninja once TokenAuth or PageAuth agreed
    assert isinstance(found, Actor)  # noqa: S101 - no operation here is without auth
    if act is not None:
        authorise(found, act)
    return found
