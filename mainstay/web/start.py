"""Onboarding: from nothing to a system under care in five steps, each a page that works without script.

What was filled in is kept in the database after every step, so a reload, another device or a restart loses nothing.
Passwords go into the secret store at once and never come back to a page.
"""

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mainstay.catalogue import packs, queries
from mainstay.catalogue.sources import Invalid
from mainstay.domain.outline import DATABASES, FIELDS, Outline, Part
from mainstay.domain.pack import PackBook, first_words, grants
from mainstay.domain.placeholder import looks_secret
from mainstay.domain.yaml_text import write
from mainstay.monitoring.advice import advice
from mainstay.monitoring.wording import explain
from mainstay.web import changing, channel_form
from mainstay.web.access import actor, page
from mainstay.web.start_words import ZONES, field_hint, field_label, kind_title

STEPS = ("system", "parts", "told", "summary")


def outline_of(request: HttpRequest) -> Outline | None:
    """What this person is describing."""
    return queries.outline(actor(request), datetime.now(UTC))


def describing(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Hands a view what this person is describing; who describes nothing begins at the first step."""

    @wraps(view)
    def handed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        outline = outline_of(request)
        return redirect("start") if outline is None else view(request, outline, *args, **kwargs)

    return handed


def shown(request: HttpRequest, step: str, outline: Outline | None, **context: Any) -> HttpResponse:
    """The page of a step, with where one is among all of them."""
    titles = {
        "system": _("The system"), "parts": _("What it is made of"), "told": _("Who is told"), "summary": _("Summary"),
    }  # fmt: skip
    steps = [{"name": name, "title": titles[name], "here": name == step, "open": outline is not None} for name in STEPS]
    values = {"outline": outline, "steps": steps, "number": STEPS.index(step) + 1, **context}
    return render(request, f"start_{context.pop('template', step)}.html", values)


@page("catalogue.apply")
def start(request: HttpRequest) -> HttpResponse:
    """The first step: which system it is."""
    outline = outline_of(request)
    values = outline.model_dump() if outline else {"tier": 2, "timezone": "", "owner": request.user.get_username()}
    return shown(request, "system", outline, values=values, zones=ZONES)


@page("catalogue.apply")
@describing
def parts(request: HttpRequest, outline: Outline) -> HttpResponse:
    """What it is made of: the parts so far, and the packs to choose a further one from."""
    book = packs.find()
    return shown(
        request, "parts", outline, offered=offered(book), parts=[_row(part, book) for part in outline.parts],
    )  # fmt: skip


def _row(part: Part, book: Mapping[str, PackBook]) -> dict[str, Any]:
    states = [look["state"] for look in part.looks]
    title = book[part.pack].pack.title if part.pack in book else part.pack
    typed = part.typed
    where = next((typed[key] for key in ("url", "file", "address") if typed.get(key)), "")
    if part.kind in DATABASES and typed.get("host"):
        where = f"{typed['user']}@{typed['host']}:{typed['port']}/{typed['database']}"
    return {
        "part": part, "title": title, "kind": kind_title(part.kind), "where": where,
        "tried": bool(part.tried_at), "well": states.count("ok"), "not_well": len(states) - states.count("ok"),
    }  # fmt: skip


def offered(book: Mapping[str, PackBook]) -> list[dict[str, Any]]:
    """Every pack with its first words, what it looks at, and the kinds of component that it fits."""
    return [
        {
            "name": name, "title": one.pack.title, "words": first_words(one.readme), "checks": len(one.pack.checks),
            "kinds": [(kind, kind_title(kind)) for kind in one.pack.kinds],
        }
        for name, one in sorted(book.items(), key=lambda item: ORDER.get(item[0], 99))
    ]  # fmt: skip


ORDER = {name: place for place, name in enumerate(("web-service", "postgresql", "mariadb", "linux-host", "tryton"))}


@page("catalogue.apply")
@describing
def part(request: HttpRequest, outline: Outline, name: str) -> HttpResponse:
    """One part: where it is, the account, what the trial saw."""
    found = part_of(outline, name)
    return shown(request, "parts", outline, template="part", **part_context(outline, found))


def part_of(outline: Outline, name: str) -> Part:
    """404 when there is none."""
    try:
        return outline.part(name)
    except KeyError:
        raise Http404 from None


def part_context(outline: Outline, found: Part, typed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What the page of a part shows; ``typed`` are fields that could not be taken."""
    book = packs.find()
    one = book.get(found.pack)
    values = {**found.typed, **(typed or {})}
    return {
        "part": found, "kind": kind_title(found.kind), "pack": one.pack if one else None,
        "fields": [
            (key, field_label(key), field_hint(found.kind, key), values.get(key, "")) for key in keys(found.kind)
        ],
        "account": found.kind in DATABASES, "given": bool(found.secret),
        "grants": grants(one, values.get("user") or "mainstay", values.get("database") or _("DATABASE")) if one else "",
        "others": [other for other in outline.parts if other.name != found.name],
        "parameters": _parameters(one, found, outline) if one else {},
        "looks": (looks := _in_words(found.looks)), "stopped": _stopped(looks),
    }  # fmt: skip


def _in_words(looks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**look, "why": explain(look["reason"]), "todo": advice(look["reason"].get("fault", ""), look["kind"])}
        for look in looks
    ]


