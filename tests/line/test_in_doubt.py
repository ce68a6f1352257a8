"""A batch whose commit was kept but never confirmed, because the database died in between, is handed in again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import OperationalError, transaction

from mainstay import line
from mainstay.catalogue.models import Check
from mainstay.catalogue.queries import Spec
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.state_machine import Memory, Rule, judge
from mainstay.incidents.models import Entry, Incident
from mainstay.line import Outcome, Shelf, absorb
from mainstay.monitoring.models import Standing, StateChange
from mainstay.notices.models import Notice
from tests.line.shop import T0, channel, stand

pytestmark = pytest.mark.django_db
RULE = Rule(failures=1, flapping=False)
DOWN = Reading(problem=Problem(Fault.REFUSED, "nobody listens"))
UP = Reading(values={"connect": 0.001})


def spec(check: Check) -> Spec:
    return Spec(
        id=check.pk, path=f"shop/{check.name}", system_id=check.system_id, component_id=check.component_id, kind="tcp",
        settings={}, component={}, every=1.0, timeout=1.0, missing=3.0, rule=RULE, evidence=0, mask=(),
    )  # fmt: skip


@contextmanager
def unconfirmed() -> Iterator[None]:
    """Kept, and then the connection breaks."""
    with transaction.atomic():
        yield
    raise OperationalError("server closed the connection unexpectedly")


def story(check: Check, memory: Memory, first: int, *readings: Reading) -> list[Outcome]:
    found = []
    for number, reading in enumerate(readings, first):
        at = T0 + timedelta(seconds=number)
        judgement = judge(memory, reading, RULE, at.timestamp())
        memory = judgement.memory
        found.append(Outcome(spec(check), at.timestamp(), reading, judgement))
    return found


@pytest.mark.parametrize("seen", [(DOWN,), (DOWN, UP), (DOWN, UP, DOWN), (DOWN, UP, DOWN, UP)])
@pytest.mark.parametrize("further", [(), (UP,), (DOWN,), (UP, DOWN)])
def test_it_counts_once(
    shop: dict[str, Check], monkeypatch: pytest.MonkeyPatch, seen: tuple[Reading, ...], further: tuple[Reading, ...]
) -> None:
    check, shelf = shop["app"], Shelf()
    channel(1)
    stand(check, "ok")
    (well,) = story(check, Memory(), 0, UP)
    absorb([well], T0, shelf)
    before = StateChange.objects.count()
    batch = story(check, well.judgement.memory, 1, *seen)
    with monkeypatch.context() as patch:
        patch.setattr(line, "transaction", SimpleNamespace(atomic=unconfirmed))
        with pytest.raises(OperationalError):
            absorb(batch, T0, shelf)
    counted = StateChange.objects.count() - before, Incident.objects.count(), Notice.objects.count()
    more = story(check, batch[-1].judgement.memory, 1 + len(seen), *further)
    absorb([*batch, *more], T0 + timedelta(seconds=9), shelf)

    changed = sum(one.judgement.changed for one in more)
    assert counted[0] == len(seen)
    assert StateChange.objects.count() - before == len(seen) + changed
    assert Standing.objects.get(pk=check.pk).state == (batch + more)[-1].judgement.state.value
    opened = Entry.objects.filter(word="opened").count()
    assert (opened, Incident.objects.count()) == (counted[1], counted[1])
    if not changed:
        assert Notice.objects.count() == counted[2]
