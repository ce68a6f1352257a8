"""From the door to a session: what was proved, how lately, and where a session is in use."""

import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import escape_leading_slashes

from mainstay.api.pace import Pace
from mainstay.people import actions
from mainstay.people.models import Person
from mainstay.people.queries import has_second_factor, must_prove

BACKEND = "django.contrib.auth.backends.ModelBackend"
PATIENCE = 300.0
"""Seconds between the password and the second factor."""
FRESH = 600.0
"""Seconds for which a sign-in, or the password given once more, vouches for a change of what lets one in."""

_SEEN = Pace(rate=1 / 60, burst=1.0)
"""A session's last use is noted once a minute at most."""


def enter(request: HttpRequest, person: Person, proof: str) -> None:
    """Open a session for somebody who has proved who he is; ``proof`` says how."""
    now = datetime.now(UTC)
    login(request, person, backend=BACKEND)
    request.session.pop("waiting", None)
    request.session["proof"] = proof
    vouch(request)
    actions.open_sitting(
        person, request.session.session_key or "", agent=request.headers.get("User-Agent", ""),
        address=str(request.META.get("REMOTE_ADDR", "")), proof=proof, now=now,
    )  # fmt: skip


def vouch(request: HttpRequest) -> None:
    """It is he, as of now."""
    request.session["proved_at"] = time.time()


def is_fresh(request: HttpRequest) -> bool:
    """Whether he proved lately that it is he."""
    return 0 <= time.time() - float(request.session.get("proved_at", 0)) < FRESH


def hold(request: HttpRequest, person: Person, there: str) -> None:
    """The password was right; the second factor is waited for."""
    request.session["waiting"] = {"person": person.pk, "since": time.time(), "next": there}


def waiting(request: HttpRequest) -> tuple[Person, str] | None:
    """Whose second factor is waited for, and where he wants to go; None when nobody's is, or no longer."""
    held = request.session.get("waiting")
    if not held or not 0 <= time.time() - held["since"] < PATIENCE:
        return None
    person = Person.objects.filter(pk=held["person"], is_active=True).first()
    return (person, str(held["next"])) if person else None


def place(request: HttpRequest) -> str:
    """Where its reader is: a fragment is asked for by a page, and that is what he comes back to."""
    page = urlsplit(request.headers.get("HX-Current-URL", ""))
    shown = f"{page.path}?{page.query}".removesuffix("?")
    return escape_leading_slashes(shown) or request.get_full_path()


def detour(request: HttpRequest, person: Person) -> HttpResponseBase | None:
    """Where to go first, when the role needs a second factor and the session has none."""
    if not must_prove(person, request.session.get("proof")):
        return None
    if has_second_factor(person):
        hold(request, person, place(request))
        return redirect("sign-in-second")
    return redirect("account-factor")


def seen(request: HttpRequest) -> None:
    """Note that the session is in use."""
    key = request.session.session_key or ""
    if not _SEEN.wait(key, time.monotonic()):
        actions.touch_sitting(key, datetime.now(UTC))


def speak(answer: HttpResponseBase, language: str) -> None:
    """The language of this browser from now on."""
    keep(answer, settings.LANGUAGE_COOKIE_NAME, language)


def keep(answer: HttpResponseBase, cookie: str, value: str) -> None:
    """What this browser's reader prefers, signed in or not, for a year."""
    answer.set_cookie(cookie, value, max_age=365 * 86400, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
