"""What the stories of the line share."""

import pytest

from mainstay.catalogue.models import Check
from tests.line.shop import open_shop


@pytest.fixture
def shop(db: None) -> dict[str, Check]:
    """A web address above a database, on a tier 1 system, and a rule on the books."""
    return open_shop()
