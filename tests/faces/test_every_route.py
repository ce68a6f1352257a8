"""Every address of the pages and every operation of the API × everybody × one's own and a foreign object.

What is expected follows from the one table of permissions. An address or an operation that this walk has no rule for
fails it, and so does any answer that gives more than the table does.
"""

import json
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver

from mainstay.api.document import document
from mainstay.domain.actor import PERMISSIONS, Reach, Role, reach
from mainstay.people.models import Passkey, Sitting
from mainstay.sealing import RING
from mainstay.web.entering import BACKEND
from tests.faces.test_api import fitting
from tests.faces.two_systems import FOREIGN, NARROW, OWN, PLACES, Who, World, everybody, person, possessions, token

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume"),  # served by ASGI where it matters
]

OPERATIONS: dict[str, list[tuple[str, str]]] = defaultdict(list)
for _path, _item in sorted(document()["paths"].items()):
    OPERATIONS[_path.split("/")[3]] += [(method, _path) for method in sorted(_item)]
"""By the first word of their paths: those walk on one world."""
API_OBJECTS = {
    "systems": {"name": "system"}, "checks": {"system": "system", "name": "check"}, "incidents": {"number": "incident"},
    "mutes": {"number": "mute"}, "deliveries": {"number": "delivery"}, "channels": {"name": "channel"},
    "files": {"number": "incident", "file": "file"}, "people": {"username": "person"},
    "tokens": {"name": "token"}, "secrets": {"name": "secret"},
    "inspections": {"number": "sheet"}, "lines": {"number": "sheet", "place": "line"}, "month": {"system": "system"},
    "policies": {"system": "system", "name": "policy"}, "stores": {"name": "store"},
    "jobs": {"number": "backup"}, "copies": {"number": "copy"}, "proofs": {"number": "proof"},
    "restores": {"number": "restore"}, "articles": {"number": "article"}, "tickets": {"number": "ticket"},
    "overrides": {"number": "override"}, "rotations": {"name": "rotation"}, "swaps": {"number": "swap"},
    "hand-overs": {"number": "handover"}, "feeds": {"kind": "feed_kind", "owner": "person"},
    "reviews": {"number": "review"}, "actions": {"number": "action"},
    "plans": {"name": "plan"}, "drills": {"number": "drill"},
    "runbooks": {"name": "runbook"}, "runs": {"number": "run"},
    "remedies": {"system": "system", "name": "remedy"}, "evidence": {"number": "run", "file": "shows"},
}  # fmt: skip
"""The last word of an operation's path that is a kind of object → what stands for each of its parameters."""
ON_SYSTEM = {
    "system", "check", "incident", "mute", "delivery", "sheet", "backup", "copy", "proof", "restore", "article",
    "ticket", "run", "review", "action", "remedy", "plan", "drill",
}  # fmt: skip
API_BODIES = {
    "/api/v1/incidents": "system", "/api/v1/mutes": "system", "/api/v1/alertmanager": "alerts",
    "/api/v1/inspections": "system", "/api/v1/inspections/countersign": "system",
    "/api/v1/backups/jobs": "policy", "/api/v1/backups/proofs": "policy", "/api/v1/backups/keys": "policy",
    "/api/v1/backups/restores": "policy", "/api/v1/articles": "system", "/api/v1/tickets": "system",
    "/api/v1/runbooks/{name}/run": "target", "/api/v1/deployments": "system",
    "/api/v1/runbooks/{name}/dry-run": "target", "/api/v1/plans": "system", "/api/v1/drills": "plan",
}  # fmt: skip
"""Posts whose body says which system."""
API_QUERIES = {"samples": "?metric=x", "print": "?form=html", "{system}": "?month=2026-11"}
"""The last part of a path → what has to be asked for."""

ROUTES: dict[str, list[URLPattern]] = defaultdict(list)
for _route in get_resolver().url_patterns:
    if isinstance(_route, URLPattern) and _route.name:
        ROUTES[_route.name.split("-")[0]].append(_route)
