"""What cannot be undone asks first, and says what it will do: every form that leads there, in every template."""

import re
from pathlib import Path

import pytest
from django.urls import get_resolver

import mainstay.web

TEMPLATES = Path(str(mainstay.web.__file__)).with_name("templates")
SAID_BESIDE = {"inspection-sign", "person-change", "run-approve"}
"""Forms that stand open: the sentence is beside the button."""
DANGERS = {
    "backup-key", "backup-run", "backuprestore-abort", "backuprestore-approve",
    "backuppolicy-retire", "store-retire", "article-retire", "review-action-accept",
    "account-codes", "account-contact-remove", "account-factor-remove", "on-call-feed-renew", "on-call-override-end",
    "on-call-swap-refuse", "account-passkey-remove", "account-session-end", "account-sessions-end",
    "calendar-retire", "channel-retire", "check-mute", "countersign", "incident-resolve", "inspection-refuse",
    "person-factor-reset", "person-password-link", "person-sessions-end", "rotation-retire",
    "drill-end", "plan-approve", "plan-retire", "remedy-revoke",
    "runbook-retire",
    "secret-delete", "secret-rotate", "start-channel-remove", "start-drop", "start-part-remove", "system-mute",
    "token-revoke",
    *SAID_BESIDE,
}  # fmt: skip
ENDS = re.compile(r"(?<![a-z])(remove|retire|delete|revoke|end|drop|reset|refuse|rotate|resolve|approve|abort|prune)$")
FORM = re.compile(
    r"""(<details class="ask"[^>]*><summary\b(?:(?!</details>).)*?)?<form\b[^>]*action="{% url '([\w-]+)'"""
)


INCLUDED = re.compile(r'{% include "(parts/[^"]+)"[^%]*%}')


def _included(what: re.Match[str]) -> str:
    return (TEMPLATES / what[1]).read_text(encoding="utf-8")


def forms() -> dict[str, list[tuple[bool, str]]]:
    """Route → whether it has to be folded out first, and the form, wherever it stands."""
    found: dict[str, list[tuple[bool, str]]] = {}
    for file in TEMPLATES.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        for one in FORM.finditer(text):
            form = INCLUDED.sub(_included, text[one.end() : text.index("</form>", one.end())])
            found.setdefault(one[2], []).append((bool(one[1]), form))
    return found


def test_no_danger_is_left_out() -> None:
    """A new route that ends something belongs into the table."""
    named = {str(one.name) for one in get_resolver().url_patterns if getattr(one, "name", None)}
    assert {name for name in named if ENDS.search(name)} <= DANGERS
    assert named >= DANGERS


@pytest.mark.parametrize("route", sorted(DANGERS))
def test_its_form_says_what_it_does(route: str) -> None:
    found = forms()[route]
    assert found
    for folded, form in found:
        assert folded or route in SAID_BESIDE
        said = re.search(r'<p class="dim">(.*?)</p>', form)
        assert said, "a sentence of what it does"
        assert re.search(r'{% (?:trans "|blocktrans[^%]*%})[^"%]{10,}', said[1])
