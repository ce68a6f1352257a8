"""The wall clock is set, by an engine's own count: made up for once, whoever sees it and whenever."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from mainstay.catalogue.models import Check
from mainstay.engine.clock_watch import ClockWatch
from mainstay.incidents.models import Incident
from mainstay.notices.models import Delivery
from tests.line.shop import change, channel, follow

pytestmark = pytest.mark.django_db
HOUR = 3600.0


@pytest.fixture
def due(shop: dict[str, Check]) -> Delivery:
    """A delivery of a running incident."""
    channel(1)
    follow(change(shop["db"], "critical"))
    return Delivery.objects.get()


def watch(clock: SimpleNamespace, boot: str = "one") -> ClockWatch:
    return ClockWatch(boot, lambda: clock.wall, lambda: 0.0)


def moved(due: Delivery) -> tuple[float, float]:
    """Seconds by which the delivery and the incident's clocks were shifted."""
    later = Delivery.objects.get().due_at - due.due_at
    incident = Incident.objects.get()
    return later / timedelta(seconds=1), (incident.counted_since - incident.since) / timedelta(seconds=1)


def test_two_engines_make_up_for_it_once(due: Delivery) -> None:
    clock = SimpleNamespace(wall=1000.0)
    first, second = watch(clock), watch(clock)
    for step, expected in ((0, 0), (HOUR, HOUR), (0, HOUR), (-2 * HOUR, -HOUR), (0.4, -HOUR), (3.0, -HOUR)):
        clock.wall += step
        for one in (first, second):
            one.look([])
        assert moved(due) == (expected, expected)


def test_what_was_set_while_no_engine_ran_is_made_up_for(due: Delivery) -> None:
    clock = SimpleNamespace(wall=1000.0)
    watch(clock).look([])
    clock.wall += HOUR
    watch(clock).look([])
    assert moved(due) == (HOUR, HOUR)


def test_another_start_of_the_machine_says_nothing(due: Delivery) -> None:
    """How far the clocks stand apart is another number then, whether somebody set one or not."""
    clock = SimpleNamespace(wall=1000.0)
    watch(clock).look([])
    clock.wall += HOUR
    watch(clock, "two").look([])
    assert moved(due) == (0, 0)


def test_what_is_being_sent_is_left_to_its_sender(due: Delivery) -> None:
    clock = SimpleNamespace(wall=1000.0)
    one = watch(clock)
    one.look([])
    clock.wall += HOUR
    one.look([due.pk])
    assert moved(due) == (0, HOUR)
