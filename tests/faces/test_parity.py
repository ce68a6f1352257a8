"""Every act can be done on every face: by API, on the command line, and on the pages or it is said that it cannot."""

import re
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver

from mainstay.api.document import document
from mainstay.domain.actor import PERMISSIONS

PACKAGE = Path(__file__).resolve().parents[2] / "mainstay"
OFF_PAGES = {"alert.receive"}
"""What has no page: it is for programs."""
SHELL_ONLY = {"self.restore"}
"""What the command line alone does. Putting Mainstay itself back replaces the database from which pages and API would
answer, and who may ask is written in that very database; so it is for whoever holds the machine and the passphrase."""


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
        for act in re.findall(r"(?:acting\(|authorise\(actor,)\s*\"([a-z.]+)\"", file.read_text(encoding="utf-8"))
    }


def by_api() -> set[str]:
    return {operation["x-act"] for item in document()["paths"].values() for operation in item.values()}


def test_every_act_is_there() -> None:
    assert set(PERMISSIONS) - by_api() == SHELL_ONLY
    assert by_api() <= set(PERMISSIONS) == on_the_command_line()


def test_the_pages_lack_only_what_is_named() -> None:
    assert set(PERMISSIONS) - on_pages() == OFF_PAGES | SHELL_ONLY
