"""What apt-get prints, taken from real hosts, and what it means."""

import pytest

from mainstay.domain.patches import Patch, Pending, parse_answer, parse_upgrade

PRINTED = """\
NOTE: This is only a simulation!
Reading package lists...
The following packages will be upgraded:
  apt libpython3.11 zip
Inst libpython3.11 [3.11.2-6+deb12u4] (3.11.2-6+deb12u9 Debian-Security:12/oldstable-security [amd64]) []
Inst zip [3.0-13] (3.0-13+deb12u1 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64])
Inst base-files [12.4+deb12u11] (12.4+deb12u15 Debian:12.15/oldstable [amd64])
Inst curl [8.5.0-2ubuntu10.4] (8.5.0-2ubuntu10.6 Ubuntu:24.04/noble-updates [amd64])
Inst openssl [3.0.2-0ubuntu1.15] (3.0.2-0ubuntu1.18+esm1 UbuntuESM:22.04/jammy-infra-security [amd64])
Inst linux-image-6.1.0-50-amd64 (6.1.192-2 Debian-Security:12/oldstable-security [amd64])
Conf zip (3.0-13+deb12u1 Debian:12.15/oldstable [amd64])
Remv old-thing [1.0]
"""


def test_replaced_packages_are_patches_and_new_ones_are_not() -> None:
    found = parse_upgrade(PRINTED)
    assert [(one.name, one.security) for one in found] == [
        ("libpython3.11", True), ("zip", True), ("base-files", False), ("curl", False), ("openssl", True),
    ]  # fmt: skip
    assert found[2] == Patch("base-files", "12.4+deb12u11", "12.4+deb12u15", False)


def test_an_up_to_date_host_has_none() -> None:
    assert parse_upgrade("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n") == []


def test_the_numbers_and_the_evidence() -> None:
    pending = Pending(parse_upgrade(PRINTED), lists=3, lists_age=90.0, restart=True)
    assert pending.values() == {"security": 3, "pending": 5, "restart": 1, "lists_age": 90}
    assert [row["package"] for row in pending.rows(4)] == ["libpython3.11", "openssl", "zip", "base-files"]


def test_what_a_host_answers() -> None:
    found = parse_answer(f"1000\n==\n400\n900\n==\n7\n==\nyes\n==\n{PRINTED}==\n0\n")
    assert (found.lists, found.lists_age, found.restart, len(found.patches)) == (7, 100, True, 5)
    assert "lists_age" not in parse_answer("1000\n==\n==\n0\n==\n==\n==\n0\n").values()


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("sh: date: not found\n", "1 of 6 parts"),
        ("1\n==\n1\n==\n1\n==\n==\nE: dpkg was interrupted\n==\n100\n", "dpkg was interrupted"),
        ("1\n==\n==\n0\n==\n==\n==\n127\n", "apt-get ended with 127"),
    ],
)
def test_what_is_no_answer(printed: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_answer(printed)
