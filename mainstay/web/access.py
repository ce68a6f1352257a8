"""Who may open a page, and who acts on it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mainstay.domain.actor import Actor, Denied, authorise
from mainstay.people.models import Person
from mainstay.people.queries import actor_of

View = Callable[..., HttpResponse]


def actor(request: HttpRequest) -> Actor:
    """The person who is signed in."""
    assert isinstance(request.user, Person)  # noqa: S101 - every page but sign-in is behind ``page``
    return actor_of(request.user)


def page(act: str) -> Callable[[View], View]:
    """A page for those who are signed in and may do ``act``; others see why not."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                authorise(actor(request), act)
                return view(request, *args, **kwargs)
            except Denied as error:
                return render(request, "denied.html", {"reason": str(error)}, status=403)

        guarded.act = act  # type: ignore[attr-defined]  # read by the test that walks every route
        return login_required(guarded)

    return wrap
