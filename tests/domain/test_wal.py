"""The archive of the log: in order, unbroken, along its timelines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain import wal
from mainstay.domain.wal import Gap, Segment

MB16 = 16 << 20

sizes = st.sampled_from(wal.SIZES)
segments = st.builds(Segment, st.integers(1, 0xFFFFFFFF), st.integers(0, 1 << 30))


@pytest.mark.parametrize(
    ("timeline", "lsn", "size", "expected"),
    [
        (1, "0/1000001", MB16, "000000010000000000000001"),
        (1, "0/2000000", MB16, "000000010000000000000001"),  # the byte before it
        (1, "0/FFFFFFFF", MB16, "0000000100000000000000FF"),
        (3, "1/1", MB16, "000000030000000100000000"),
        (1, "1/1", 4 << 20, "000000010000000100000000"),
        (1, "0/FFC00001", 4 << 20, "0000000100000000000003FF"),
        (0xA, "A/1", 1 << 30, "0000000A0000000A00000000"),
    ],
)
def test_the_segment_of_a_position_is_the_one_that_postgresql_names(
    timeline: int, lsn: str, size: int, expected: str
) -> None:
    assert wal.holding(timeline, lsn, size) == expected


@pytest.mark.parametrize(
    "name",
    ["", "00000002.history", f"{0:023}1.partial", "0000000100000000000001zz", "000000010000000000000100"],
)  # fmt: skip
def test_what_is_no_segment_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a WAL segment"):
        wal.parse(name, MB16)


@pytest.mark.parametrize("lsn", ["", "0", "0/", "x/1", "0/100000000", "0/1 "])
def test_what_is_no_position_is_refused(lsn: str) -> None:
    with pytest.raises(ValueError, match="not a position"):
        wal.position(lsn)


def test_a_size_that_no_segment_has_is_refused() -> None:
    with pytest.raises(ValueError, match="power of two"):
        wal.name(Segment(1, 1), 3 << 20)


@given(segments, sizes)
def test_a_name_leads_back_to_its_segment(segment: Segment, size: int) -> None:
    assert wal.parse(wal.name(segment, size), size) == segment


@given(st.integers(1, 99), st.lists(st.integers(0, 1 << 24), min_size=2, max_size=9), sizes)
def test_names_of_one_timeline_are_in_the_order_of_the_log(timeline: int, numbers: list[int], size: int) -> None:
    names = [wal.name(Segment(timeline, number), size) for number in sorted(numbers)]
    assert names == sorted(names)


@given(st.integers(0, (1 << 64) - 1))
def test_a_position_leads_back_to_its_bytes(at: int) -> None:
    assert wal.position(wal.lsn(at)) == at


@given(st.integers(1, 5), st.integers(0, 3000), st.integers(1, 60), st.sets(st.integers(0, 59)), sizes)
def test_every_segment_that_was_taken_away_is_named_and_no_other(
    timeline: int, first: int, count: int, gone: set[int], size: int
) -> None:
    row = [wal.name(Segment(timeline, first + place), size) for place in range(count)]
    kept = [one for place, one in enumerate(row) if place not in gone]
    found = wal.continuity(row[0], kept, {}, size, target=row[-1])
    named = [
        wal.name(Segment(timeline, number), size)
        for gap in found.gaps
        for number in range(wal.parse(gap.first, size).number, wal.parse(gap.last, size).number + 1)
    ]
    assert named == [one for one in row if one not in kept]
    assert sum(gap.length for gap in found.gaps) == len(named)
    assert found.whole == (kept == row)
    unbroken = next((place for place, one in enumerate(row) if one not in kept), count)
    assert found.reached == (row[unbroken - 1] if unbroken else "")


def test_without_a_target_the_newest_segment_is_the_end() -> None:
    row = [wal.name(Segment(1, number), MB16) for number in range(250, 260)]
    assert wal.continuity(row[2], [*row, "00000002.history", f"{row[1]}.00000028.backup"], {}, MB16) == wal.Continuity(
        row[-1], []
    )
    found = wal.continuity(row[0], [*row[:3], *row[6:8], row[9]], {}, MB16)
    assert found == wal.Continuity(row[2], [Gap(row[3], row[5], 3), Gap(row[8], row[8], 1)])


def test_a_target_past_the_archive_is_a_gap() -> None:
    row = [wal.name(Segment(1, number), MB16) for number in range(4)]
    assert wal.continuity(row[0], row[:3], {}, MB16, target=row[3]).gaps == [Gap(row[3], row[3], 1)]


HISTORY = """# made by a promotion
1\t0/3000148\tno recovery target specified

2	0/5000000	before 2026-11-27 13:00:00+00
"""


def test_a_recovery_goes_along_the_timelines_that_led_to_its_target() -> None:
    left = wal.left_at(HISTORY)
    assert left == {1: 0x3000148, 2: 0x5000000}
    read = list(wal.wanted(Segment(1, 1), Segment(3, 6), left, MB16))
    assert read == [Segment(1, 1), Segment(1, 2), Segment(2, 3), Segment(2, 4), Segment(3, 5), Segment(3, 6)]
    names = [wal.name(one, MB16) for one in read]
    assert wal.continuity(names[0], names, left, MB16) == wal.Continuity(names[-1], [])
    for place in range(1, 5):
        found = wal.continuity(names[0], names[:place] + names[place + 1 :], left, MB16)
        assert found.gaps == [Gap(names[place], names[place], 1)]
        assert found.reached == names[place - 1]


def test_what_an_abandoned_timeline_wrote_after_it_was_left_is_not_asked_for() -> None:
    left = {1: 0x3000148}
    names = [wal.name(one, MB16) for one in (Segment(1, 2), Segment(1, 9), Segment(2, 3), Segment(2, 4))]
    assert wal.continuity(names[0], names, left, MB16).whole


def test_a_timeline_of_another_family_is_refused() -> None:
    with pytest.raises(ValueError, match="does not come from"):
        list(wal.wanted(Segment(2, 1), Segment(3, 6), {1: 0x3000148}, MB16))


def test_how_far_the_archive_is_behind() -> None:
    last = wal.name(Segment(1, 3), MB16)
    assert wal.behind("0/4000000", last, MB16) == 0
    assert wal.behind("0/4000150", last, MB16) == 0x150
    assert wal.behind("0/3000000", last, MB16) == 0


@given(st.text(max_size=400))
def test_a_history_that_is_none_holds_nothing_or_positions(text: str) -> None:
    assert all(at >= 0 for at in wal.left_at(text).values())
