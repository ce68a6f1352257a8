"""What a policy's own account may lead to."""

import pytest

from mainstay.domain.backup_policy import same_database


@pytest.mark.parametrize(
    ("component", "account", "same"),
    [
        ("postgresql://looker:a@db/erp", "postgresql://dumper:b@db/erp", True),
        ("postgresql://looker@db:5432/erp", "postgres://dumper@standby:5433/erp", True),
        ("mysql://looker@db/shop", "mariadb://dumper@db/shop", True),
        ("postgresql://looker@db/erp", "postgresql://dumper@db/postgres", False),
        ("postgresql://looker@db/erp", "postgresql://dumper@db/", False),
        ("postgresql://looker@db/erp", "mariadb://dumper@db/erp", False),
        ("sqlite:////srv/a.sqlite3", "sqlite:////srv/b.sqlite3", False),
        ("host=db dbname=erp", "postgresql://dumper@db/erp", True),  # not in a form that can be compared
    ],
)
def test_it_is_the_same_database(component: str, account: str, same: bool) -> None:
    assert same_database(component, account) is same