"""By the first word of their names."""
OPEN = {
    "root", "sign-in", "sign-in-second", "sign-in-passkey-options", "sign-in-passkey", "invitation", "invitation-link",
    "sign-out", "language", "theme", "openapi", "metrics",
    "status", "status-json", "status-atom",
    "helpdesk", "helpdesk-ticket", "helpdesk-file", "helpdesk-article", "helpdesk-score",
    "acknowledge", "on-call-feed", "pagerduty", "pagerduty-change",
}  # fmt: skip
"""Pages for everybody: they show nothing that is anybody's."""
WEB_OBJECTS = {
    "system_yaml": {"name": "system"}, "check_edit": {"system": "system", "name": "check"},
    "system": {"name": "system"}, "check": {"system": "system", "name": "check"}, "incident": {"number": "incident"},
    "attachment": {"number": "incident", "file": "file"}, "person": {"username": "person"},
    "token": {"number": "token"}, "account-session-end": {"number": "sitting"},
    "channel": {"name": "channel"}, "calendar": {"name": "calendar"}, "secret": {"name": "secret"},
    "start": {"name": "channel"}, "startpart": {"name": "channel"},
    "account-passkey-remove": {"number": "passkey"}, "invitation-link": {"text": "person"},
    "help": {"name": "manual"}, "inspection": {"number": "sheet"},
    "inspectionfile": {"number": "sheet", "name": "form"}, "inspection-remark": {"number": "sheet", "place": "line"},
    "inspection-raise": {"number": "sheet", "place": "line"}, "delivery": {"number": "delivery"},
    "backupjob": {"number": "backup"}, "backupcopy": {"number": "copy"}, "backupproof": {"number": "proof"},
    "backuprestore": {"number": "restore"}, "copyfiles": {"number": "copy"},
    "backupcertificate": {"number": "proof", "form": "paper"},
    "backuppolicy": {"system": "system", "name": "policy"}, "store": {"name": "store"},
    "desk": {"number": "ticket"}, "desk-file": {"number": "ticket", "file": "ticketfile"},
    "helpdesk-ticket": {"key": "key"}, "helpdesk-file": {"key": "key", "number": "keyfile"},
    "helpdesk-article": {"number": "public"}, "helpdesk-score": {"token": "key"},
    "article": {"number": "article"}, "article-draft": {"number": "incident"},
    "system-unmute": {"name": "system", "number": "mute"},
    "account-contact-remove": {"number": "contact"},
    "acknowledge": {"text": "person"}, "on-call-override-end": {"number": "override"},
    "on-call-feed": {"kind": "feed_kind", "name": "person", "sign": "sign"},
    **{f"on-call-swap-{act}": {"number": "swap"} for act in ("take", "refuse", "withdraw")},
    "on-call-hand-over": {"number": "handover"}, "on-call-hand-over-confirm": {"number": "handover"},
    "rotation": {"name": "rotation"},
    "review": {"number": "review"}, "review-open": {"number": "incident"},
    "reviewpaper": {"number": "review", "form": "printed"},
    **{f"review-action-{act}": {"number": "action"} for act in ("change", "done", "accept")},
    "runbook": {"name": "runbook"}, "remedy": {"system": "system", "name": "remedy"},
    "plan": {"name": "plan"}, "planedit": {"name": "plan"},
    "planfile": {"name": "plan", "form": "paper_form"}, "drill": {"number": "drill"},
    "runbookedit": {"name": "runbook"}, "run": {"number": "run"}, "run-file": {"number": "run", "name": "shows"},
}  # fmt: skip
"""The name of a route, or its first word → what stands for each of its parameters."""
WEB_BODIES = {
    "inspection-run", "countersign", "incident-open", "backup-run", "backup-prove", "backup-key",
    "backup-restore", "articlenew", "desk-open", "runbook-run", "plannew", "drill-plan",
}  # fmt: skip
"""Pages whose form says which system."""
FORM = {
    "text": "x", "reason": "x", "hours": "1", "level": "1", "category": "data", "role": "viewer", "username": "new",
    "name": "new", "days": "9", "language": "en", "password": "x", "next": "/today/", "active": "on",
    "year": "2026", "week": "48", "title": "x", "kind": "question", "subject": "x", "rotation": "week",
    "due": "2027-01-31", "due_at": "2027-01-31", "owner": "zoe", "ending": "training", "proof": "x",
}  # fmt: skip


