"""Two systems and one of everything on each, and everybody who may come: what the walk over all routes walks on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.sessions.backends.db import SessionStore

from mainstay.backups.models import Restore
from mainstay.backups.queries.restores import seal_of
from mainstay.catalogue.actions import apply, set_secret
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import Check, Policy, System
from mainstay.domain.actor import PERMISSIONS, Actor, Reach, Role, reach
from mainstay.domain.restoring import Wish
from mainstay.help_desk.actions import Report, Sent, open_ticket
from mainstay.help_desk.models import File as TicketFile
from mainstay.incidents.actions import File, note, open_by_hand, resolve
from mainstay.inspection.actions import run_by_hand
from mainstay.knowledge.actions import About, Text, publish, write
from mainstay.monitoring.actions import mute
from mainstay.notices.models import Delivery
from mainstay.on_call import actions as on_call
from mainstay.on_call.feeds import path
from mainstay.people.actions import add_contact, create_token
from mainstay.people.models import Passkey, Person, Sitting, SystemRole
from mainstay.people.queries import actor_of, actor_of_token
from mainstay.plans import actions as plans
from mainstay.reviews.actions import act_on_drill, add_action
from mainstay.reviews.actions import open_by_hand as open_review
from mainstay.runbooks.actions import run as run_runbook
from mainstay.runbooks.actions import write as write_runbook
from mainstay.runbooks.models import Answer, Proof, Step
from tests.line.backed_up import copy as backup_copy
from tests.line.backed_up import proof
from tests.line.on_call import arrange
from tests.line.planned import PLAN

ROOT = Actor("test", Role.ADMINISTRATOR)
OWN, FOREIGN = "shop", "secretbooks"
PLACES = (OWN, FOREIGN)
SYSTEM = """
system: {name}
tier: 1
components:
  web: {{kind: http, url: "http://127.0.0.1:1/"}}
  db: {{kind: sqlite, dsn: "sqlite:////srv/{name}/x.sqlite3"}}
backups:
  nightly: {{of: db, stores: [vault]}}
remedies:
  again: {{checks: home, runbook: again}}
checks:
  home: {{probe: {{kind: http, on: web}}, impact: outage}}
  job: {{probe: {{kind: heartbeat, period: 1h, grace: 5m}}}}
"""
SHARED = """
channels:
  team:
    {kind: smtp, host: 127.0.0.1, port: 1, sender: m@shop.example, to: [it@shop.example], systems: [shop, secretbooks]}
calendars:
  cn: {holidays: ["2027-01-01"]}
stores:
  vault: {kind: directory, path: /srv/vault}
