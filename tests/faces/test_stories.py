"""Stories of people, told in a real browser on a whole Mainstay: what they were told, what they saw, what they did."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

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
        (folder / "catalogue" / "channels.yaml").write_text(CHANNELS.format(port=port))
        site.call("apply", str(folder / "catalogue"))
        site.call("user", "add", "carl", "--role", "none", "--on", "books=viewer", "--password-stdin", given=PASSWORD)
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
    until(lambda: any("It answers" in mail["subject"] and "shop" in str(mail) for mail in box.mails))
    mail = next(mail for mail in box.mails if "shop" in str(mail))
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
