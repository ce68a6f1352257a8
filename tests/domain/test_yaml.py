"""YAML as the catalogue reads it: what words mean, where they stand, what is refused."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.yaml_node import Unreadable, locate, plain
from mainstay.domain.yaml_text import MAX_BYTES, read, write


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("no", "no"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("2026-10-01", "2026-10-01"),
        ("12:30", "12:30"),
        ("007", "007"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("-3", -3),
        ("99999999999999999999", "99999999999999999999"),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        ("1.2.3", "1.2.3"),
        ("10.0.0.1", "10.0.0.1"),
        ("5m", "5m"),
        ("> 80% for 5m", "> 80% for 5m"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("商城", "商城"),
    ],
)
def test_a_word_means_what_the_core_schema_says(text: str, value: Any) -> None:
    if text.startswith(">"):
        text = f'"{text}"'
    assert plain(read(f"key: {text}\n".encode())) == {"key": value}


def test_on_is_a_key_like_any_other() -> None:
    assert plain(read(b"probe: {kind: sql, on: db, no: 1, y: 2}")) == {
        "probe": {"kind": "sql", "on": "db", "no": 1, "y": 2}
    }


def test_every_key_and_value_has_its_place() -> None:
    node = read("système: a\nchecks:\n  one: {warn: ['> 1', '> 2']}\n".encode())
    assert locate(node, ("système",)) == (1, 10)
    assert locate(node, ("système",), key=True) == (1, 1)
    assert locate(node, ("checks", "one", "warn", 1)) == (3, 23)
    assert locate(node, ("checks", "one", "warn"), key=True) == (3, 9)
    assert locate(node, ("checks", "one", "no such", "thing")) == (3, 8)
    assert locate(node, ("checks", "list[str]", "one", "warn", 0)) == (3, 16)
    assert locate(node, ("checks", "one", "warn", 7)) == (3, 15)


def test_aliases_and_merges_are_read() -> None:
    text = (
        b"base: &base {every: 5m, failures: 3}\none: {<<: *base, every: 1m}\ntwo: {<<: [*base, {mask: []}]}\nx: *base\n"
    )
    assert plain(read(text)) == {
        "base": {"every": "5m", "failures": 3},
        "one": {"every": "1m", "failures": 3},
        "two": {"every": "5m", "failures": 3, "mask": []},
        "x": {"every": "5m", "failures": 3},
    }


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter() -> None:
    assert plain(read(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")) == {"a": 1, "b": 2}


def test_an_empty_file_is_nothing() -> None:
    assert plain(read(b"")) is None
    assert plain(read(b"# only a remark\n")) is None


_BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (letter, letter, b",".join([b"*%c" % (letter - 1)] * 9)) for letter in range(ord("b"), ord("j"))
)


@pytest.mark.parametrize(
    ("data", "messages"),
    [
        (b"a: 1\nb: 2\na: 3\n", ["3:1: 'a' is written twice; first in line 1, column 1"]),
        (b"x:\n  a: 1\n  a: 2\n", ["3:3: x: 'a' is written twice; first in line 2, column 3"]),
        (b"a: !!python/object:os.system x", ["1:4: a: the tag tag:yaml.org,2002:python/object:os.system is not read"]),
        (b"a: !own 1", ["1:4: a: the tag !own is not read; write the value without it"]),
        (b"a: !!binary aGk=", ["1:4: a: the tag tag:yaml.org,2002:binary is not read"]),
        (b"1: x", ['1:1: 1 is not a word; write "1" as the key']),
        (b"true: x", ['1:1: true is not a word; write "true" as the key']),
        (b"? \n: x", ['nothing is not a word; write "" as the key']),
        (b"? [a]\n: x", ["1:3: a key must be a word; write a name before the colon"]),
        (b"a: &k b\n*k : x", ["2:1: an alias cannot be a key; write the name"]),
        (b"a: 1\n---\nb: 2\n", ["2:1: a second document begins here; put it in a file of its own"]),
        (b"a: *nobody", ["1:4: a: *nobody names no anchor before it; write &nobody where it is defined"]),
        (b"a: &a [*a]", ["1:8: a: *a names no anchor before it"]),
        (b"<<: 5", ["1:5: << takes a mapping or a list of mappings; write such as <<: *name"]),
        (b"a: \xff\xfe", ["1:4: the byte 0xff is not UTF-8; save the file as UTF-8"]),
        ("a: é".encode("utf-16"), ["1:1: the byte 0xff is not UTF-8"]),
        ("名: é".encode("gbk"), ["is not UTF-8; save the file as UTF-8"]),
        (b"a: b\nc: \x07", ["2:4: the character U+0007 may not stand in YAML; remove it"]),
        (b"a: \x00", ["1:4: the character U+0000 may not stand in YAML; remove it"]),
        (
            b"a:\n\t- b",
            ["2:1: not YAML: while scanning for the next token found character that cannot start any token"],
        ),
        (b'a: "b\\0c"', ["1:4: a: a zero byte cannot be kept; remove it"]),
        (b'a: "\\ud800"', ["not YAML: while parsing a quoted scalar found invalid Unicode character escape code"]),
        (b"a: b: c", ["1:5: not YAML: mapping values are not allowed in this context"]),
        (b"a: [1, 2", ["not YAML: while parsing a flow sequence did not find expected ',' or ']'"]),
        (b"[" * 60, ["1:51: nested deeper than 50 levels; make it flatter"]),
        (b"- " * 60, ["1:101: nested deeper than 50 levels"]),
        (b"x" * (MAX_BYTES + 1), ["1:1: the file is larger than 2 MB; split it"]),
        (_BOMB, ["grows the document past every bound; use fewer aliases"]),
        (b"a: 1\na: 2\nb: !x 3\n1: 4\n", ["2:1: 'a' is written twice", "3:4: b: the tag !x", "4:1: 1 is not a word"]),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else "",
)
def test_what_is_refused_says_where_and_what_would_be_right(data: bytes, messages: list[str]) -> None:
    with pytest.raises(Unreadable) as refused:
        read(data)
    assert len(refused.value.flaws) == len(messages)
    for flaw, message in zip(refused.value.flaws, messages, strict=True):
        assert message in str(flaw)


@given(st.binary(max_size=400) | st.text(alphabet="ab:&*<!-?[]{}|>'\"#%@`,\n\t \\1.~é", max_size=200).map(str.encode))
def test_whatever_is_in_a_file_it_is_read_or_refused(data: bytes) -> None:
    with suppress(Unreadable):
        plain(read(data))


_CHARACTERS = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
_WORDS = st.text(_CHARACTERS, max_size=20) | st.sampled_from(
    ["on", "1e3", "<<", "~", "0o7", "1:30", "a\nb\n", " x", "true", "-", "|"]
)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(_WORDS, _VALUES, min_size=1, max_size=5))
def test_what_is_written_is_read_back_the_same(value: dict[str, Any]) -> None:
    assert plain(read(write(value).encode())) == value
