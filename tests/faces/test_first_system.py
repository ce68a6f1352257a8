"""From an empty install to a system under care, on a phone, in the browser alone; then the files say the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.faces.browser import PROGRAM, Browser, chromium
from tests.faces.served import PASSWORD, Served
from tests.line.shop import Box, mail_server
from tests.servers import postgresql

pytestmark = [
    pytest.mark.browser, pytest.mark.postgresql,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine"),
]  # fmt: skip
SECRET = "s3cret/with@signs"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as address:
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute("create database shop")
        yield address


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path, catalogue="")
    process = made.up()
    yield made
    process.terminate()
    process.wait(30)


@pytest.fixture
def phone(site: Served) -> Iterator[Browser]:
    with chromium() as browser:
        browser.size(390, 844)
        browser.sign_in(site.base, "ann", PASSWORD)
        yield browser


def fill(page: Browser, **values: str) -> None:
    for name, value in values.items():
        field = f"document.querySelector('main [name=\"{name.replace('_', '-', 1) if name[1] == '_' else name}\"]')"
        page.run(f"{field}.value = {json.dumps(value)}")


def press(page: Browser, text: str) -> None:
    """A button or link of the content by its words; then wait for the page that follows."""
    page.run("window.left = true")
    wanted = f"one => one.innerText.trim() === {json.dumps(text)} && one.checkVisibility()"
    page.run(f"[...document.querySelectorAll('main :is(a, button)')].find({wanted}).click()")
    page.wait("!window.left && document.readyState === 'complete'", patience=40)
    assert page.run("document.documentElement.scrollWidth") <= 390


def says(page: Browser, text: str) -> bool:
    return bool(page.run(f"document.querySelector('main').innerText.includes({json.dumps(text)})"))


def test_the_first_system_is_put_under_care_on_a_phone(site: Served, phone: Browser, server: str) -> None:
    box = Box()
    parts = urlsplit(server)
    phone.open(f"{site.base}/today/")
    press(phone, "Put your first system under care")
    fill(phone, title="Online shop", system="shop", timezone="Asia/Shanghai", hours="Mon-Fri 09:00-18:00")
    press(phone, "Go on")
    press(phone, "PostgreSQL database")
    fill(phone, f_host="127.0.0.1", f_port=str(parts.port), f_database="shop", f_user="reader", password="wrong")
    press(phone, "Test it")
    assert says(phone, "the account was refused")
    assert says(phone, "Name or password is wrong")

    # The statements that the page shows, with the names that were filled in, are all that has to be run.
    statements = phone.run("document.querySelector('pre.copy').textContent")
    assert "to reader" in statements
    with psycopg.connect(parts._replace(path="/shop").geturl(), autocommit=True) as admin:
        admin.execute(statements.replace("'…'", f"'{SECRET}'"))
    phone.open(f"{site.base}/start/parts/db/")  # a reload loses nothing but what is secret
    assert phone.run("document.querySelector('[name=f-user]').value") == "reader"
    assert phone.run("document.querySelector('[name=password]').value") == ""
    fill(phone, password=SECRET)
    press(phone, "Test it")
    assert says(phone, "It works: these are the first values.")
    assert says(phone, "connections ")
    assert SECRET not in phone.run("document.documentElement.outerHTML")

    press(phone, "Go on")
    press(phone, "E-mail")
    with mail_server(box) as port:
        fill(
            phone,
            name="it-team",
            s_host="127.0.0.1",
            s_port=str(port),
            s_sender="m@shop.example",
            s_to="it@shop.example",
        )
        press(phone, "Save and send a test")
        assert says(phone, "test sent")
        assert [mail["Subject"] for mail in box.mails] == ["[Test] Mainstay"]
    press(phone, "Go on")
    assert says(phone, "${SHOP_DB_DSN}")
    assert not says(phone, SECRET)
    shown = phone.run("Object.fromEntries([...document.querySelectorAll('pre.copy')].map("
                      "one => [one.previousElementSibling.innerText, one.textContent]))")  # fmt: skip
    press(phone, "Apply: put it under care")
    phone.wait("location.pathname === '/systems/shop/'")
    phone.wait("document.querySelectorAll('main tr .state-ok').length === 7", patience=180)

    folder = site.folder / "taken"
    folder.mkdir()
    for name, text in shown.items():
        (folder / name).write_text(text, encoding="utf-8")
    assert json.loads(site.call("diff", str(folder), "--json")) == []
    assert json.loads(site.call("export", "--json"))["shop.yaml"] == shown["shop.yaml"]
    assert json.loads(site.call("secret", "list", "--json"))["items"][0]["name"] == "SHOP_DB_DSN"
    assert phone.errors == []
