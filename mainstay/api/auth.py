"""Who asks, and whether he may: a token in the header, or a person signed in on the page.

Every operation names its act (``needs``); the table that decides is ``domain/actor.py``. It is asked here, before
anything of the request is read, and once more by the action that writes, then for the system in question. What is read
is what is in ``sight``.
"""

import math
import time
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security import HttpBearer
from ninja.security.apikey import APIKeyCookie
from ninja.utils import check_csrf

from mainstay.api.pace import Pace
from mainstay.domain.actor import PERMISSIONS, Actor, At, Sight, authorise, reach
from mainstay.people import actions, queries
from mainstay.people.models import Person

KNOWN = Pace(rate=100.0, burst=1000.0)
"""For each token or person."""

STRANGERS = Pace(rate=5.0, burst=50.0)
"""For each address that comes with a token that is not valid."""


class TooFast(Exception):
    """Come back after ``wait`` seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"too many requests; try again in {math.ceil(wait)} s")
        self.wait = math.ceil(wait)


class TokenAuth(HttpBearer):
    """``Authorization: Bearer mst_…``."""

    def __init__(self, act: str) -> None:
        super().__init__()
        self._act = act

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        now = datetime.now(UTC)
        found = queries.token_of(token, now)
        if found is None:
            _slow_down(STRANGERS, str(request.META.get("REMOTE_ADDR", "")))
            return None
        actions.touch_token(found, now)
        return _admitted(queries.actor_of_token(found), self._act)


class PageAuth(APIKeyCookie):
    """The page's own session; writes need its CSRF token."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self, act: str) -> None:
        super().__init__()
        self._act = act

    def __call__(self, request: HttpRequest) -> Actor | None:
        return self.authenticate(request, request.COOKIES.get(self.param_name))

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        person = request.user if key else None
        if not isinstance(person, Person) or not person.is_active:
            return None
        if queries.must_prove(person, request.session.get("proof")):
            raise HttpError(403, "your role needs a second factor; set it up on the page Account")
        if check_csrf(request):
            raise HttpError(403, "send the page's CSRF token in the header X-CSRFToken")
        return _admitted(queries.actor_of(person), self._act)


def _admitted(found: Actor, act: str) -> Actor:
    _slow_down(KNOWN, found.name)
    authorise(found, act, system=At.ANYWHERE)
    return found


def _slow_down(pace: Pace, name: str) -> None:
    if wait := pace.wait(name, time.monotonic()):
        raise TooFast(wait)


def needs(act: str, **more: Any) -> dict[str, Any]:
    """What an operation says of itself: the act that its caller must be allowed to do, and more for the document."""
    return {
        "auth": [TokenAuth(act), PageAuth(act)],
        "openapi_extra": {
            "x-act": act,
            "x-role": PERMISSIONS[act].name.lower(),
            "x-reach": reach(act).name.lower(),
            **more,
        },
    }


def actor(request: HttpRequest) -> Actor:
    """The one who asks, as the actions want to know him."""
    found: Any = request.auth  # type: ignore[attr-defined]  # set by ninja once TokenAuth or PageAuth agreed
    assert isinstance(found, Actor)  # noqa: S101 - no operation here is without auth
    return found


def sight(request: HttpRequest) -> Sight:
    """The systems that the one who asks may see."""
    return actor(request).sight