"""


@dataclass(frozen=True)
class Who:
    """Somebody who comes: a role, where he holds it, and as a token the scopes."""

    role: Role
    systems: tuple[tuple[str, Role], ...] = ()
    scopes: tuple[str, ...] | None = None

    def __str__(self) -> str:
        fenced = ", ".join(f"{system} {role.name.lower()}" for system, role in self.systems)
        return f"{self.role.name.lower()}{f' ({fenced})' if fenced else ''}{f' {self.scopes}' if self.scopes else ''}"

    def may(self, act: str, system: str | None = None, *, bound: bool = False) -> bool:
        """By the table alone, written down once more: the roles that count, and the least that is needed."""
        held = dict(self.systems)
        match reach(act):
            case Reach.MAINSTAY:
                role = self.role
            case Reach.EVERY:
                role = min([self.role, *held.values()])
            case _:
                role = held.get(system or "", self.role) if bound else max([self.role, *held.values()])
        scoped = self.scopes is None or act in self.scopes or act.split(".", maxsplit=1)[0] in self.scopes
        return role >= PERMISSIONS[act] and scoped

    def sees(self, system: str) -> bool:
        return dict(self.systems).get(system, self.role) > Role.NONE


EVERYBODY = (
    *(Who(role) for role in Role),
    *(Who(Role.NONE, ((OWN, role),)) for role in (Role.VIEWER, Role.OPERATOR, Role.ADMINISTRATOR)),
    *(Who(role, ((FOREIGN, Role.NONE),)) for role in (Role.OPERATOR, Role.ADMINISTRATOR)),
    Who(Role.VIEWER, ((FOREIGN, Role.OPERATOR),)),
)
NARROW = (Who(Role.OPERATOR, scopes=("incident.acknowledge",)), Who(Role.NONE, ((OWN, Role.OPERATOR),), ("check",)))


class World:
    """Names and numbers of what is there, for each of the two systems."""

    def __init__(self) -> None:
        files = {f"{name}.yaml": SYSTEM.format(name=name).encode() for name in PLACES}
        apply(examine({**files, "shared.yaml": SHARED.encode()}).catalogue, actor=ROOT)
        set_secret("A_SECRET", "x", actor=ROOT)
        self.foreign = possessions(Person.objects.create(username="zoe", role=Role.VIEWER, password="!"))
        _, self.token = create_token(name="old", role=Role.VIEWER, actor=ROOT)
        duty = self._duty()
        self.there = {name: {**self._objects(name), **duty} for name in PLACES}

    def _duty(self) -> dict[str, Any]:
        """A rotation, somebody who stands in, a swap, a hand-over and a calendar; they belong to no system."""
        now, hours = datetime.now(UTC), timedelta(hours=2)
        arrange("rotation", "week", layers=[{"people": ["zoe"], "start": "2026-01-05"}])
        Person.objects.create(username="yan", role=Role.OPERATOR, password="!")
        stands = on_call.override("week", "zoe", now + 24 * hours, now + 25 * hours, actor=ROOT)
        swap = on_call.ask_swap("week", "zoe", now + hours, now + 2 * hours, actor=ROOT)
        over = on_call.hand_over("week", to="yan", actor=ROOT)
        sign = path(on_call.renew_feed("person", "zoe", actor=ROOT)).rpartition("/")[2].removesuffix(".ics")
        return {
            "override": stands.pk, "swap": swap.pk, "handover": over.pk, "rotation": "week",
            "feed_kind": "person", "sign": sign,
        }  # fmt: skip

    def _reported(self, name: str) -> dict[str, Any]:
        """A ticket of the system, and one of nobody's, whose page is for who has its key."""
        files = [Sent("a.txt", b"x")]
        inner = open_ticket(Report("question", f"{name} is slow", "x", name, files=files), actor=ROOT, came_by="api")
        outer = open_ticket(Report("question", "x", "x", files=files), actor=ROOT, came_by="api")
        public = write(Text("en", "x", "x"), actor=ROOT)
        publish(public.pk, actor=ROOT, public=True)
        file, key_file = (TicketFile.objects.get(message__ticket=one).pk for one in (inner, outer))
        return {"ticket": inner.pk, "ticketfile": file, "key": outer.key, "keyfile": key_file, "public": public.pk}

    def _planned(self, name: str) -> dict[str, Any]:
        """A plan in force, a drill of it that goes on, and what that showed."""
        plan = plans.write({**PLAN, "plan": f"{name}-dies", "system": name, "checks": []}, actor=ROOT)
        plans.approve(plan.name, actor=ROOT)
        drill = plans.plan_drill(plan.name, "table", datetime.now(UTC), actor=ROOT)
        plans.start(drill.pk, actor=ROOT)
        until = datetime.now(UTC).date() + timedelta(days=9)
        shown = act_on_drill(drill.pk, "x", owner="zoe", due=until, actor=ROOT)
        return {"plan": plan.name, "drill": drill.pk, "shown": shown.pk, "paper_form": "yaml"}

    def _objects(self, name: str) -> dict[str, Any]:
        system, until = System.objects.get(name=name), datetime.now(UTC) + timedelta(hours=1)
        incident = open_by_hand(system=name, title=f"{name} is ill", category="data", level=2, text="", actor=ROOT)
        muted = mute(system=system, check=Check.objects.get(system=system, name="home"), reason="x", until=until,
                     actor=ROOT)  # fmt: skip
        backed_up = Policy.objects.get(system=system, name="nightly")
        taken = backup_copy(backed_up)
        proved = proof(taken)
        wish = Wish(taken.pk, "live")
        waits = Restore.objects.create(
            policy=backed_up, copy=taken, wanted=wish.plain(), seal="", reason="x", asked_by="person:x",
            asked_at=datetime.now(UTC),
        )  # fmt: skip
        waits.seal = seal_of(waits)
        waits.save()
        over = open_by_hand(system=name, title=f"{name} was ill", category="data", level=2, text="", actor=ROOT)
        resolve(over.pk, actor=ROOT)
        review = open_review(over.pk, actor=ROOT)
        action = add_action(review.pk, "x", owner="zoe", due=until.date() + timedelta(days=9), actor=ROOT)
        article = write(Text("en", f"{name} explained", "x"), about=About(name), actor=ROOT)
        file = note(incident.pk, "", files=[File("a.txt", b"x")], actor=ROOT).attachments.get()
        delivery = Delivery.objects.get(notice__incident=incident)
        write_runbook("runbook: again\nsteps: {a: {kind: wait, for: 1s}}\n", actor=ROOT)
        write_runbook("runbook: walk\nsteps: {a: {kind: manual, words: x}}\n", actor=ROOT)
        walk = run_runbook("walk", {}, target=name, actor=ROOT)
        step = Step.objects.create(run=walk, path="a", state="done", key="k", began_at=until)
        said = Answer.objects.create(step=step, by="person:x", at=until, yes=True)
        shows = Proof.objects.create(answer=said, name="a.txt", kind="text/plain", size=1, sha256="", data=b"x")
        return {
            "review": review.pk, "action": action.pk, "printed": "html",
            "runbook": "walk", "run": walk.pk, "remedy": "again", "shows": shows.pk,
            "system": name, "check": "job", "incident": incident.pk, "mute": muted.pk, "delivery": delivery.pk,
            "file": file.pk, "channel": "team", "calendar": "cn", "person": "zoe",
            "token": self.token.split("_")[1], "secret": "A_SECRET", "manual": "probes",
            "sheet": run_by_hand(name, actor=ROOT).pk, "line": 1, "form": "sheet.html",
            "policy": "nightly", "store": "vault", "copy": taken.pk, "proof": proved.pk, "backup": proved.job_id,
            "paper": "json", "restore": waits.pk, "article": article.pk,
            **self._planned(name), **self._reported(name),
        }  # fmt: skip


def person(who: Who) -> Person:
    made = Person.objects.create(username="somebody", role=who.role, password="!")
    for system, role in who.systems:
        SystemRole.objects.create(person=made, system=system, role=role)
    assert actor_of(made).role is who.role
    return made


def token(who: Who) -> str:
    made, text = create_token(name="t", role=who.role, systems=dict(who.systems), scopes=who.scopes, actor=ROOT)
    assert actor_of_token(made).role is who.role
    return text


def possessions(owner: Person) -> dict[str, int]:
    """A session, a passkey and an address of a person's own."""
    now, session = datetime.now(UTC), SessionStore()
    session.create()
    sitting = Sitting.objects.create(person=owner, session=session.session_key, opened_at=now, seen_at=now)
    key = Passkey.objects.create(person=owner, name="k", handle=f"h{owner.pk}", sealed=b"", key_id="", added_at=now)
    contact = add_contact(owner, "email", "night@home.example")
    return {"sitting": sitting.pk, "passkey": key.pk, "contact": contact.pk}


def everybody(*more: Who) -> Iterator[Who]:
    yield from (*EVERYBODY, *more)
