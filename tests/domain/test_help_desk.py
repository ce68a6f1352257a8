"""Rules of the help desk: addresses, numbers, words, and what is told of an incident."""

import pytest

from mainstay.domain.attachment import LARGEST, MOST, Unfit
from mainstay.domain.help_desk import address, check_files, check_words, label, number_in, one_line, progress, tidy


@pytest.mark.parametrize("text", ["ann@shop.example", " a.b+c@x-y.example ", "root@localhost", "o'hara@shop.example"])
def test_an_address_is_taken(text: str) -> None:
    assert address(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "", "ann", "ann@", "@shop.example", "a b@shop.example", "ann@shop.example\nBcc: x@y.example",
        "ann@shop..example",
        "ann@-shop.example", "ann@shop.example,bob@shop.example", "<ann@shop.example>", "安@shop.example",
        "a" * 65 + "@shop.example", "ann@" + "a" * 200 + ".example", "ann@[127.0.0.1]",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Unfit):
        address(text)


def test_a_number_is_found_again_in_a_subject() -> None:
    assert label(42) == "T-0042"
    assert number_in("Re: [T-0042] 故障") == 42
    assert number_in("re: part-0042, T-x, T-99999999999") is None


@pytest.mark.parametrize(
    ("told", "state", "news"),
    [
        ("", "open", "joined"), ("joined", "open", ""), ("", "acknowledged", "acknowledged"),
        ("joined", "acknowledged", "acknowledged"), ("acknowledged", "acknowledged", ""),
        ("acknowledged", "open", ""), ("joined", "resolved", "resolved"), ("resolved", "resolved", ""),
        ("resolved", "open", "reopened"), ("reopened", "open", ""), ("reopened", "resolved", "resolved"),
    ],
)  # fmt: skip
def test_a_reporter_hears_what_is_new_of_an_incident_and_nothing_twice(told: str, state: str, news: str) -> None:
    assert progress(told, state) == news


def test_words_are_tamed() -> None:
    assert one_line("a\r\nBcc:\tb\u202e\x00 c", 100) == "a Bcc: b c"
    assert tidy("a\r\n\r\n\r\n\r\nb\u202e\x07 \n") == "a\n\nb"


def test_what_says_nothing_or_too_much_is_refused() -> None:
    for subject, text in (("", "x"), ("x", ""), ("x", "y" * 10_001)):
        with pytest.raises(Unfit):
            check_words(subject, text)
    for files, before in (([("a", 1)] * 6, 0), ([("a", LARGEST + 1)], 0), ([("a", 0)], 0), ([("a", LARGEST)], MOST)):
        with pytest.raises(Unfit):
            check_files(files, before)
    check_files([("a", 5)], 0)
