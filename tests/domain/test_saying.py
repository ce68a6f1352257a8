"""Sentences that are said again in another language, also after they were kept as JSON."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.evidence import kept
from mainstay.domain.saying import Saying, changed, restored, said, say, stored, words_of

WORDS = {"%(a)s and %(b)s": "%(b)s, %(a)s", "step %(a)s: %(b)s": "schritt %(a)s: %(b)s", "plain": "schlicht"}


def german(text: str) -> str:
    return WORDS.get(text, text)


def through_json(words: str) -> str:
    """As the line keeps it and a page reads it."""
    return restored(json.loads(json.dumps(kept({"detail": stored(words, 1000)})))["detail"])


letters = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
numbers = st.integers() | st.floats() | st.booleans() | st.none()


def sayings(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(lambda a, b: say("%(a)s and %(b)s", a=a, b=b), inner, inner),
        st.builds(lambda a, b: say("step %(a)s: %(b)s", a=a, b=b), inner, inner),
    )


@given(st.recursive(letters | numbers | st.just(say("plain")), sayings, max_leaves=6))
def test_what_is_kept_is_said_as_if_it_had_not_been(value: Any) -> None:
    words = value if isinstance(value, str) else say("%(a)s and %(b)s", a=value, b=1)
    back = through_json(words)
    assert back == words
    assert said(back, german) == said(words, german)
    assert through_json(back) == back
    assert isinstance(back, Saying) is isinstance(words, Saying)


def test_what_was_kept_before_is_plain() -> None:
    assert restored("nobody listens at db:5432") == "nobody listens at db:5432"
    assert (restored(None), restored(""), restored({})) == ("", "", "")


def test_what_others_wrote_may_be_long_and_is_cut() -> None:
    assert len(stored("x" * 5000, 1000)) == 1000
    assert restored(stored(say("%(a)s and %(b)s", a="x" * 5000, b="y"), 1000)) == "x" * 1000 + " and y"


def test_what_others_wrote_in_it_can_be_changed() -> None:
    hidden = changed(say("step %(a)s: %(b)s", a="one", b=say("%(a)s and %(b)s", a="secret", b=2)), lambda text: (
        text.replace("secret", "…")
    ))  # fmt: skip
    assert said(hidden, german) == "schritt one: 2, …"
    assert changed("the secret", lambda text: text.replace("secret", "…")) == "the …"


def test_an_error_keeps_its_saying() -> None:
    error = ValueError(say("%(a)s and %(b)s", a=1, b=2))
    assert said(words_of(error), german) == "2, 1"
    assert words_of(OSError(2, "No such file")) == "[Errno 2] No such file"
    assert words_of(ValueError()) == ""
