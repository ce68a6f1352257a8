"""Jobs on time, late, failed, running too long; by period and by cron."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.heartbeat import Beat, Expectation, Word, look, parse_cron
from mainstay.domain.reading import Fault

HOURLY = Expectation(grace=300, longest=600, period=3600)


def beat(at: float, word: Word = Word.SUCCESS, code: int | None = None, run: str = "") -> Beat:
    return Beat(at, word, code, run, "")


S, F, G, L = Word.SUCCESS, Word.FAIL, Word.START, Word.LOG


@pytest.mark.parametrize(
    ("beats", "now", "fault", "why"),
    [
        ([], 3600 + 300, None, "still waiting for the first"),
        ([], 3600 + 301, Fault.MISSING, "the first never came"),
        ([beat(1000)], 1000 + 3600, None, "due now"),
        ([beat(1000)], 1000 + 3900, None, "late but within grace"),
        ([beat(1000)], 1000 + 3901, Fault.MISSING, "late"),
        ([beat(1000), beat(2000, F)], 2001, Fault.STATUS, "failed"),
        ([beat(1000, S, 3)], 1001, Fault.STATUS, "exit code"),
        ([beat(1000, S, 0)], 1001, None, "exit code 0"),
        ([beat(2000, F), beat(2500)], 2501, None, "well again"),
        ([beat(1000), beat(4000, G)], 4600, None, "running"),
        ([beat(1000), beat(4000, G)], 4601, Fault.TIMEOUT, "running too long"),
        ([beat(1000), beat(4000, G), beat(4100)], 4700, None, "ended in time"),
        ([beat(4000, G, run="a"), beat(4100, G, run="b"), beat(4200, S, run="b")], 4201, None, "newest run ended"),
        ([beat(4000, G, run="a"), beat(4100, S, run="b")], 4601, Fault.TIMEOUT, "another run's end"),
        ([beat(1000), beat(1500, L)], 1000 + 3901, Fault.MISSING, "a log line is no sign of success"),
    ],
)
def test_look(beats: list[Beat], now: float, fault: Fault | None, why: str) -> None:
    reading = look(HOURLY, beats, born=0, now=now)
    assert (reading.problem.fault if reading.problem else None) == fault, why
    assert reading.values or not beats


def test_duration_and_exit_code_are_samples() -> None:
    reading = look(HOURLY, [beat(100, G), beat(160, S, 0)], born=0, now=200)
    assert reading.values == {"running": 0.0, "exit_code": 0.0, "duration": 60.0, "late": 0.0}


SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("cron", "zone", "last", "due"),
    [
        ("30 2 * * *", SHANGHAI, "2026-11-23T02:31:00+08:00", "2026-11-24T02:30:00+08:00"),
        ("0 9 * * 1-5", BERLIN, "2026-11-20T09:00:05+01:00", "2026-11-23T09:00:00+01:00"),
        ("30 2 * * *", BERLIN, "2026-03-28T02:31:00+01:00", "2026-03-29T03:00:00+02:00"),  # 02:30 does not exist
    ],
)
def test_cron_reads_the_clocks_of_its_zone(cron: str, zone: ZoneInfo, last: str, due: str) -> None:
    expectation = Expectation(grace=60, longest=60, cron=cron, zone=zone)
    assert expectation.due(datetime.fromisoformat(last).timestamp()) == datetime.fromisoformat(due).timestamp()


def test_cron_that_cannot_be_read_says_what_would_be_right() -> None:
    with pytest.raises(ValueError, match="30 2"):
        parse_cron("every night")


WORDS = st.sampled_from([S, F, G, L])
BEATS = st.lists(st.builds(beat, st.floats(0, 1e5), WORDS, st.sampled_from([None, 0, 1]), st.sampled_from(["", "a"])))


@given(BEATS, st.floats(0, 2e5))
def test_order_of_arrival_does_not_matter_and_a_fresh_success_is_well(beats: list[Beat], now: float) -> None:
    by_time = sorted({one.at: one for one in beats}.values(), key=lambda one: one.at)
    assert look(HOURLY, by_time, 0, now) == look(HOURLY, by_time[::-1], 0, now)
    last = max([now, *(one.at for one in beats)]) + 1
    assert look(HOURLY, [*beats, beat(last)], 0, last + 1).problem is None
