"""What goes into a chunk comes out of it, whatever clocks and numbers do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstay.domain import chunk

MILLISECONDS = st.integers(-(2**60), 2**60)
NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-(10**12), 10**12).map(float),
    st.decimals(-1000, 1000, places=3).map(float),
)


@given(st.lists(st.tuples(MILLISECONDS, NUMBERS), min_size=1, max_size=chunk.FULL))
@settings(max_examples=300)
def test_chunk_gives_back_what_it_was_given(rows: list[tuple[int, float]]) -> None:
    times = np.array([time for time, _ in rows], np.int64)
    values = np.array([value for _, value in rows], np.float64)
    got_times, got_values = chunk.decode(chunk.encode(times, values))
    assert np.array_equal(got_times, times)
    assert np.array_equal(got_values, values, equal_nan=True)


@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=chunk.FULL), st.integers(-7_200_000, 7_200_000))
def test_clock_set_in_the_middle(steps: list[int], jump: int) -> None:
    times = 1_764_000_000_000 + np.cumsum(np.array(steps, np.int64))
    times[len(times) // 2 :] += jump
    values = np.arange(len(times)) / 10
    got_times, got_values = chunk.decode(chunk.encode(times, values))
    assert np.array_equal(got_times, times)
    assert np.array_equal(got_values, values)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.floats(), NUMBERS), max_size=300))
def test_batch_gives_back_what_it_was_given(rows: list[tuple[int, float, float]]) -> None:
    batch = chunk.Batch(
        np.array([key for key, _, _ in rows], np.uint32),
        np.array([at for _, at, _ in rows], np.float64),
        np.array([value for _, _, value in rows], np.float64),
    )
    got = chunk.unpack_batch(chunk.pack_batch(batch))
    for column, other in zip(got, batch, strict=True):
        assert np.array_equal(column, other, equal_nan=column.dtype.kind == "f")


@given(st.binary(max_size=200))
def test_rubbish_is_refused_and_nothing_else_happens(data: bytes) -> None:
    for read in (chunk.decode, chunk.unpack_batch):
        try:
            read(data)
        except ValueError:
            pass


def test_cut_short_is_refused() -> None:
    whole = chunk.encode(np.arange(100) * 1000, np.arange(100) ** 2 / 10)
    for length in range(len(whole) - 1):
        with pytest.raises(ValueError, match="not a chunk"):
            chunk.decode(whole[:length])


def test_long_series_is_cut_into_full_pieces() -> None:
    times = np.arange(1000, dtype=np.int64) * 10_000
    found = list(chunk.grow(b"", chunk.records(times, np.ones(1000))))
    assert [piece.count for piece in found] == [240, 240, 240, 240, 40]
    assert (found[1].start, found[1].end) == (2400.0, 4790.0)


@given(st.lists(st.lists(st.tuples(MILLISECONDS, NUMBERS), max_size=150), max_size=8))
@settings(max_examples=50)
def test_growing_loses_nothing(batches: list[list[tuple[int, float]]]) -> None:
    full: list[chunk.Piece] = []
    opened = b""
    for batch in batches:
        made = list(chunk.grow(opened, _records(batch)))
        full += [piece for piece in made if piece.count == chunk.FULL]
        opened = b"".join(piece.data for piece in made if piece.count < chunk.FULL)
    parts = [chunk.decode(data) for data in [*(piece.data for piece in full), *filter(None, [opened])]]
    rows = [row for batch in batches for row in batch]
    got = [pair for times, values in parts for pair in zip(times.tolist(), values.tolist(), strict=True)]
    assert [time for time, _ in got] == [time for time, _ in rows]
    assert np.array_equal([value for _, value in got], [value for _, value in rows], equal_nan=True)


def _records(rows: list[tuple[int, float]]) -> chunk.Records:
    times = np.array([time for time, _ in rows], np.int64)
    return chunk.records(times, np.array([value for _, value in rows], np.float64))


@pytest.mark.parametrize(
    ("name", "most"), [("latency", 2.9), ("percent", 1.8), ("constant", 1.0), ("counter", 1.6), ("bytes", 2.6)]
)
def test_size(name: str, most: float) -> None:
    """Bytes a sample of a full chunk at 10 s with a jitter of some milliseconds; rows and indexes not counted."""
    random = np.random.default_rng(7)
    times = 1_764_000_000_000 + np.arange(240) * 10_000 + np.rint(random.exponential(1.5, 240)).astype(np.int64)
    values = {
        "latency": np.round(random.lognormal(np.log(0.002), 0.3, 240), 6),
        "percent": np.round(np.clip(30 + np.cumsum(random.normal(0, 1, 240)), 0, 100), 1),
        "constant": np.full(240, 200.0),
        "counter": np.cumsum(random.poisson(3, 240)).astype(np.float64),
        "bytes": 1e11 + np.cumsum(random.integers(0, 100, 240)) * 4096.0,
    }[name]
    assert len(chunk.encode(times, values)) / 240 < most
