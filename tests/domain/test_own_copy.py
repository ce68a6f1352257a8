"""Copies of Mainstay itself: what may come back, what a manifest may say, when a copy is late, which stay."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from mainstay.domain.own_copy import (
    Manifest,
    Member,
    Story,
    Unfit,
    complaint,
    fit_passphrase,
    is_safe,
    newer,
    read_manifest,
    surplus,
)

DAY, NOW = 86400.0, 1_800_000_000.0
MANIFEST = Manifest(
    "0.2.0", "0.2.0", datetime(2027, 1, 31, 12, tzinfo=UTC), "sqlite", ("audit.0001_initial", "auth.0001_initial"),
    (7, "ab"), (Member("data/keys/1.key", 32, "0" * 64), Member("mainstay.toml", 9, "1" * 64)),
)  # fmt: skip


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert read_manifest(MANIFEST.text()) == MANIFEST
    assert MANIFEST.size == 41


@pytest.mark.parametrize(
    "name",
    ["../x", "data/../../x", "/etc/passwd", "data//x", "", ".", "data/.", "data\\..\\x", "a\0b", "x/" * 600 + "x",
     "data/\n", "x" * 256],
)  # fmt: skip
def test_no_name_leads_out_of_the_directory(name: str) -> None:
    assert not is_safe(name)


@pytest.mark.parametrize("name", ["mainstay.toml", "data/keys/0001-ab.key", ".gitignore", "catalogue/商城 1.yaml"])
def test_ordinary_names_are_taken(name: str) -> None:
    assert is_safe(name)


@pytest.mark.parametrize(
    "change",
    [
        {"members": [{"name": "../x", "size": 1, "sha256": "0" * 64}]}, {"engine": "oracle"}, {"head": []},
        {"members": [{"name": "x", "size": -1, "sha256": "0" * 64}]}, {"made_at": "yesterday"}, {"members": None},
        {"members": [{"name": "x", "size": 1, "sha256": "0"}]}, {"migrations": 5},
        {"members": 2 * [{"name": "x", "size": 1, "sha256": "0" * 64}]},
    ],
)  # fmt: skip
def test_a_manifest_is_not_believed_unseen(change: dict[str, Any]) -> None:
    with pytest.raises(Unfit):
        read_manifest(json.dumps({**json.loads(MANIFEST.text()), **change}).encode())


@pytest.mark.parametrize("text", [b"", b"{}", b"[" * 100_000, b"\xff\xfe", b"null"])
def test_what_is_no_manifest_is_refused(text: bytes) -> None:
    with pytest.raises(Unfit):
        read_manifest(text)


@pytest.mark.parametrize(
    ("version", "known", "fits"),
    [
        ("0.2.0", {"audit.0001_initial", "audit.0002_append_only"}, True),
        ("0.10.0", {"audit.0001_initial"}, True),
        ("0.1.9", {"audit.0001_initial"}, False),
        ("0.2.0", {"audit.0002_append_only"}, False),
    ],
)
def test_a_newer_copy_is_refused_with_words(version: str, known: set[str], fits: bool) -> None:
    why = newer(MANIFEST, version, known)
    assert (why == "") is fits
    assert fits or ("0.2.0" in why and version in why)
    assert newer(replace(MANIFEST, version=""), version, {"audit.0001_initial"}) == "", "no version is older than any"


@pytest.mark.parametrize(
    ("story", "said"),
    [
        (Story(NOW - DAY, 0), ""),
        (Story(NOW - 1.5 * DAY, 0), ""),
        (Story(NOW - 2 * DAY, 0), "for 48 h; one is due each 24 h"),
        (Story(None, NOW - DAY), ""),
        (Story(None, NOW - 2 * DAY), "for 48 h"),
        (Story(NOW - 60, 0, "no room"), "failed: no room"),
    ],
)
def test_late_and_failed_copies_are_complained_of(story: Story, said: str) -> None:
    found = complaint(story, DAY, NOW)
    assert said in found
    assert bool(found) is bool(said)


def test_the_newest_stay() -> None:
    assert surplus(["b", "d", "a", "c"], 2) == ["b", "a"]
    assert surplus(["a"], 3) == []


def test_a_short_passphrase_is_refused() -> None:
    assert fit_passphrase("x" * 12)
    with pytest.raises(Unfit):
        fit_passphrase("x" * 11)
