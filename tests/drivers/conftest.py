"""What several tests of drivers share."""

from collections.abc import Iterator

import pytest

from tests.drivers.looker import Looker, looking


@pytest.fixture(scope="session")
def looker() -> Iterator[Looker]:
    """Looks from a process of its own, which tells what each cost."""
    with looking() as one:
        yield one