SOME = (Who(Role.NONE), Who(Role.NONE, ((OWN, Role.VIEWER),)), Who(Role.ADMINISTRATOR))
"""For pages on which nobody's role counts."""


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is done inside has not been."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, settings: Any) -> World:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # hundreds of people are made here
    monkeypatch.setattr(RING, "drop", lambda _key: None)  # a key that is gone is not undone
    return World()


def filled(template: str, rule: dict[str, str] | None, there: dict[str, Any]) -> str:
    """An address with an object of a system in it; None where no rule says which."""
    wanted = re.findall(r"[{<](?:\w+:)?(\w+)[}>]", template)
    assert not wanted or (rule is not None and set(rule) == set(wanted)), f"{template} has no rule; give it one here"
    return re.sub(r"[{<](?:\w+:)?(\w+)[}>]", lambda found: str(there[(rule or {})[found[1]]]), template)


def body_for(method: str, path: str, system: str) -> Any:
    body = fitting(method, path)
    if "system" in body:
        body["system"] = system
    if "alerts" in body:
        body["alerts"] = [{"status": "firing", "labels": {"mainstay_system": system, "alertname": "x"}}]
    if path in ("/api/v1/backups/jobs", "/api/v1/backups/proofs", "/api/v1/backups/keys"):
        body = {"policy": f"{system}/nightly"}
    if path.startswith("/api/v1/runbooks/{name}/"):
        body = {"target": system}
    if path.startswith("/api/v1/on-call/rotations/"):
        body = {"layers": [{"people": ["zoe"], "start": "2026-01-05"}]}
    if path == "/api/v1/backups/restores":
        body = {"policy": f"{system}/nightly", "to": "live"}
    if path == "/api/v1/drills":
        body["plan"] = f"{system}-dies"
    if "files" in body:
        body["files"] = {"x.yaml": "system: another\n"}
    return body


@pytest.mark.parametrize("word", OPERATIONS)
def test_operations(world: World, word: str) -> None:
    for method, path in OPERATIONS[word]:
        operate(world, method, path)


def operate(world: World, method: str, path: str) -> None:
    act = document()["paths"][path][method]["x-act"]
    words = path.split("/")
    rule = next((API_OBJECTS[word] for word in reversed(words) if word in API_OBJECTS), None)
    spoken = method == "post" and path in API_BODIES
    bound = (bool(ON_SYSTEM & set((rule or {}).values())) and "{" in path) or spoken
    for place in PLACES if "{" in path or spoken else [OWN]:  # elsewhere both would be the same request
        address = filled(path, rule, world.there[place]) + API_QUERIES.get(words[-1], "")
        body = json.dumps(body_for(method, path, place))
        assert call(Client(), method, address, body).status_code == 401
        for who in everybody(*NARROW):
            with undone():
                text = token(who)
                answer = call(Client(headers={"authorization": f"Bearer {text}"}), method, address, body)
                allowed = expected(who, act, place, bound)
                case = f"{who}: {method} {address} gave {answer.status_code}"
                assert answer.status_code in ((200, 409) if allowed == 200 else (allowed,)), case
                quiet(answer, who, act, case)


def call(client: Client, method: str, address: str, body: str) -> Any:
    return client.generic(method.upper(), address, data=body, content_type="application/json")


def expected(who: Who, act: str, place: str, bound: bool) -> int:
    """200, 403, or 404 for what may not even be seen."""
    if not who.may(act):
        return 403
    if not bound or who.may(act, place, bound=True):
        return 200
    return 403 if who.sees(place) else 404


def quiet(answer: Any, who: Who, act: str, case: str) -> None:
    """Nobody reads of a system that he may not see, but one who says who may see it."""
    grants = act in PERMISSIONS and reach(act) is Reach.MAINSTAY and who.may(act)
    if not who.sees(FOREIGN) and not grants and not answer.streaming:
        assert FOREIGN not in answer.content.decode(), case


