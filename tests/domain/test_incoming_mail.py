"""Mail from anybody: what is heard, what is not, and that nothing in it gets through that should not."""

import pytest

from mainstay.domain.incoming_mail import DEPTH, LARGEST_MAIL, Ignored, read, text_of

OWN = "desk@shop.example"
HEAD = "From: Ann <ann@shop.example>\r\nTo: desk@shop.example\r\nSubject: Printing\r\nMessage-ID: <1@x>\r\n"


def mail(more: str = "", body: str = "It does not print.", head: str = HEAD) -> bytes:
    return f"{head}{more}\r\n{body}\r\n".encode()


def test_a_plain_mail() -> None:
    found = read(mail("In-Reply-To: <abc@desk>\r\nReferences: <a@b> <abc@desk>\r\n"), OWN)
    assert (found.address, found.name, found.subject, found.text) == (
        "ann@shop.example", "Ann", "Printing", "It does not print.",
    )  # fmt: skip
    assert found.message_id == "1@x"
    assert found.references == ("abc@desk", "a@b", "abc@desk")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("Auto-Submitted: auto-replied\r\n", "automatic"),
        ("Auto-Submitted: auto-generated; x=y\r\n", "automatic"),
        ("Precedence: bulk\r\n", "list"),
        ("List-Id: <all.shop.example>\r\n", "list"),
        ("Return-Path: <>\r\n", "bounce"),
        ("Content-Type: multipart/report; boundary=x\r\n", "bounce"),
        ("X-Autoreply: yes\r\n", "automatic"),
        ("Mainstay-Key: 0123\r\n", "own"),
    ],
)
def test_what_machines_send_is_not_heard(more: str, reason: str) -> None:
    with pytest.raises(Ignored, match=reason):
        read(mail(more), OWN)


@pytest.mark.parametrize(
    ("sender", "reason"),
    [
        (OWN, "own"), ("Desk <DESK@shop.example>", "own"), ("MAILER-DAEMON@x.example", "automatic"),
        ("no-reply@x.example", "automatic"), ("noreply+7@x.example", "automatic"), ("", "no-sender"),
        ("ann", "no-sender"),
    ],
)  # fmt: skip
def test_from_whom_nothing_is_heard(sender: str, reason: str) -> None:
    with pytest.raises(Ignored, match=reason):
        read(f"From: {sender}\r\nSubject: x\r\n\r\nx".encode(), OWN)


def test_auto_submitted_no_is_a_person() -> None:
    assert read(mail("Auto-Submitted: no\r\n"), OWN).text == "It does not print."


def test_html_becomes_text_and_fetches_nothing() -> None:
    page = (
        "<html><head><style>x{}</style><title>t</title></head><body><p>打不开 <b>系统</b></p><script>alert(1)</script>"
    )
    page += "<img src='https://evil.example/p.png'><div>Line&nbsp;two &lt;b&gt;</div></body></html>"
    found = read(mail("Content-Type: text/html; charset=utf-8\r\n", page), OWN)
    assert found.text.split() == ["打不开", "系统", "Line", "two", "<b>"]
    assert text_of("<p>a<script>" + "x" * 10) == "\na"


@pytest.mark.parametrize(
    "quoted",
    [
        "On Mon, Bob <b@x> wrote:\n> old", "> old", "-----Original Message-----\nold",
        "在 2026年11月27日，服务台 写道：\nold",
        "发件人: 服务台\nold",
    ],
)  # fmt: skip
def test_what_was_quoted_is_left_out(quoted: str) -> None:
    assert read(mail(body=f"new\n\n{quoted}"), OWN).text == "new"


def test_an_answer_below_its_quotation_is_kept_whole() -> None:
    assert "new" in read(mail(body="> old\nnew"), OWN).text


def parts(*inner: str, boundary: str = "b") -> str:
    return "".join(f"--{boundary}\r\n{one}\r\n" for one in inner) + f"--{boundary}--\r\n"


def test_files_come_by_tame_names_and_no_more_than_a_few() -> None:
    text = "Content-Type: text/plain; charset=gbk\r\nContent-Transfer-Encoding: base64\r\n\r\ntPLTobK7xvA="
    file = 'Content-Type: image/svg+xml\r\nContent-Disposition: attachment; filename="../../x\u202egnp.exe"\r\n\r\nabc'
    found = read(mail("Content-Type: multipart/mixed; boundary=b\r\n", parts(text, *[file] * 7)), OWN)
    assert found.text == "打印不起".encode("gbk").decode("gbk")
    assert [name for name, _ in found.files] == ["xgnp.exe"] * 5


def test_a_mail_folded_in_too_often_or_too_large_is_not_heard() -> None:
    body, kind = "Content-Type: text/plain\r\n\r\nx", ""
    for depth in range(DEPTH + 2):
        kind = f"Content-Type: multipart/mixed; boundary=b{depth}\r\n"
        body = f"{kind}\r\n{parts(body, boundary=f'b{depth}')}"
    with pytest.raises(Ignored, match="too-nested"):
        read(HEAD.encode() + body.encode(), OWN)
    with pytest.raises(Ignored, match="too-nested"):
        read(mail("Content-Type: multipart/mixed; boundary=b\r\n", parts(*["\r\nx"] * 60)), OWN)
    with pytest.raises(Ignored, match="too-large"):
        read(b"x" * (LARGEST_MAIL + 1), OWN)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\x00\xff" * 500, b"From: " + b"(" * 20_000 + b"\r\n\r\nx",
        b"From: =?x?q?=?= <a@b>\r\nSubject: =?\xff?=\r\n\r\n",
        b"From: a@b.example\r\nContent-Type: multipart/mixed\r\n\r\nx",
        b"From: a@b.example\r\nContent-Type: text/plain; charset=none-such\r\n\r\n\xff\xfe",
        b"From: a@b.example\r\nSubject: " + b"x" * 100_000 + b"\r\n\r\n" + b"y" * 100_000,
        b"From: a@b.example\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
    ],
)  # fmt: skip
def test_no_mail_breaks_it(raw: bytes) -> None:
    try:
        found = read(raw, OWN)
    except Ignored:
        return
    assert len(found.subject) <= 200
    assert len(found.text) <= 10_000
    assert "\n" not in found.subject
