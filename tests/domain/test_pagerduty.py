"""PagerDuty's events: what is one, what it says, and every way not to be one."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.pagerduty import Unfit, change, event

PAYLOAD = {"summary": "disk is full", "source": "host-1", "severity": "error"}
TRIGGER: dict[str, Any] = {"event_action": "trigger", "dedup_key": "k", "payload": PAYLOAD}


def test_a_whole_event() -> None:
    details = {"mainstay_system": "shop", "mainstay_component": "db", "free": "0 B"}
    payload = {
        **PAYLOAD, "timestamp": "2026-11-27T10:00:00.5+0800", "component": "disk", "group": "erp", "class": "full",
        "custom_details": details,
    }  # fmt: skip
    links = [{"href": "https://wiki/x", "text": "what to do"}, {"href": "javascript:alert(1)"}, 7]
    images = [{"src": "https://plots/x.png", "alt": "free space"}]
    found = event({**TRIGGER, "payload": payload, "links": links, "images": images, "client": "Zabbix"}, "new")
    one = found.alert
    assert (found.key, one.fingerprint, one.firing, one.taken) == ("k", "k", True, False)
    assert (one.system, one.component, one.severity, one.source) == ("shop", "db", "error", "host-1")
    assert one.starts_at is not None
    assert one.starts_at.isoformat() == "2026-11-27T02:00:00.500000+00:00"
    assert "free: 0 B" in one.text
    assert one.text.endswith("what to do https://wiki/x\nfree space https://plots/x.png")
    assert "javascript" not in one.text


def test_who_says_no_key_gets_one() -> None:
    assert event({"event_action": "trigger", "payload": PAYLOAD}, "new").key == "new"


@pytest.mark.parametrize(
    ("act", "firing", "taken"), [("trigger", True, False), ("acknowledge", True, True), ("resolve", False, False)]
)
def test_the_three_acts(act: str, firing: bool, taken: bool) -> None:
    body = {"event_action": act, "dedup_key": "k", **({"payload": PAYLOAD} if act == "trigger" else {})}
    assert (event(body, "").alert.firing, event(body, "").alert.taken) == (firing, taken)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "event_action"),
        ({**TRIGGER, "event_action": "shout"}, "event_action"),
        ({"event_action": "resolve"}, "dedup_key"),
        ({**TRIGGER, "dedup_key": "k" * 256}, "longer than 255"),
        ({**TRIGGER, "dedup_key": 7}, "'dedup_key' is no text"),
        ({**TRIGGER, "payload": "x"}, "'payload' is missing"),
        ({**TRIGGER, "payload": {**PAYLOAD, "summary": ""}}, "payload.summary"),
        ({**TRIGGER, "payload": {**PAYLOAD, "source": "a\0b"}}, "payload.source"),
        ({**TRIGGER, "payload": {**PAYLOAD, "severity": "page"}}, "payload.severity"),
        ({**TRIGGER, "payload": {**PAYLOAD, "timestamp": "yesterday"}}, "payload.timestamp"),
        ({**TRIGGER, "links": "x"}, "'links' is no list"),
    ],
)
def test_what_is_none(body: Any, said: str) -> None:
    with pytest.raises(Unfit, match=said):
        event(body, "new")


def test_the_time_as_their_own_client_writes_it() -> None:
    at = event({**TRIGGER, "payload": {**PAYLOAD, "timestamp": "2026-11-27T10:00:00+00:00Z"}}, "new").alert.starts_at
    assert at is not None
    assert at.isoformat() == "2026-11-27T10:00:00+00:00"


def test_a_change() -> None:
    body = {"payload": {"summary": "release 7", "source": "ci", "custom_details": {"mainstay_system": "shop"}}}
    found = change(body)
    assert (found.summary, found.source, found.system, found.at) == ("release 7", "ci", "shop", None)
    with pytest.raises(Unfit, match=r"payload\.summary"):
        change({"payload": {}})


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
_EVENT = st.fixed_dictionaries(
    {"event_action": st.sampled_from(["trigger", "resolve"]) | _JSON, "payload": _JSON | st.fixed_dictionaries({
        "summary": _JSON, "source": _JSON, "severity": st.just("info") | _JSON, "custom_details": _JSON})},
    optional={"dedup_key": _JSON, "links": _JSON, "images": _JSON},
)  # fmt: skip


@given(_EVENT | _JSON)
def test_whatever_comes_it_is_an_event_or_unfit(body: Any) -> None:
    for take in (lambda body: event(body, "new"), change):
        with suppress(Unfit):
            take(body)