def _stopped(looks: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The one reason, where none of several looks got in: said once instead of for each."""
    reasons = {look["why"] for look in looks}
    return looks[0] if len(looks) > 1 and len(reasons) == 1 and looks[0]["todo"] else None


def keys(kind: str) -> tuple[str, ...]:
    """The fields of a kind."""
    return FIELDS.get(kind, ("address",))


def _parameters(book: PackBook, found: Part, outline: Outline) -> dict[str, list[dict[str, Any]]]:
    """The pack's parameters: those that somebody should fill in, and the limits, which have sensible values."""
    sides: dict[str, list[dict[str, Any]]] = {"asked": [], "limits": []}
    for name, parameter in book.pack.parameters.items():
        secret = is_secret(name)
        value = found.parameters.get(name, parameter.default)
        names = [one.name for one in outline.parts if one.kind in DATABASES] if name == "database" else []
        row = {
            "name": name, "title": parameter.title, "value": "" if secret else value, "secret": secret, "names": names,
            "given": secret and bool(found.parameters.get(name)), "default": parameter.default,
        }  # fmt: skip
        sides["asked" if parameter.default == "" or names else "limits"].append(row)
    return sides


def is_secret(parameter: str) -> bool:
    """Whether its value is a password or the like."""
    return looks_secret((parameter,), "x")


@page("catalogue.apply")
@describing
def told(request: HttpRequest, outline: Outline) -> HttpResponse:
    """Who is told: channels there are, and new ones."""
    return shown(request, "told", outline, **told_context(outline, request.GET))


def told_context(outline: Outline, asked: Mapping[str, str], typed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The channels to choose from, and the form of a new one where ``asked`` names a kind, or of one that was made."""
    kind, name = asked.get("kind", ""), asked.get("name", "").strip()
    before = outline.channels.get(name, {})
    kind = before.get("kind", kind)
    known = [one["kind"] for one in channel_form.channel_kinds()]
    return {
        "channels": [(row, row.name in outline.notify) for row in queries.channels()],
        "made": [
            {"name": key, "kind": channel_form.kind_title(one["kind"]), "told": outline.told.get(key),
             "chosen": key in outline.notify}
            for key, one in outline.channels.items()
        ],
        "kinds": channel_form.channel_kinds(), "kind": kind if kind in known else "", "channel": name,
        "kind_title": channel_form.kind_title(kind), "kind_hint": channel_form.kind_hint(kind),
        "language": before.get("language") or channel_form.own_language(),
        "fields": channel_form.fields(kind, before, typed) if kind in known else [],
    }  # fmt: skip


@page("catalogue.apply")
@describing
def summary(request: HttpRequest, outline: Outline) -> HttpResponse:
    """What will be applied, as YAML, and whether anything is wrong with it."""
    files = outline.files(packs.find())
    wrong: list[str] = []
    try:
        checks = sum(len(one.checks) for one in changing.examined(files).catalogue.systems.values())
    except Invalid as error:
        wrong, checks = changing.flaws(error), 0
    return shown(
        request, "summary", outline, files={name: write(one) for name, one in files.items()}, wrong=wrong,
        checks=checks, untried=[one.name for one in outline.parts if not one.tried_at],
    )  # fmt: skip


@page("catalogue.export")
@describing
def download(_request: HttpRequest, outline: Outline) -> HttpResponse:
    """The files that would be applied; more than one as a ZIP."""
    texts = {name: write(one) for name, one in outline.files(packs.find()).items()}
    if len(texts) == 1:
        ((name, text),) = texts.items()
        answer = HttpResponse(text, content_type="application/yaml")
    else:
        name, packed = f"{outline.system}.zip", io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for inner, text in texts.items():
                archive.writestr(inner, text)
        answer = HttpResponse(packed.getvalue(), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
