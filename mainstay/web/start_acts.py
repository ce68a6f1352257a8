"""Onboarding's acts: each takes what a step's form says, keeps it, and goes on or says what is not right."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from pydantic import ValidationError

from mainstay.api.rows import told_row
from mainstay.catalogue import actions, kinds, packs, queries
from mainstay.catalogue.sources import Invalid
from mainstay.checker import trial as looking
from mainstay.domain import document
from mainstay.domain.draft import languages
from mainstay.domain.evidence import kept
from mainstay.domain.outline import DATABASES, MOST_PARTS, Outline, Part, dsn, fitted, moved
from mainstay.domain.pack import PackBook
from mainstay.domain.placeholder import names as placeholders
from mainstay.domain.saying import said
from mainstay.engine import trial as telling
from mainstay.monitoring.wording import format_value
from mainstay.web import changing, channel_form
from mainstay.web.access import actor, page
from mainstay.web.start import describing, is_secret, keys, outline_of, part_context, part_of, shown, told_context
from mainstay.web.start_words import ZONES, field_label

Said = HttpResponse


@page("catalogue.apply")
@require_POST
def save_system(request: HttpRequest) -> Said:
    """The first step."""
    before = outline_of(request)
    typed = {key: request.POST.get(key, "").strip() for key in ("system", "title", "timezone", "hours", "owner")}
    values: dict[str, Any] = {**typed, "tier": request.POST.get("tier", "2"), "timezone": typed["timezone"] or "UTC"}
    wrong = _wrong_system(values)
    if not wrong and (before is None or before.system != values["system"]) and _is_taken(values["system"]):
        wrong = {"system": _("A system of that name is under care already.")}
    if wrong:
        return shown(request, "system", before, values=values, wrong=wrong, zones=ZONES)
    values["tier"] = int(values["tier"])
    outline = before.model_copy(update=values) if before else Outline(**values)
    actions.keep_outline(outline, actor=actor(request))
    return redirect("startparts")


def _is_taken(name: str) -> bool:
    return queries.systems().filter(name=name).exists()


def _wrong_system(values: dict[str, Any]) -> dict[str, str]:
    """Field → what would be right."""
    wrong = {}
    if not values["title"]:
        wrong["title"] = _("How do people call it?")
    if values["timezone"] not in ZONES:
        wrong["timezone"] = _("Write such as Asia/Shanghai or Europe/Brussels.")
    try:
        document.System.model_validate({key: one for key, one in values.items() if key != "tier"} | {"tier": 2})
    except ValidationError as error:
        said = {
            "system": _("Small letters, digits and hyphens, such as shop."),
            "hours": _("Write such as Mon-Fri 09:00-18:00, or leave it empty."), "owner": _("At most 200 characters."),
        }  # fmt: skip
        keys_of = {str(item["loc"][0]) for item in error.errors()}
        wrong |= {key: said[key] for key in keys_of if key in said}
    if values["tier"] not in ("1", "2", "3"):
        wrong["tier"] = "1, 2, 3"
    return wrong


@page("catalogue.apply")
@require_POST
@describing
def add_part(request: HttpRequest, outline: Outline) -> Said:
    """A part of one of the kinds that a pack fits."""
    book = packs.find()
    pack, kind = request.POST.get("pack", ""), request.POST.get("kind", "")
    if pack not in book or kind not in book[pack].pack.kinds or len(outline.parts) >= MOST_PARTS:
        messages.error(request, _("That pack does not fit."))
        return redirect("startparts")
    needed = [one.name for one in outline.parts if kind == "http" and one.kind in (*DATABASES, "host")]
    made = Part(name=outline.free_name(kind), kind=kind, pack=pack, typed=_usual(kind), depends_on=needed)
    if "database" in book[pack].pack.parameters and kind not in DATABASES and needed:
        made = made.model_copy(update={"parameters": {"database": needed[0]}})
    actions.keep_outline(outline.with_part(made), actor=actor(request))
    return redirect("startpart", made.name)


def _usual(kind: str) -> dict[str, str]:
    if kind in DATABASES:
        return {"port": str(DATABASES[kind]), "user": "mainstay"}
    return {"address": "local"} if kind == "host" else {}


@page("catalogue.apply")
@require_POST
@describing
def remove_part(request: HttpRequest, outline: Outline, name: str) -> Said:
    """Not this part after all."""
    part_of(outline, name)
    actions.keep_outline(outline.without_part(name), actor=actor(request))
    return redirect("startparts")


@page("catalogue.apply")
@require_POST
@describing
def save_part(request: HttpRequest, outline: Outline, name: str) -> Said:
    """Keep what was filled in and go on."""
    return _with_part(request, outline, name, lambda *_kept: redirect("startparts"))


@page("catalogue.try")
@require_POST
@describing
def try_part(request: HttpRequest, outline: Outline, name: str) -> Said:
    """Keep what was filled in, then look once with the real drivers."""
    return _with_part(request, outline, name, partial(_try, request))


def _with_part(request: HttpRequest, outline: Outline, name: str, then: Any) -> Said:
    part = part_of(outline, name)
    typed = {key: request.POST.get(f"f-{key}", "").strip() for key in keys(part.kind)}
    try:
        outline, part = _filled(request, outline, part, typed)
    except ValueError as error:
        messages.error(request, said(error, _))
        context = part_context(outline, part, typed)
        return shown(request, "parts", outline, template="part", **context)
    actions.keep_outline(outline, actor=actor(request))
    answer: Said = then(outline, part)
    return answer


def _filled(request: HttpRequest, outline: Outline, part: Part, typed: dict[str, str]) -> tuple[Outline, Part]:
    """With everything of the form in it, secrets sealed. Raises ValueError in the reader's words."""
    for key, value in typed.items():
        if not value:
            raise ValueError(_("%(field)s is missing.") % {"field": field_label(key)})
    if "port" in typed and not (typed["port"].isdigit() and 0 < int(typed["port"]) < 65_536):
        raise ValueError(_("A port is a number from 1 to 65535."))
    sealed, who = set(outline.sealed), actor(request)
    secret = part.secret
    if part.kind in DATABASES and (password := request.POST.get("password", "")):
        value = dsn(part.kind, typed, password)
        secret = changing.seal(value, outline.system, part.name, "dsn", own=sealed & {part.secret}, who=who)
    elif part.kind in DATABASES and secret and moved(part.kind, part.typed, typed):
        raise ValueError(_("The password was given for another address or account; write it again."))
    elif part.kind in DATABASES and not secret:
        raise ValueError(_("The password is missing."))
    needed = [one for one in request.POST.getlist("depends_on") if one in {other.name for other in outline.parts}]
    book = packs.find().get(part.pack)
    parameters = _parameters(request, outline, part, book) if book else {}
    changed = {
        "typed": typed, "secret": secret, "depends_on": needed, "parameters": parameters, "looks": [], "tried_at": "",
    }  # fmt: skip
    made = part.model_copy(update=changed)
    given = {secret, *(str(one)[2:-1] for one in parameters.values() if str(one).startswith("${"))} - {""}
    return outline.with_part(made).model_copy(update={"sealed": sorted(sealed | given)}), made


