"""Stories of people, told in a real browser on a whole Mainstay: what they were told, what they saw, what they did."""

import base64
import io
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.faces.browser import PROGRAM, Browser, chromium
from tests.faces.served import PASSWORD, Served
from tests.line.shop import Box, mail_server

pytestmark = [pytest.mark.browser, pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")]
CATALOGUE = """
system: {name}
title: {{en: The {name}, zh: 系统 {name}}}
tier: 1
components:
  app: {{kind: http, url: "{url}"}}
checks:
  answers: {{title: {{en: It answers, zh: 可访问}}, probe: {{kind: http, on: app}}, every: 1s, impact: outage}}
"""
CHANNELS = """
channels:
  team: {{kind: smtp, host: 127.0.0.1, port: {port}, tls: none, sender: m@shop.example, to: [ann@shop.example]}}
"""
SLOW = CATALOGUE.replace("impact: outage", 'warn: "total >= 0 s"')
"""One that is never as fast as somebody wished."""


class Shop(BaseHTTPRequestHandler):
    """The system under care: answers, or breaks."""

    broken = False

    def do_GET(self) -> None:
        self.send_response(500 if Shop.broken else 200)
        self.end_headers()
        self.wfile.write(b"welcome")

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture(scope="module")
def shop_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def box() -> Box:
    return Box()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, shop_url: str, box: Box) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("site")
    with mail_server(box) as port:
        site = Served(folder, catalogue=CATALOGUE.format(name="shop", url=shop_url), role="operator")
        settings = folder / "mainstay.toml"
        settings.write_text(settings.read_text() + 'settle = 0\n[networks]\nallowed = ["127.0.0.0/8"]\n')
        (folder / "catalogue" / "books.yaml").write_text(CATALOGUE.format(name="books", url=shop_url))
        (folder / "catalogue" / "stock.yaml").write_text(SLOW.format(name="stock", url=shop_url))
        (folder / "catalogue" / "channels.yaml").write_text(CHANNELS.format(port=port))
        site.call("apply", str(folder / "catalogue"))
        site.call("user", "add", "carl", "--role", "none", "--on", "books=viewer", "--password-stdin", given=PASSWORD)
        site.call("user", "add", "ben", "--role", "approver", "--password-stdin", given=PASSWORD)
        process = site.up()
        yield site
        process.terminate()
        process.wait(30)


@pytest.fixture
def phone() -> Iterator[Browser]:
    with chromium() as browser:
        browser.size(390, 844)
        yield browser


def until(what: Callable[[], object], patience: float = 60.0) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if what():
            return
        time.sleep(0.2)
    raise TimeoutError


def test_from_the_mail_to_the_end_on_a_phone(site: Served, box: Box, phone: Browser) -> None:
    until(lambda: '"ok"' in site.call("check", "list", "shop", "--json"))
    Shop.broken = True
    until(lambda: any("The shop" in mail["subject"] for mail in box.mails))
    mail = next(mail for mail in box.mails if "The shop" in mail["subject"])
    body = mail.get_body(("plain",))
    assert body is not None
    link = re.search(r"http://\S+/incidents/\d+/", body.get_content())
    assert link, "the mail leads to the incident"

    phone.open(link[0])
    phone.wait("location.pathname === '/sign-in/'")
    phone.run(
        f"document.querySelector('[name=username]').value = 'ann';"
        f"document.querySelector('[name=password]').value = '{PASSWORD}';"
        "document.querySelector('.door button.main').click()"
    )
    phone.wait(f"location.href === '{link[0]}' && document.readyState === 'complete'")
    assert phone.run("document.documentElement.scrollWidth") <= 390
    phone.run("document.querySelector('.acts > form button.main').click()")
    phone.wait("document.body.innerText.includes('You have taken it on')")
    phone.wait("document.querySelector('details.ask') !== null")
    phone.run(
        "document.querySelector('details.ask').open = true;"
        "document.querySelector('[name=text]').value = 'Restarted the shop';"
        "document.querySelector('details.ask form').requestSubmit()"
    )
    phone.wait("document.querySelector('.timeline')?.innerText.includes('Restarted the shop')")
    phone.run("window.stayed = true")
    Shop.broken = False
    phone.wait("document.querySelector('.facts').innerText.includes('resolved')", patience=60)
    assert phone.run("window.stayed"), "it is seen without a reload"
    until(lambda: any("esolved" in mail["subject"] for mail in box.mails))
    assert phone.errors == []


