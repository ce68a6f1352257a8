"""What is promised of a figure is said of it, and what decides fails the run."""

from dataclasses import asdict

import pytest

from bench.backups import Measured
from bench.limits import LIMITS, judged

KEPT = asdict(Measured(10, 100.0, 104.0, 1.0, (100, 4), 10.0, 1000, 2.0, 40, 10.0, 12.9))


@pytest.mark.parametrize(
    ("part", "figures", "missed", "decides"),
    [
        ("backups", KEPT, [], False),
        ("backups", KEPT | {"ours": 106.1}, ["our time around the tools, %: 5.1"], False),
        ("backups", KEPT | {"increment_bytes": 51, "proof": 13.1}, ["space of an increment", "a proof"], False),
        ("http", {"cpu_ms": 0.2, "peer_cpu_ms": 1.0, "delay_p99": 250.0, "memory": 300.0}, [], False),
        ("http", {"cpu_ms": 0.2, "peer_cpu_ms": 0.9, "delay_p99": 9.0, "memory": 9.0}, ["the peer's CPU"], True),
        ("tcp", {"cpu_ms": 0.3, "peer_cpu_ms": None}, ["CPU a check"], False),
        ("proofs", [{"verdict": "proved"}, {"verdict": "unproved"}], ["copies not proved: 1"], True),
        ("pitr", {"wrong": 0}, [], False),
    ],
)
def test_a_promise_is_met_or_missed(part: str, figures: object, missed: list[str], decides: bool) -> None:
    said = list(judged(part, figures))
    found = [line for line, _ in said if line.endswith("MISSED")]
    assert len(found) == len(missed)
    assert all(word in line for word, line in zip(missed, found, strict=True))
    assert all(well for _, well in said) is not decides


def test_every_part_that_is_measured_has_a_promise() -> None:
    assert {one.part for one in LIMITS} == {
        "http", "tcp", "sustained", "heartbeats", "memory", "samples", "pages", "pitr", "backups", "proofs",
        "storm", "takeover",
    }  # fmt: skip
