"""Every act can be done on every face: by API, on the command line, and on the pages or it is said that it cannot."""

import re
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from mainstay.api.document import document
from mainstay.domain.actor import PERMISSIONS

PACKAGE = Path(__file__).resolve().parents[2] / "mainstay"
OFF_PAGES = {"alert.receive"}
"""What has no page: it is for programs."""


def on_pages() -> set[str]:
    def acts(patterns: list[URLPattern | URLResolver]) -> set[str]:
        found = set()
        for one in patterns:
            if isinstance(one, URLResolver):
                found |= acts(one.url_patterns)
            elif act := getattr(one.callback, "act", ""):
                found.add(act)
        return found

    return acts(get_resolver().url_patterns)


def on_the_command_line() -> set[str]:
    return {
        act
        for file in (PACKAGE / "cli").glob("*.py")
        for act in re.findall(r"acting\(\s*\"([a-z.]+)\"", file.read_text(encoding="utf-8"))
    }


def by_api() -> set[str]:
    return {operation["x-act"] for item in document()["paths"].values() for operation in item.values()}


@pytest.mark.parametrize("face", [by_api, on_the_command_line], ids=["api", "cli"])
def test_every_act_is_there(face: object) -> None:
    assert set(PERMISSIONS) == face()  # type: ignore[operator]  # parametrized


def test_the_pages_lack_only_what_is_named() -> None:
    assert set(PERMISSIONS) - on_pages() == OFF_PAGES
