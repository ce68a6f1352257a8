"""The PostgreSQL that keeps Mainstay's own data is killed while checks change their state, again and again: what was
seen meanwhile is there afterwards, once."""

import random
import time
from collections.abc import Callable, Iterator

import pytest

from tests import mortal
from tests.line.receiver import Receiver, receiving
from tests.line.site import Site, Targets, targets, until

__all__ = ["targets"]
pytestmark = pytest.mark.postgresql
COUNT, ROUNDS = 5, 4


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def test_nothing_is_lost_or_doubled(tmp_path, targets: Callable[[int], Targets], receiver: Receiver) -> None:
    watched = targets(COUNT)
    chance = random.Random(7)
    with mortal.postgresql() as (database, address):
        site = Site(tmp_path, address)
        site.apply(watched.catalogue(), receiver.url)
        with site.processes("checker", "engine"):
            until(lambda: list(site.states().values()) == ["ok"] * COUNT)
            for turn in range(ROUNDS):
                for act, state in ((watched.shut, "critical"), (watched.open, "ok")):
                    for number in range(COUNT):
                        act(number)
                    time.sleep(chance.uniform(0.0, 2.5))  # somewhere between the first look and the last commit
                    database.kill()
                    if turn == 1:  # one that stays away, while all is found and recovers unseen
                        time.sleep(5)
                    database.start()
                    until(lambda state=state: list(site.states().values()) == [state] * COUNT)
            until(lambda: not site.count("select count(*) from incidents_incident where state <> 'resolved'"))
            until(lambda: not site.count("select count(*) from notices_delivery where sent_at is null"))
        site.assert_whole()
        expected = [("unknown", "ok"), *[("ok", "critical"), ("critical", "ok")] * ROUNDS]
        assert site.changes() == {f"c{number}": expected for number in range(COUNT)}
        assert site.count("select count(*) from incidents_incident") == COUNT, "one a part, reopened when it came again"
        sent = "given_up_at is null and outcome not like 'told in the digest%'"  # of what came too thick
        keys = {key for (key,) in site.rows(f"select key from notices_delivery where {sent}")}
    assert {key for key, _ in receiver.arrived} == keys
    assert len(receiver.words("opened")) == COUNT
