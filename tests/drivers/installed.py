"""What of Debian's programs is on this machine."""

import pytest

from mainstay.drivers import postgresql_programs


def major() -> int:
    """The newest PostgreSQL that copies can be restored into here; skips the test on a machine without one."""
    found = postgresql_programs.directories()
    if not found:
        pytest.skip("no PostgreSQL on this machine whose programs copies are restored with")
    return max(found)