def _parameters(request: HttpRequest, outline: Outline, part: Part, book: PackBook) -> dict[str, Any]:
    """Those that differ from the pack's defaults."""
    found: dict[str, Any] = {}
    for name, parameter in book.pack.parameters.items():
        text = request.POST.get(f"p-{name}", "").strip()
        if is_secret(name):
            before = str(part.parameters.get(name, ""))
            own = set(outline.sealed) & {before[2:-1]}
            value: Any = before
            if text:
                words = (outline.system, part.name, name)
                value = f"${{{changing.seal(text, *words, own=own, who=actor(request))}}}"
        elif not text and parameter.default != "":
            value = parameter.default
        else:
            try:
                value = fitted(text, parameter.default)
            except ValueError:
                raise ValueError(_("%(text)s does not fit %(name)s.") % {"text": text, "name": name}) from None
        if value != parameter.default:
            found[name] = value
    return found


def _try(request: HttpRequest, outline: Outline, part: Part) -> Said:
    """The looks are kept with the outline, as shown, until it is applied or dropped."""
    try:
        found = changing.examined(outline.model_copy(update={"notify": [], "channels": {}}).files(packs.find()))
        looks = looking.attempt(found.catalogue, actor=actor(request), component=f"{outline.system}/{part.name}")
    except Invalid as error:
        for line in changing.flaws(error):
            messages.error(request, line)
    except looking.Refused as error:
        messages.error(request, said(error, _))
    else:
        rows = list(map(_row, looks))
        tried = {"looks": rows, "tried_at": datetime.now(UTC).isoformat()}
        actions.keep_outline(outline.with_part(part.model_copy(update=tried)), actor=actor(request))
        _say_tried(request, rows)
    return redirect(reverse("startpart", args=[part.name]) + "#looks")


