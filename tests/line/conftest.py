"""What the stories of the line share."""

import pytest

from mainstay.catalogue.models import Check
from tests.line.inspected import open_bad_day
from tests.line.shop import open_shop


@pytest.fixture
def shop(db: None) -> dict[str, Check]:
    """A web address above a database, on a tier 1 system, and a rule on the books."""
    return open_shop()


@pytest.fixture
def bad_day(db: None) -> dict[str, Check]:
    """What an inspection finds: one well, one in an incident, one slow without one, one never looked at."""
    return open_bad_day()
