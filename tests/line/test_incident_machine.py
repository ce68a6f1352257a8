"""Incidents and their outbox under everything at once: changes, mutes, people, crashes, repeats, clocks set anew."""

import contextlib
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from mainstay.incidents import actions
from mainstay.incidents.actions import Illegal
from mainstay.incidents.models import Entry, Incident, Member
from mainstay.monitoring.models import StateChange
from mainstay.notices import actions as outbox
from mainstay.notices.models import Delivery, Notice
from tests.line.shop import ALICE, T0, change, channel, open_shop, stand

FAILING = ("warning", "critical")


class Crash(Exception):
    """The process died here."""


class Care(RuleBasedStateMachine):
    """``states`` is the truth, ``muted`` and ``ended`` what a mute or a person keeps out of the incidents."""

    def __init__(self) -> None:
        super().__init__()
        self._undo = transaction.atomic()
        self._undo.__enter__()
        self.checks, self.now = open_shop(), T0
        self.states = dict.fromkeys(self.checks, "ok")
        self.muted: set[str] = set()
        self.ended: set[str] = set()
        self.arrived: list[tuple[str, str]] = []
        channel(1, "everything")
        channel(1, "severe-only", levels=[1])

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._undo.__exit__(None, None, None)

    def change(self, name: str, state: str, muted: str = "") -> StateChange:
        made = change(self.checks[name], state, self.now, self.states[name], muted=muted)
        stand(self.checks[name], state, self.now)
        return made

    @rule(
        names=st.lists(st.sampled_from(["db", "app", "books"]), min_size=1, max_size=3, unique=True),
        state=st.sampled_from(["ok", "warning", "critical", "unknown"]), muted=st.sampled_from(["", "", "", "moving"]),
        crashes=st.booleans(),
    )  # fmt: skip
    def checks_change(self, names: list[str], state: str, muted: str, crashes: bool) -> None:
        names = [name for name in names if self.states[name] != state]

        def absorb() -> None:
            actions.follow([self.change(name, state, muted) for name in names], self.now)

        if crashes and self.crash(absorb):
            return
        absorb()
        for name in names:
            self.states[name] = state
            (self.muted.add if muted and state != "ok" else self.muted.discard)(name)
            self.ended.discard(name)

    def crash(self, work: Callable[[], Any]) -> bool:
        """Do it all and die before the commit: nothing of it may be left."""
        before = self.rows()
        with contextlib.suppress(Crash), transaction.atomic():
            work()
            raise Crash
        assert self.rows() == before
        return self.now.second % 2 == 0  # the other half try again, as the checker does

    @staticmethod
    def rows() -> tuple[int, ...]:
        return tuple(model.objects.count() for model in (Incident, Member, Entry, Notice, Delivery, StateChange))

    @rule(seconds=st.integers(1, 1200))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        actions.resolve_calm(self.now)
        actions.follow_blind(self.now)
        actions.release(self.now)

    @rule()
    def mutes_end(self) -> None:
        actions.follow_unmuted(self.now)
        self.muted.clear()

    @rule(act=st.sampled_from(["acknowledge", "resolve", "reopen"]), pick=st.integers(0, 9))
    def somebody_acts(self, act: str, pick: int) -> None:
        numbers = list(Incident.objects.order_by("pk").values_list("pk", flat=True))
        if not numbers:
            return
        number = numbers[pick % len(numbers)]
        members = Member.objects.filter(incident=number).values_list("check_of__name", flat=True)
        try:
            if act == "reopen":
                actions.reopen(number, actor=ALICE, reason="again")
            else:
                getattr(actions, act)(number, actor=ALICE)
        except Illegal:
            return
        if act == "resolve":
            self.ended |= {name for name, check in self.checks.items() if check.name in set(members)}

    @rule(most=st.integers(1, 8), fate=st.sampled_from(["arrives", "arrives", "dies after", "fails", "refused"]))
    def engine_sends(self, most: int, fate: str) -> None:
        for delivery in outbox.lease(self.now, most):
            if fate in ("arrives", "dies after"):
                self.arrived.append((delivery.key, delivery.notice.word))
            if fate == "arrives":
                outbox.delivered(delivery, "250 taken", self.now)
            elif fate != "dies after":
                outbox.failed(delivery, "no", self.now, retry=fate == "fails")

    @rule(hours=st.sampled_from([-1, 1]))
    def clock_is_set(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        outbox.shift(timedelta(hours=hours))
        actions.shift(timedelta(hours=hours))

    @invariant()
    def one_open_incident_a_key(self) -> None:
        keys = Counter(Incident.objects.exclude(state="resolved").values_list("key", flat=True))
        assert not keys or max(keys.values()) == 1

    @invariant()
    def whatever_fails_is_in_one_open_incident(self) -> None:
        for name, state in self.states.items():
            if state in FAILING and name not in self.muted | self.ended:
                held = Member.objects.filter(check_of=self.checks[name]).exclude(incident__state="resolved")
                assert held.exclude(state="ok").count() == 1, (name, state, list(held.values()))

    @invariant()
    def a_transition_has_exactly_one_notice(self) -> None:
        told = Counter(Notice.objects.filter(data__into__isnull=True).values_list("incident_id", "word"))
        for word in ("opened", "reopened", "acknowledged", "resolved"):
            lines = ("opened", "blind") if word == "opened" else (word,)
            happened = Counter(
                Entry.objects.filter(word__in=lines)
                .values_list("incident_id", flat=True).order_by()
            )  # fmt: skip
            assert {key: count for (key, one), count in told.items() if one == word} == dict(happened), word

    @invariant()
    def nothing_overtakes(self) -> None:
        """Whoever waits for an earlier notice about an incident was not sent a later one."""
        for delivery in Delivery.objects.exclude(sent_at=None).select_related("notice"):
            earlier = Delivery.objects.filter(
                channel=delivery.channel_id, notice__incident=delivery.notice.incident_id, pk__lt=delivery.pk,
                sent_at=None, given_up_at=None,
            )  # fmt: skip
            assert not earlier.exists()

    @invariant()
    def copies_share_a_key(self) -> None:
        keys = set(Delivery.objects.values_list("key", flat=True))
        assert {key for key, _ in self.arrived} <= keys
        assert len(keys) == Delivery.objects.count()


@pytest.mark.django_db
def test_incidents_under_everything_at_once() -> None:
    run_state_machine_as_test(Care, settings=settings(max_examples=60, stateful_step_count=25, phases=[Phase.generate]))