def _row(look: looking.Look) -> dict[str, Any]:
    """A look in codes and numbers; the page makes words of it, in whatever language it is read."""
    values = [f"{name} {format_value(*one)}" for name, one in list(look.values.items())[:4]]
    return {
        "title": languages(look.check.definition.title) or look.path, "state": look.state.value, "kind": look.kind,
        "reason": kept(look.why), "seen": look.seen, "values": values,
    }  # fmt: skip


def _say_tried(request: HttpRequest, rows: list[dict[str, Any]]) -> None:
    bad = sum(1 for row in rows if row["state"] != "ok" and row["seen"])
    if bad:
        said = ngettext("%(n)d of %(all)d looks is not ok.", "%(n)d of %(all)d looks are not ok.", bad)
        messages.error(request, said % {"n": bad, "all": len(rows)})
    else:
        messages.success(request, _("It works: these are the first values."))


@page("catalogue.apply")
@require_POST
@describing
def save_told(request: HttpRequest, outline: Outline) -> Said:
    """Which channels are told of this system."""
    known = {*queries.channels().values_list("name", flat=True), *outline.channels}
    chosen = [name for name in request.POST.getlist("notify") if name in known]
    actions.keep_outline(outline.model_copy(update={"notify": chosen}), actor=actor(request))
    return redirect("startsummary")


@page("catalogue.try")
@require_POST
@describing
def save_channel(request: HttpRequest, outline: Outline) -> Said:
    """A new channel; with ``test`` a message goes out at once and its outcome is shown."""
    who = actor(request)
    name = request.POST.get("name", "").strip()
    sealed = set(outline.sealed)
    try:
        described = _described(request, outline, name, sealed)
        found = changing.examined({"shared.yaml": {"channels": {name: described}}}).catalogue
    except ValueError as error:  # Invalid and Refused are such, too
        for line in changing.reasons(error):
            messages.error(request, line)
        return shown(request, "told", outline, **told_context(outline, request.POST, request.POST))
    told = dict(outline.told)
    if "test" in request.POST:
        told[name] = told_row(telling.tell(found, name, actor=who))
    more = {
        "channels": {**outline.channels, name: described}, "told": told, "sealed": sorted(sealed),
        "notify": list(dict.fromkeys([*outline.notify, name])),
    }  # fmt: skip
    actions.keep_outline(outline.model_copy(update=more), actor=who)
    return redirect(f"{reverse('starttold')}?name={name}#made")


def _described(request: HttpRequest, outline: Outline, name: str, sealed: set[str]) -> dict[str, Any]:
    """The new channel as YAML has it; the names of its secrets are added to ``sealed``."""
    kind, before = request.POST.get("kind", ""), outline.channels.get(name, {})
    if kind not in kinds.channel_kinds():
        raise ValueError(_("Choose how to tell them."))
    if queries.channels().filter(name=name).exists():
        raise ValueError(_("A channel of that name is there already."))

    def seal(what: str, value: str) -> str:
        held = placeholders(before.get(what, before.get(what.rstrip("_0123456789"))))
        made = changing.seal(value, name, what, own=sealed & held, who=actor(request))
        sealed.add(made)
        return f"${{{made}}}"

    settings = channel_form.read(kind, request.POST, before, seal)
    return {"kind": kind, **settings, "language": channel_form.language(request.POST)}


@page("catalogue.apply")
@require_POST
@describing
def remove_channel(request: HttpRequest, outline: Outline, name: str) -> Said:
    """Not this channel after all."""
    changed = {
        "channels": {key: one for key, one in outline.channels.items() if key != name},
        "told": {key: one for key, one in outline.told.items() if key != name},
        "notify": [key for key in outline.notify if key != name],
    }
    actions.keep_outline(outline.model_copy(update=changed), actor=actor(request))
    return redirect("starttold")


@page("catalogue.apply")
@require_POST
@describing
def apply(request: HttpRequest, outline: Outline) -> Said:
    """Make it so, and go to the system's page."""
    who = actor(request)
    if _is_taken(outline.system):
        messages.error(request, _("A system of that name is under care already."))
        return redirect("start")
    try:
        changing.apply(outline.files(packs.find()), who)
    except Invalid as error:
        for line in changing.flaws(error):
            messages.error(request, line)
        return redirect("startsummary")
    actions.drop_outline(actor=who)
    messages.success(request, _("It is under care. The first looks come within seconds."))
    return redirect("system", outline.system)


@page("catalogue.apply")
@require_POST
def drop(request: HttpRequest) -> Said:
    """Begin anew."""
    actions.drop_outline(actor=actor(request))
    messages.success(request, _("Forgotten, with the passwords that were given for it."))
    return redirect("start")
