"""Who may open a page, and who acts on it."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mainstay.catalogue.models import Check, System
from mainstay.domain.actor import Actor, At, Denied, Sight, Unseen, authorise
from mainstay.domain.saying import said
from mainstay.incidents.models import Incident
from mainstay.people.models import Person
from mainstay.people.queries import actor_of, has_second_factor, seen
from mainstay.web import entering

View = Callable[..., HttpResponseBase]
Found = TypeVar("Found")


def actor(request: HttpRequest) -> Actor:
    """The person who is signed in, as actions know him."""
    return actor_of(me(request))


def visible(request: HttpRequest) -> Sight:
    """The systems that the person may see: what every query of a page is given."""
    return actor(request).sight


def may(request: HttpRequest, act: str, system: str | At | None) -> bool:
    """Whether a page shows the person the way to an act on a system."""
    return _allowed(actor(request), act, system)


def where(request: HttpRequest, act: str, systems: Iterable[str]) -> list[str]:
    """Those of the systems on which the person may act."""
    who = actor(request)
    return [name for name in systems if _allowed(who, act, name)]


def _allowed(who: Actor, act: str, system: str | At | None) -> bool:
    try:
        authorise(who, act, system=system)
    except Denied:
        return False
    return True


def or_404(look: Callable[[], Found]) -> Found:
    """What a look into the record gives; 404 where it is not there or may not be seen."""
    try:
        return look()
    except ObjectDoesNotExist:
        raise Http404 from None


def system_of(request: HttpRequest, name: str) -> System:
    """A system by its name; 404 for one that is not there or may not be seen."""
    return get_object_or_404(System.objects.filter(seen(visible(request), "name")), name=name)


def check_of(request: HttpRequest, system: str, name: str) -> Check:
    """A check by its names; 404 likewise."""
    found = Check.objects.filter(seen(visible(request), "system__name"))
    return get_object_or_404(found.select_related("system", "component", "standing"), system__name=system, name=name)


def incident_of(request: HttpRequest, number: int) -> Incident:
    """An incident by its number; 404 likewise."""
    found = Incident.objects.filter(seen(visible(request), "system__name"))
    return get_object_or_404(found.select_related("system", "root"), pk=number)


def me(request: HttpRequest) -> Person:
    """The person who is signed in."""
    assert isinstance(request.user, Person)  # noqa: S101 - every page but sign-in is behind ``page`` or ``own``
    return request.user


def page(act: str) -> Callable[[View], View]:
    """A page for those who are signed in and may do ``act``; others see why not."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if (first := entering.detour(request, me(request))) is not None:
                return first
            try:
                authorise(actor(request), act, system=At.ANYWHERE)
                return _shown(request, view, *args, **kwargs)
            except Unseen:
                raise Http404 from None
            except Denied as error:
                return render(request, "denied.html", {"reason": said(error, _)}, status=403)

        guarded.act = act  # type: ignore[attr-defined]  # read by the test that walks every route
        return _signed_in(guarded)

    return wrap


def own(*, fresh: bool = False, door: bool = False) -> Callable[[View], View]:
    """A page on which a person changes what is his own, whatever his role. ``fresh``: the password is asked for once
    more unless it was given lately. ``door``: also for who has no second factor yet although his role needs one."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            first = entering.detour(request, me(request))
            if first is not None and not (door and not has_second_factor(me(request))):
                return first
            if fresh and not entering.is_fresh(request):
                there = request.get_full_path() if request.method == "GET" else reverse("account")
                return redirect(f"{reverse('account-prove')}?{urlencode({'next': there})}")
            answer = _shown(request, view, *args, **kwargs)
            answer["Cache-Control"] = "no-store"
            return answer

        guarded.act = "own"  # type: ignore[attr-defined]  # read by the test that walks every route
        return _signed_in(guarded)

    return wrap


def _signed_in(view: View) -> View:
    """Strangers to the door. A fragment that refreshes has no room for another page: htmx takes the whole one there."""

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            answer = view(request, *args, **kwargs)
        else:
            answer = redirect_to_login(entering.place(request))
        if request.headers.get("HX-Request") and isinstance(answer, HttpResponseRedirect):
            return HttpResponse(headers={"HX-Redirect": answer.url})
        return answer

    return door


def _shown(request: HttpRequest, view: View, *args: Any, **kwargs: Any) -> HttpResponseBase:
    entering.seen(request)
    with timezone.override(me(request).timezone or timezone.get_default_timezone_name()):
        return view(request, *args, **kwargs)