@pytest.mark.parametrize("word", ROUTES)
def test_pages(world: World, word: str) -> None:
    for route in ROUTES[word]:
        walk(world, route)


def walk(world: World, route: URLPattern) -> None:
    name, act = str(route.name), getattr(route.callback, "act", "")
    assert bool(act) is not (name in OPEN), f"{name} has no rule: name its act by page() or own()"
    rule = (
        WEB_OBJECTS.get(name) or WEB_OBJECTS.get(name.split("-", maxsplit=1)[0]) if "<" in str(route.pattern) else None
    )
    posts = name in WEB_BODIES
    bound = posts or bool(ON_SYSTEM & set((rule or {}).values()))
    for place in PLACES if rule or posts else [OWN]:  # elsewhere both would be the same request
        for method in ("post",) if posts else ("get", "post"):
            with undone():
                there = {**world.there[place], **world.foreign}
                answer = getattr(Client(), method)("/" + filled(str(route.pattern), rule, there), FORM)
                assert act == "" or (answer.status_code == 302 and answer["Location"].startswith("/sign-in/"))
            with undone():
                status = visit(world, route, act, rule, bound, place, method, SOME[-1])
            few = act in ("", "own") or status == 405  # no such method: a few show that it lets nobody in
            for who in SOME if few else everybody():
                if who != SOME[-1]:
                    with undone():
                        visit(world, route, act, rule, bound, place, method, who)


def visit(
    world: World, route: URLPattern, act: str, rule: dict[str, str] | None, bound: bool, place: str, method: str,
    who: Who,
) -> int:  # fmt: skip
    """One request, held against the table; the status of its answer."""
    guest, client = person(who), Client()
    client.force_login(guest, backend=BACKEND)
    session = client.session
    session["proved_at"] = time.time()
    session.save()
    mine = possessions(guest)
    address = "/" + filled(
        str(route.pattern), rule, {**world.there[place], **(mine if place == OWN else world.foreign)}
    )
    words = {**FORM, "system": place, "policy": f"{place}/nightly", "target": place, "plan": f"{place}-dies"}
    if route.name.startswith("backup"):
        words["level"] = "full"
    form = words if route.name in WEB_BODIES else FORM
    answer = getattr(client, method)(address, form)
    case = f"{who}: {method} {address} gave {answer.status_code}"
    if act in ("", "own"):
        allowed = 404 if {"sitting", "passkey", "contact"} & set((rule or {}).values()) and place == FOREIGN else 200
    else:
        allowed = expected(who, act, place, bound)
    if allowed == 200:
        assert answer.status_code < 400 or answer.status_code in (400, 405, 409, 410), case
    else:
        assert answer.status_code == allowed or (method == "get" and answer.status_code == 405), case
    assert Sitting.objects.filter(pk=world.foreign["sitting"]).exists() or act in ("session.end", "factor.reset"), case
    assert Passkey.objects.filter(pk=world.foreign["passkey"]).exists() or act == "factor.reset", case
    if not bound:
        quiet(answer, who, act, case)
    if method == "get" and answer.status_code == 200 and "text/html" in answer["Content-Type"]:
        assert missing_without_script(answer.content.decode(), str(route.name)) == [], case
    return int(answer.status_code)


def missing_without_script(page: str, name: str) -> list[str]:
    """What somebody without script would not get to read or to press: the page says all of it by itself."""
    if "<main" not in page or name == "design":  # a fragment or a file; components that lead nowhere
        return []
    main = page.partition("<main")[2].partition("</main>")[0]
    found = [] if re.search(r"<h1\b[^>]*>.*?\w", page, re.DOTALL) else ["a heading"]
    found += re.findall(r'hx-trigger="(?:load|revealed|intersect)[^"]*"', main)
    outside = re.sub(r"<form\b.*?</form>", "", main, flags=re.DOTALL)
    found += re.findall(r"<button\b(?![^>]*\bform=)[^>]*>", outside)
    for form in re.findall(r"<form\b(?![^>]*data-passkey).*?</form>", main, re.DOTALL):
        if not re.search(r'<button\b(?![^>]*type="button")|type="search"', form):
            found.append(f"a button for {form[:80]}")
    return found
