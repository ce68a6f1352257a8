"""Settings, channels: how people are told, whether the last message arrived, a test, changes by the catalogue's act."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.catalogue import kinds, queries
from mainstay.catalogue.models import Channel
from mainstay.domain.actor import Sight
from mainstay.domain.placeholder import names
from mainstay.notices import actions as notices
from mainstay.notices.queries import newest_by_channel
from mainstay.web import changing, channel_form
from mainstay.web.access import actor, may, page, visible
from mainstay.web.live import live
from mainstay.web.settings_tabs import tabs

LEVELS = ("1", "2", "3")


@page("catalogue.read")
def channels(request: HttpRequest) -> HttpResponse:
    """Every channel in use, with what it was last used for; refreshes, so that a test's outcome appears."""
    sight = visible(request)
    found, last = queries.channels(sight), newest_by_channel()
    context = {
        "tabs": tabs(request, "settings"),
        "rows": [
            {"channel": one, "kind": channel_form.kind_title(one.kind), "last": last.get(one.pk),
             "systems": _seen(one, sight), "levels": one.document.get("levels", [])}
            for one in found
        ],
        "may_test": may(request, "channel.test", None), "may_edit": may(request, "catalogue.apply", None),
    }  # fmt: skip
    return live(request, "settings", context)


def _seen(channel: Channel, sight: Sight) -> list[str]:
    """The systems that it hears of, and that the reader may see; what else there is has no name here."""
    named = channel.document.get("systems", [])
    found = [name for name in named if name in sight]
    return found if len(found) == len(named) else [*found, "…"]


@page("channel.test")
@require_POST
def test(request: HttpRequest, name: str) -> HttpResponse:
    """Queue a test message; the engine sends it, and the list shows the outcome."""
    get_object_or_404(Channel, name=name, retired_at=None)
    notices.test_channel(name, actor=actor(request))
    messages.success(request, _("A test is on its way; its outcome appears below."))
    return redirect("settings")


@page("catalogue.apply")
def new(request: HttpRequest) -> HttpResponse:
    """The form of a new channel, once its kind is chosen."""
    return _form(request, request.GET.get("kind", ""))


@page("catalogue.apply")
def channel(request: HttpRequest, name: str) -> HttpResponse:
    """The form of one."""
    found = get_object_or_404(Channel, name=name, retired_at=None)
    return _form(request, found.kind, found)


def _form(request: HttpRequest, kind: str, found: Channel | None = None, *, typed: bool = False) -> HttpResponse:
    document = found.document if found else {}
    kind = kind if kind in kinds.channel_kinds() else ""
    post = request.POST
    context: dict[str, Any] = {
        "tabs": tabs(request, "settings"), "channel": found, "name": found.name if found else post.get("name", ""),
        "kind": kind, "kind_title": channel_form.kind_title(kind),
        "kind_hint": channel_form.kind_hint(kind), "kinds": channel_form.channel_kinds(),
        "fields": channel_form.fields(kind, found.settings if found else {}, post if typed else None) if kind else [],
        "language": post.get("language") or document.get("language") or channel_form.own_language(), "levels": LEVELS,
        "chosen": post.getlist("levels") if typed else list(map(str, document.get("levels", LEVELS))),
        "systems": queries.systems(),
        "chosen_systems": post.getlist("systems") if typed else document.get("systems", []),
        "users": queries.users_of("channel", found.name) if found else [],
    }  # fmt: skip
    return render(request, "channel.html", context)


@page("catalogue.apply")
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Make or change a channel; secrets go into the store."""
    post, who = request.POST, actor(request)
    name, kind = post.get("name", "").strip(), post.get("kind", "")
    found = Channel.objects.filter(name=name, retired_at=None).first()
    if kind not in kinds.channel_kinds() or ("new" in post and found is not None):
        messages.error(
            request, _("A channel of that name is there already.") if found else _("Choose how to tell them.")
        )
        return _form(request, kind, typed=True)
    before = found.settings if found is not None and found.kind == kind else {}

    def seal(what: str, value: str) -> str:
        return f"${{{changing.seal(value, name, what, own=_own(before, what), who=who)}}}"

    try:
        described: dict[str, Any] = {"kind": kind, **channel_form.read(kind, post, before, seal)}
        described["language"] = channel_form.language(post)
        if levels := [int(one) for one in LEVELS if one in post.getlist("levels")]:
            described["levels"] = levels
        if systems := post.getlist("systems"):
            described["systems"] = systems
        changing.apply({"shared.yaml": {"channels": {name: described}}}, who)
    except ValueError as error:  # Invalid and Refused are such, too
        for line in changing.reasons(error):
            messages.error(request, line)
        return _form(request, kind, found, typed=True)
    messages.success(request, _("%(name)s is saved.") % {"name": name})
    return redirect("settings")


def _own(before: dict[str, Any], what: str) -> set[str]:
    """The secret that this very field has and nothing else uses: it may be replaced in its place."""
    held = names(before.get(what.rstrip("_0123456789"), before.get(what, "")))
    uses = queries.secret_uses()
    return {name for name in held if len(uses.get(name, [])) <= 1}


@page("catalogue.apply")
@require_POST
def retire(request: HttpRequest, name: str) -> HttpResponse:
    """Tell nobody by it any more."""
    get_object_or_404(Channel, name=name, retired_at=None)
    return redirect("settings") if changing.retire(request, "channel", name) else redirect("channel", name)