def test_the_inspection_from_generation_to_signature_to_paper(site: Served, phone: Browser) -> None:
    until(lambda: json.loads(site.call("incident", "list", "--system", "stock", "--json"))["items"])
    phone.sign_in(site.base, "ann", PASSWORD)
    phone.open(f"{site.base}/inspections/")
    phone.run("document.querySelector('.acts select').value = 'stock'")
    press(phone, "Inspect now")
    phone.wait("/^.inspections.[0-9]+.$/.test(location.pathname) && document.readyState === 'complete'")
    assert phone.run("document.documentElement.scrollWidth") <= 390
    assert phone.run("document.querySelector('main').innerText.includes('Incident #')"), "it has one already"
    row = "[...document.querySelectorAll('tr')].find(one => one.innerText.includes('It answers'))"
    phone.run(f"window.left = true; {row}.querySelector('details.ask').open = true;"
              f"{row}.querySelector('.ask [name=text]').value = 'known: the provider moves';"
              f"{row}.querySelector('.ask form').requestSubmit()")  # fmt: skip
    phone.wait("!window.left && document.querySelector('main').innerText.includes('known: the provider moves')")
    press(phone, "Sign")
    phone.wait("document.querySelector('main').innerText.includes('the sheet, its digest and the audit trail agree')")
    digest = phone.run("document.querySelector('main').innerText.match(/[0-9a-f]{64}/)[0]")
    assert phone.run("document.querySelector('.acts') === null"), "nothing on it can be changed any more"
    got = phone.run(
        "fetch([...document.querySelectorAll('main a')].find(one => one.innerText === 'PDF').href)"
        ".then(said => said.arrayBuffer())"
        ".then(got => btoa(Array.from(new Uint8Array(got), one => String.fromCharCode(one)).join('')))"
    )
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(base64.b64decode(got))).pages)
    assert digest in text.replace("\n", "")
    assert "known: the provider moves" in text
    assert phone.errors == []

    phone.run("document.querySelector('form[action=\"/sign-out/\"]').submit()")
    phone.wait("location.pathname === '/sign-in/'")
    phone.sign_in(site.base, "ben", PASSWORD)
    phone.open(f"{site.base}/inspections/")
    week = "document.querySelector('details.ask:has([name=week])')"
    phone.run(f"{week}.querySelector('summary').click()")
    assert "cannot be taken back" in phone.run(f"{week}.innerText")
    press(phone, "Countersign")
    phone.wait("!document.querySelector('main').innerText.includes('Countersign the week')")
    assert '"flaws": []' in site.call("inspect", "verify", "--json")


def press(page: Browser, text: str) -> None:
    """A button of the content by its words; then wait for the page that follows."""
    page.run("window.left = true")
    page.run(f"[...document.querySelectorAll('main button')].find(one => one.innerText.trim() === '{text}').click()")
    page.wait("!window.left && document.readyState === 'complete'", patience=40)


def test_who_may_see_one_system_sees_that_one(site: Served, phone: Browser) -> None:
    phone.sign_in(site.base, "carl", PASSWORD)
    phone.open(f"{site.base}/systems/")
    words = phone.run("document.body.innerText")
    assert "The books" in words
    assert "The shop" not in words
    for path in ("/systems/shop/", "/systems/shop/checks/answers/"):
        phone.open(site.base + path)
        assert "Nothing is here" in phone.run("document.body.innerText"), path
    phone.open(f"{site.base}/find/?q=shop")
    assert "The shop" not in phone.run("document.querySelector('main').innerText")
    phone.open(f"{site.base}/systems/books/checks/answers/")
    assert phone.run("document.querySelector('.acts') === null"), "a viewer is offered no acts"
    assert phone.run("document.querySelector('.side').innerText.includes('Audit')") is False
