"""Full-text search: what is found, what is not, in which order, and what is marked."""

import pytest
from opencc import OpenCC

from mainstay.domain import han
from mainstay.domain.full_text import Query, grams, plain

TITLE, BODY = "数据库连接失败怎么办", "PostgreSQL refuses connections: max_connections is reached. 重启应用释放连接池。"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("连接", True),  # two characters, of which a database's trigrams know nothing
        ("库", True),
        ("数据库连接", True),
        ("连接池", True),
        ("池连", False),
        ("接失", True),
        ("数据 重启", True),
        ("数据 重装", False),
        ("connection", True),  # by its beginning
        ("CONNECTIONS", True),
        ("onnections", False),
        ("postgresql 连接", True),
        ("ｐｏｓｔｇｒｅｓｑｌ", True),  # full width
        ("max_connections", True),
        ("", False),
        ("?!", False),
        ("數據庫", True),  # in the other characters
        ("資料庫連線", True),  # and in the words of Taiwan
        ("釋放連接池", True),
        ("資料 重裝", False),
    ],
)
def test_what_is_found(query: str, found: bool) -> None:
    asked = Query.of(query)
    judged = bool(asked.words) and asked.judge(TITLE, BODY) > 0
    assert judged is found
    if found:
        assert set(asked.grams) <= grams(TITLE, BODY), "the rows lead to all that is found"


def test_the_title_weighs_most_and_the_whole_query_in_it_more() -> None:
    query = Query.of("connection refused")
    whole = query.judge("Connection refused", "x")
    apart = query.judge("Refused: the connection", "x")
    below = query.judge("What to do", "connection refused, connection refused")
    assert whole > apart > below > 0


@pytest.mark.parametrize(
    ("question", "title", "offered"),
    [
        ("我的订单无法付款了怎么办", "订单付款失败怎么办", True),
        ("打印机卡纸", "订单付款失败怎么办", False),
        ("I cannot print my invoice", "Print an invoice", True),
        ("how do I reset my password", "Reset a password", True),
        ("the coffee machine is broken", "Reset a password", False),
    ],
)
def test_a_question_in_sentences_is_offered_what_has_most_of_it(question: str, title: str, offered: bool) -> None:
    assert (Query.of(question).nearly(title, "") > 0) is offered


def test_what_was_looked_for_is_marked_and_touching_hits_are_one() -> None:
    assert Query.of("连接 失败").marked("数据库连接失败") == [("数据库", False), ("连接失败", True)]
    assert Query.of("conn").marked("a connection") == [("a ", False), ("conn", True), ("ection", False)]


def test_an_excerpt_is_of_words_and_marks_what_tells_something() -> None:
    assert Query.of("how to see the pool").excerpt("## The pool\n\n- **full**") == [
        ("The ", False),
        ("pool", True),
        (" full", False),
    ]
    assert Query.of("to be").marked("to be") == [("to", True), (" ", False), ("be", True)]


def test_an_excerpt_shows_the_first_hit_of_a_long_text() -> None:
    pieces = Query.of("needle").excerpt("hay " * 500 + "needle " + "hay " * 500)
    text = "".join(piece for piece, _ in pieces)
    assert ("needle", True) in pieces
    assert text.startswith("…")
    assert text.endswith("…")
    assert len(text) < 200


def test_a_query_is_bounded_and_a_text_gives_few_grams() -> None:
    assert len(Query.of(" ".join(f"w{n}" for n in range(100))).words) == 12
    assert len(grams("connection " * 1000)) == 3
    assert plain("ＡＢＣ") == "ABC"


@pytest.mark.parametrize("query", ["数据库", "资料库", "資料庫", "连接失败", "連線失敗", "料", "庫連"])
def test_traditional_text_is_found_and_marked_as_it_is_written(query: str) -> None:
    title = "資料庫連線失敗怎麼辦"
    asked = Query.of(query)
    assert set(asked.grams) <= grams(title)
    if query not in ("料", "庫連"):
        assert asked.judge(title, "") > 0
    assert "".join(piece for piece, _hit in asked.marked(title)) == title
    assert Query.of("数据库").marked(title)[0] == ("資料庫", True)


def test_the_characters_are_those_of_opencc() -> None:
    opencc = OpenCC("t2s")
    assert [opencc.convert(one) for one in han.TRADITIONAL] == list(han.SIMPLIFIED)
    assert set(han.TRADITIONAL).isdisjoint(han.SIMPLIFIED), "what is told once is told for good"
    assert all(han.folded(one) == one and han.canonical(one) == other for one, other in han.TERMS.items())
    assert not [one for one in han.TERMS.values() if han.canonical(one) != one]
