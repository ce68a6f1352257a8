"""An export of Grafana OnCall becomes rotations and escalations that say the same, and what does not is named."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mainstay.domain.document import Shared
from mainstay.domain.grafana_oncall import Unreadable, translate
from mainstay.domain.rota import layers_of, on_at

EXPORT: dict[str, Any] = {
    "users": {"results": [
        {"id": "U1", "username": "alice", "teams": ["T1"]}, {"id": "U2", "username": "bob", "teams": ["T1"]},
        {"id": "U3", "username": "carol@shop.example", "teams": []},
    ]},
    "teams": [{"id": "T1", "name": "IT Team"}, {"id": "T2", "name": "Empty"}],
    "schedules": [
        {"id": "S1", "name": "Primary (24×7)", "type": "web", "team_id": "T1", "time_zone": "Asia/Shanghai",
         "shifts": ["O1", "O2", "O3", "O4"]},
        {"id": "S2", "name": "From Google", "type": "ical"},
    ],
    "on_call_shifts": [
        {"id": "O1", "name": "weeks", "type": "rolling_users", "level": 1, "start": "2026-11-30T09:00:00",
         "duration": 604800, "frequency": "weekly", "interval": 1, "rolling_users": [["U1"], ["U2", "U3"]],
         "start_rotation_from_user_index": 1},
        {"id": "O2", "name": "evenings", "type": "recurrent_event", "level": 2, "start": "2026-11-30T18:00:00",
         "duration": 14400, "frequency": "weekly", "by_day": ["MO", "WE"], "users": ["U3"]},
        {"id": "O3", "name": "once", "type": "single_event", "start": "2026-12-24T09:00:00", "duration": 3600,
         "users": ["U2"]},
        {"id": "O4", "name": "months", "type": "rolling_users", "start": "2026-11-30T09:00:00", "duration": 3600,
         "frequency": "monthly", "rolling_users": [["U1"]]},
    ],
    "escalation_chains": [{"id": "C1", "name": "Default"}, {"id": "C2", "name": "Silent"}],
    "escalation_policies": [
        {"escalation_chain_id": "C1", "position": 2, "type": "notify_persons", "persons_to_notify": ["U3"]},
        {"escalation_chain_id": "C1", "position": 0, "type": "notify_on_call_from_schedule",
         "notify_on_call_from_schedule": "S1"},
        {"escalation_chain_id": "C1", "position": 1, "type": "wait", "duration": 900},
        {"escalation_chain_id": "C1", "position": 3, "type": "notify_if_time_from_to",
         "notify_if_time_from": "09:00:00Z", "notify_if_time_to": "18:00:00Z"},
        {"escalation_chain_id": "C1", "position": 4, "type": "notify_team_members", "team_to_notify": "T1"},
        {"escalation_chain_id": "C1", "position": 5, "type": "wait", "duration": 1800},
        {"escalation_chain_id": "C1", "position": 6, "type": "repeat_escalation"},
        {"escalation_chain_id": "C2", "position": 0, "type": "trigger_webhook", "action_to_trigger": "W1"},
    ],
}  # fmt: skip


def test_what_comes_out_is_a_catalogue() -> None:
    made = Shared.model_validate(translate(EXPORT).shared)
    assert made.teams["it-team"].members == ["alice", "bob"]
    rotation = made.rotations["primary-24-7"]
    assert (rotation.team, rotation.timezone) == ("it-team", "Asia/Shanghai")
    assert [layer.people for layer in rotation.layers] == [["carol@shop.example"], ["bob", "alice"]], (
        "higher level first"
    )
    assert rotation.layers[0].during == "Mon 18:00-22:00, Wed 18:00-22:00"
    steps = made.escalations["default"].steps
    assert [(step.call, step.after, step.during) for step in steps] == [
        (["rotation:primary-24-7"], "0s", ""), (["person:carol@shop.example"], "15m", ""),
        (["team:it-team"], "0s", "09:00-18:00"),
    ]  # fmt: skip
    assert (made.escalations["default"].repeat, made.escalations["default"].again) == (5, "30m")


@pytest.mark.parametrize(
    ("moment", "person"),
    [("2026-11-30T01:00", "bob"), ("2026-11-30T10:00", "carol@shop.example"), ("2026-12-07T02:00", "alice")],
)
def test_the_same_person_is_on_call_as_before(moment: str, person: str) -> None:
    rotation = Shared.model_validate(translate(EXPORT).shared).rotations["primary-24-7"]
    assert on_at(layers_of(rotation), [], datetime.fromisoformat(moment).replace(tzinfo=UTC)).person == person


def test_what_is_left_out_is_named() -> None:
    said = "\n".join(translate(EXPORT).left_out)
    for part in ("team Empty", "schedule From Google", "carol@shop.example beside bob", "one time only", "not monthly",
                 "the step trigger_webhook", "chain Silent: it calls nobody"):  # fmt: skip
        assert part in said


@pytest.mark.parametrize("export", [[], {}, {"x": 1}, {"users": 7}, {"users": [1]}, "text", None])
def test_what_is_no_export_is_refused(export: Any) -> None:
    with pytest.raises(Unreadable):
        translate(export)
