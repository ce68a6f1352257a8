"""A certificate is as it was signed, or it is not: whatever is changed in it."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.certificate import Untrue, canonical, exact, key_id, public_of, sealed, sign, verify

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
DOCUMENT = {
    "verdict": "proved",
    "gates": [{"name": "load", "verdict": "passed"}],
    "copy": {"bytes": 1 << 60},
    "名": "账",
}


def made(document: dict[str, Any] = DOCUMENT) -> str:
    text = canonical(document)
    return sealed(text, sign(text, KEY), public_of(KEY))


def test_what_was_signed_is_read_back() -> None:
    found = verify(made(), public_of(KEY))
    assert found.document == DOCUMENT
    assert found.known
    assert not verify(made()).known


def test_its_form_does_not_matter() -> None:
    whole = json.loads(made())
    again = json.dumps(dict(reversed(whole.items())), indent=7)
    assert verify(again, public_of(KEY)).document == DOCUMENT


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("certificate", "verdict"), "failed"),
        (("certificate", "copy", "bytes"), 1),
        (("certificate", "gates"), []),
        (("certificate", "more"), 1),
        (("certificate", "copy", "bytes"), 1.5),
        (("signature",), base64.b64encode(bytes(64)).decode()),
        (("signature",), "x"),
        (("public_key",), public_of(OTHER)),
        (("public_key",), ""),
        (("form",), "other"),
        (("certificate",), 7),
    ],
)
def test_what_was_changed_is_untrue(path: tuple[str, ...], value: Any) -> None:
    whole = json.loads(made())
    place = whole
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(Untrue):
        verify(json.dumps(whole))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "{", '{"certificate": {}}'])
def test_what_is_no_certificate_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Untrue):
        verify(text)


def test_another_key_is_named() -> None:
    with pytest.raises(Untrue, match=key_id(public_of(KEY))):
        verify(made(), public_of(OTHER))


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), PLAIN, max_size=5))
def test_one_text_for_one_meaning(document: dict[str, Any]) -> None:
    text = canonical(document)
    assert canonical(json.loads(text)) == text
    assert canonical(dict(reversed(document.items()))) == text


@pytest.mark.parametrize("value", [1.5, float("nan"), b"x", {1: 2}, object()])
def test_what_would_drift_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical({"x": [value]})


def test_numbers_that_drift_become_text() -> None:
    assert (
        canonical({"x": exact({"a": 0.1, "b": [2.0], "c": 3, 4: None})})
        == '{"x":{"4":null,"a":"0.1","b":["2.0"],"c":3}}'
    )
