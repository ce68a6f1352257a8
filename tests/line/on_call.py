"""A shop whose incidents are escalated: alice and bob by weeks, carol above them."""

from datetime import UTC, datetime
from typing import Any

from mainstay.catalogue.models import Arrangement, System
from mainstay.domain.actor import Role
from mainstay.domain.on_call import ARRANGEMENTS
from mainstay.people.models import Person

ROTATION = {"title": {"en": "IT by weeks", "zh": "IT 周值班"}, "timezone": "Asia/Shanghai", "team": "it", "layers": [
    {"people": ["alice", "bob"], "start": "2026-01-05"},
]}  # fmt: skip
STEPS = [{"call": "rotation:week"}, {"call": "person:carol", "after": "10m"}]


def arrange(kind: str, name: str, **written: Any) -> Arrangement:
    """One in the form in which it is stored."""
    document = ARRANGEMENTS[kind].model_validate(written).model_dump(mode="json")
    return Arrangement.objects.update_or_create(kind=kind, name=name, defaults={"document": document})[0]


def people(*names: str, role: Role = Role.OPERATOR) -> None:
    for name in names:
        Person.objects.create(username=name, email=f"{name}@shop.example", role=role, password="!")


def escalate(system: str = "shop", steps: Any = STEPS, **more: Any) -> None:
    """The shop's incidents are escalated by ``it``, from now on."""
    arrange("team", "it", members=["alice", "bob"])
    arrange("rotation", "week", **ROTATION)
    arrange("escalation", "it", steps=steps, **more)
    row = System.objects.get(name=system)
    row.document = {**row.document, "escalation": "it"}
    row.save()


def week_of(person: str, now: datetime | None = None) -> bool:
    """Whether it is the person's week, counted by hand."""
    now = now or datetime.now(UTC)
    weeks = int((now - datetime(2026, 1, 5, 1, tzinfo=UTC)).total_seconds() // (7 * 86_400))
    return ["alice", "bob"][weeks % 2] == person
