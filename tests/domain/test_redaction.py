"""Logs and statements as they may be kept."""

import pytest
from pydantic import ValidationError

from mainstay.domain.log_source import MOST_BYTES, MOST_LINES, LogSource, ending, words
from mainstay.domain.redaction import redacted, without_literals


@pytest.mark.parametrize(("text", "secret"), [
    ("connect to postgresql://shop:hunter2@db/shop failed", "hunter2"),
    ("password=hunter2 user=x", "hunter2"),
    ('{"api_key": "hunter two", "a": 1}', "hunter two"),
    ("DB_PASSWORD: 'hunter2'", "hunter2"),
    ("Authorization: Basic aHVudGVyMg==", "aHVudGVyMg"),
    ("sent Bearer abcdefgh12345678", "abcdefgh12345678"),
    ("Set-Cookie: sid=hunter2; path=/", "hunter2"),
    ("alter role shop password 'hunter2'", "hunter2"),
    ("create user shop identified by 'hunter2'", "hunter2"),
    ("-----BEGIN RSA PRIVATE KEY-----\nhunter2\nhunter3", "hunter3"),
    ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.hunter2", "hunter2"),
    ("the till said hunter2 to nobody", "hunter2"),
])  # fmt: skip
def test_no_secret_stays(text: str, secret: str) -> None:
    shown = redacted(text, known=["hunter2"] if "nobody" in text else [])
    assert secret not in shown
    assert "•••" in shown


@pytest.mark.parametrize("text", [
    "2026-11-28 12:00:00 ERROR could not obtain lock on relation orders", "GET /orders/17 500 2.3 s",
    "http://erp.internal:8000/path", "the passenger list is keyed by name",
])  # fmt: skip
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text, known=["GET"]) == text


def test_a_statement_loses_its_texts_and_keeps_its_form() -> None:
    statement = "update customer set name = 'O''Brien', note = $x$ secret $x$ where id = 17 and mail = 'cut"
    assert (
        without_literals(statement) == "update customer set name = '•••', note = '•••' where id = 17 and mail = '•••'"
    )


@pytest.mark.parametrize(("written", "program"), [
    ({"file": "/var/log/-f; rm"}, ["tail", "-c", str(MOST_BYTES), "--", "/var/log/-f; rm"]),
    ({"unit": "tryton.service"},
     ["journalctl", "--no-pager", "--quiet", "--output=short-iso", "--lines=200", "--unit=tryton.service"]),
    ({"command": ["docker", "logs", "app; reboot"], "on": "host"}, ["docker", "logs", "app; reboot"]),
])  # fmt: skip
def test_a_source_is_a_program_and_its_words(written: dict[str, object], program: list[str]) -> None:
    assert words(LogSource.model_validate(written)) == program


@pytest.mark.parametrize("written", [
    {}, {"on": "host"}, {"file": "/a", "unit": "b"}, {"file": "relative.log"}, {"unit": "a b"}, {"command": []},
    {"unit": "$(reboot)"}, {"file": "/a", "colour": "red"},
])  # fmt: skip
def test_what_is_no_source_is_refused(written: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LogSource.model_validate(written)


def test_only_the_end_of_a_log_is_kept() -> None:
    kept = ending("\n".join(f"line {n}" for n in range(1000)) + "\n").split("\n")
    assert (len(kept), kept[-1]) == (MOST_LINES, "line 999")
    assert ending("x" * (MOST_BYTES + 1) + "\nlast") == "last"
    assert ending("") == ""
