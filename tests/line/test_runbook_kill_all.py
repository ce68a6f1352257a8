"""The whole table: each of four points of each of twelve steps, on SQLite and with two engines on PostgreSQL."""

from pathlib import Path

import pytest

from tests import servers
from tests.line.killing import POINTS, held, killed

STEPS = 12


@pytest.mark.parametrize("point", POINTS)
def test_on_sqlite(tmp_path: Path, point: str) -> None:
    held(killed(tmp_path, STEPS, point), STEPS)


@pytest.mark.postgresql
@pytest.mark.parametrize("point", POINTS)
def test_with_two_engines_on_postgresql(tmp_path: Path, point: str) -> None:
    with servers.postgresql() as address:
        held(killed(tmp_path, STEPS, point, database=address, engines=2), STEPS)
