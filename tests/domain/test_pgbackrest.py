"""What pgBackRest prints over whole and over damaged repositories, as it did when it was looked at (2.45)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain import pgbackrest
from mainstay.domain.pgbackrest import Unreadable

WHOLE = """stanza: shop
status: ok
  archiveId: 15-1, total WAL checked: 6, total valid WAL: 6
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
  backup: 20261127-131454F, status: valid, total files checked: 964, total valid files: 964
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
"""
RESUMABLE = WHOLE + "  backup: 20261127-131500F, status: in-progress\n"
CHECKSUM = WHOLE.replace("status: ok", "status: error").replace(
    "checksum invalid: 0, size", "checksum invalid: 1, size"
)
ONLY_A_COPY = WHOLE.replace("status: valid", "status: invalid")
TERSE = """stanza: shop
status: error
  archiveId: 15-1, total WAL checked: 6, total valid WAL: 5
    other: 1
"""
NO_LISTS = """stanza: shop
status: error
  No usable backup.info file
  No usable archive.info file
"""


@pytest.mark.parametrize("printed", [WHOLE, RESUMABLE])
def test_what_says_of_all_that_it_is_whole_has_no_damage(printed: str) -> None:
    assert pgbackrest.damage(printed) == ""


@pytest.mark.parametrize(
    ("printed", "named"),
    [
        (CHECKSUM, "checksum invalid: 1"), (ONLY_A_COPY, "20261127-131454F, status: invalid"), (TERSE, "other: 1"),
        (NO_LISTS, "No usable backup.info"), ("", "said nothing"), ("killed\n", "killed"),
    ],
)  # fmt: skip
def test_damage_is_read_behind_an_exit_code_of_nothing(printed: str, named: str) -> None:
    assert named in pgbackrest.damage(printed)


@pytest.mark.parametrize("place", range(len(WHOLE.splitlines())))
def test_no_counter_and_no_status_of_a_sound_report_may_change_unseen(place: int) -> None:
    lines = WHOLE.splitlines()
    for before, after in ((": 0", ": 3"), ("status: ok", "status: error"), ("status: valid", "status: invalid")):
        changed = [*lines[:place], lines[place].replace(before, after, 1), *lines[place + 1 :]]
        assert (pgbackrest.damage("\n".join(changed)) == "") == (changed == lines)


COPY = {
    "annotation": {"mainstay": "abc"},
    "archive": {"start": "000000010000000000000005", "stop": "000000010000000000000006"},
    "error": False, "info": {"delta": 1450250, "repository": {"delta": 156992, "size": 2832656}, "size": 23033482},
    "label": "20261127-131413F_20261127-131416I", "lsn": {"start": "0/1400028", "stop": "0/1400100"},
    "prior": "20261127-131413F", "reference": ["20261127-131413F"],
    "timestamp": {"start": 1795785256, "stop": 1795785257}, "type": "incr",
}  # fmt: skip


def listed(code: int = 0, message: str = "ok", copies: list[object] | None = None) -> str:
    status = {"code": code, "message": message}
    stanza = {"backup": [COPY] if copies is None else copies, "repo": [{"key": 1, "status": status}], "status": status}
    return json.dumps([stanza])


def test_a_copy_is_read_with_all_that_a_restore_needs() -> None:
    (one,) = pgbackrest.copies(listed())
    assert (one.label, one.level, one.size, one.added) == (COPY["label"], "incremental", 23033482, 156992)
    assert (one.first, one.last, one.whole) == ("000000010000000000000005", "000000010000000000000006", "0/1400100")
    assert one.references == ("20261127-131413F",)
    assert one.ended.isoformat() == "2026-11-27T13:14:18+00:00"


def test_no_copies_yet_is_an_empty_list() -> None:
    assert pgbackrest.copies(listed(2, "no valid backups", [])) == []


def test_a_list_that_could_not_be_read_is_no_empty_list() -> None:
    said = "[FormatError] unable to load info file\nkey/value found outside of section at line 1: \ufffdVbS"
    with pytest.raises(Unreadable) as refused:
        pgbackrest.copies(listed(99, said, []))
    assert refused.value.wrong_key
    with pytest.raises(Unreadable) as refused:
        pgbackrest.copies(listed(99, "[ChecksumError] invalid checksum, actual 'a' but expected 'b'", []))
    assert not refused.value.wrong_key


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=12,
)


@given(
    _JSON | st.text(max_size=50),
    st.sampled_from(["label", "archive", "timestamp", "info", "lsn", "annotation", "type"]),
)
def test_a_strange_list_is_unreadable_and_never_something_else(strange: object, key: str) -> None:
    for printed in (
        strange if isinstance(strange, str) else json.dumps(strange),
        listed(copies=[{**COPY, key: strange}]),
    ):
        try:
            pgbackrest.copies(printed)
        except Unreadable:
            pass


@given(_JSON | st.text(max_size=50))
def test_a_strange_archive_is_unreadable_and_never_something_else(strange: object) -> None:
    try:
        pgbackrest.archived(strange if isinstance(strange, str) else json.dumps(strange))
    except Unreadable:
        pass


@given(st.text(max_size=200))
def test_whatever_is_printed_is_whole_only_if_it_says_so(printed: str) -> None:
    assert pgbackrest.damage(printed) or "status:" in printed


def test_the_archive_is_read_by_name() -> None:
    sha = "30a4f137287c9439a3adfab9b3cbc422be58ceba"
    printed = {
        ".": {"type": "path"}, "15-1/00000002.history": {"type": "file", "size": 41, "time": 9},
        f"15-1/0000000100000000/000000010000000000000002-{sha}.zst": {"type": "file", "size": 183, "time": 1795785254},
        f"15-1/0000000100000000/000000010000000000000003-{sha}": {"type": "file", "size": 320, "time": 1795785255},
        f"15-1/0000000100000000/000000010000000000000004.partial-{sha}.zst": {"type": "file", "size": 3, "time": 99},
        "15-1/0000000100000000/000000010000000000000003.00000028.backup": {"type": "file", "size": 400, "time": 99},
        "archive.info": {"type": "file", "size": 368, "time": 99},
    }  # fmt: skip
    found = pgbackrest.archived(json.dumps(printed))
    assert sorted(found.segments) == ["000000010000000000000002", "000000010000000000000003"]
    assert found.came is not None
    assert found.came.timestamp() == 1795785255
    assert found.histories == {2: "15-1/00000002.history"}


@pytest.mark.parametrize(
    ("line", "share"),
    [
        ("P01 DETAIL: backup file /data/base/5/1259 (112KB, 12.30%) checksum 1e5", 0.123),
        ("P02 DETAIL: restore file /x/base/1/1255 (776KB, 100%) checksum 1e5", 1.0),
        ("P00   INFO: backup command end", None),
        ("P01 DETAIL: backup file /data/(1B, 5%) (1.5GB, 99.99%)", 0.05),
    ],
)
def test_how_far_it_is(line: str, share: float | None) -> None:
    assert pgbackrest.progress(line) == (share if share is None else pytest.approx(share))
