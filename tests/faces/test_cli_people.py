"""People on the command line, and what a command may do that acts as a token."""

import re

import pytest

from tests.faces.test_cli import SHOP, Shell, applied

PASSWORD = "correct-horse-battery"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    made = applied(tmp_path_factory.mktemp("people"), shop=SHOP, books=SHOP.replace("system: shop", "system: books"))
    assert made("incident", "open", "books", "The books are wrong")[0] == 0
    return made


def test_a_command_that_acts_as_a_token_sees_and_does_what_the_token_may(shell: Shell) -> None:
    text = shell.json("token", "create", "night", "--role", "none", "--on", "shop=operator")["token"]

    def asked(*words: str) -> tuple[int, str]:
        code, out, err = shell(*words, MAINSTAY_TOKEN=text)
        assert "Traceback" not in err
        return code, out + err

    for words in (("system", "list"), ("check", "list"), ("incident", "list"), ("notice", "list"), ("check", "mutes")):
        told = asked(*words)[1]
        assert "books" not in told, words
    assert "shop/home" in asked("check", "list")[1]
    assert asked("check", "run", "shop/home")[0] == 0
    for words in (
        ("system", "show", "books"), ("check", "show", "books/home"), ("check", "run", "books/home"),
        ("check", "mute", "books", "--reason", "x"), ("check", "ping-address", "books/job"), ("incident", "show", "1"),
        ("incident", "ack", "1"), ("incident", "open", "books", "x"),
    ):  # fmt: skip
        code, told = asked(*words)
        assert (code, "there is no" in told or "there is nothing" in told) == (64, True), (words, told)
    for words in (("export",), ("diff",), ("apply",), ("audit", "list"), ("user", "list"), ("token", "list")):
        code, told = asked(*words)
        assert (code, "needs the role" in told) == (77, True), (words, told)
    assert shell("check", "list", MAINSTAY_TOKEN=text[:-1])[0] == 77
    assert text not in shell("token", "list", "--json")[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--on", "shop"), "does not say system=role"),
        (("--on", "none=viewer"), "there is no system none"),
        (("--on", "shop=king"), "'king' is no role"),
    ],
)
def test_a_role_on_a_system_that_cannot_be(shell: Shell, words: tuple[str, ...], told: str) -> None:
    code, _, err = shell("user", "add", "zed", *words, "--password-stdin", given=PASSWORD)
    assert (code, told in err) == (64, True), err
    assert "zed" not in shell("user", "list")[1]


def test_a_person_from_invitation_to_reset(shell: Shell) -> None:
    first = shell("user", "invite", "eve", "--role", "none", "--on", "shop=operator")
    link = re.search(r"/invitation/\w+", first[1])
    assert link
    (eve,) = (row for row in shell.json("user", "list")["items"] if row["username"] == "eve")
    assert (eve["role"], eve["systems"], eve["invited"], eve["second_factor"]) == (
        "none", {"shop": "operator"}, True, False,
    )  # fmt: skip
    shell("user", "change", "eve", "--on", "shop=general", "--on", "books=viewer")
    (eve,) = (row for row in shell.json("user", "list")["items"] if row["username"] == "eve")
    assert eve["systems"] == {"books": "viewer"}
    other = shell.json("user", "password-link", "eve")
    assert other["sent"] is False
    assert link[0] not in other["link"]
    assert shell.json("user", "sessions", "eve")["items"] == []
    assert shell.json("user", "end-sessions", "eve") == {"ended": 0}
    assert shell("user", "reset-factor", "eve")[0] == 0
    assert shell("user", "reset-factor", "nobody")[2].startswith("there is nobody called nobody")
    trail = shell("audit", "list", "--json")[1]
    assert "factor.reset" in trail
    assert link[0].rpartition("/")[2] not in trail
