"""A gap is seen in the browser, a policy is made for it there, and its first run makes a copy."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faces.browser import PROGRAM, Browser, chromium
from tests.faces.served import PASSWORD, Served
from tests.servers import program

pytestmark = [pytest.mark.browser, pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")]
CATALOGUE = """
system: shop
title: {{en: Online shop, zh: 网上商城}}
components:
  db: {{kind: sqlite, dsn: "sqlite:///{books}", title: {{en: Database, zh: 数据库}}}}
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    program("restic")
    books, vault = tmp_path / "books.sqlite3", tmp_path / "vault"
    with sqlite3.connect(books) as db:
        db.execute("create table orders (number text)")
        db.execute("insert into orders values ('SO1')")
    db.close()
    vault.mkdir()
    served = Served(tmp_path, CATALOGUE.format(books=books))
    served.call("backup", "set-store", "vault", "--set", "kind=directory", "--set", f"path={vault}")
    process = served.up()
    try:
        yield served
    finally:
        process.terminate()
        process.wait(30)


def fill(page: Browser, name: str, text: str) -> None:
    """As somebody types it."""
    field = f"document.querySelector('#edit [name={name}]')"
    page.run(f"{field}.focus(); {field}.select()")
    page.call("Input.insertText", text=text)


def press(page: Browser, selector: str) -> None:
    page.run(f"document.querySelector({selector!r}).click()")


def arrived(page: Browser, path: str) -> None:
    page.wait(f"location.pathname === {path!r} && document.readyState === 'complete'")


def test_from_the_gap_to_the_first_copy(site: Served) -> None:
    with chromium() as page:
        page.sign_in(site.base, "ann", PASSWORD)
        page.size(390, 844)
        page.open(f"{site.base}/backups/")
        press(page, "a[href='/backups/policies/new/?system=shop&of=db']")
        arrived(page, "/backups/policies/new/")

        fill(page, "keep_last", "many")  # what is wrong is said while it is typed, beside its field
        page.wait("document.querySelector('#wrong-keep_last .errorlist') !== null")
        assert page.run("document.querySelector('#try [value=save]')") is None
        fill(page, "keep_last", "5")  # and so is what would come of it
        page.wait("document.querySelectorAll('#runs tbody tr').length === 20")
        assert page.run("document.querySelector('#wrong-keep_last .errorlist')") is None
        assert "last: 5" in page.run("document.querySelector('#change').innerText")

        press(page, "#try [value=save]")
        arrived(page, "/backups/policies/shop/nightly/")
        page.run("document.querySelectorAll('details.ask').forEach(one => { one.open = true })")
        press(page, "form[action='/backups/run'] button.main")
        page.wait("location.pathname.startsWith('/backups/jobs/')")
        page.wait("/\\b(done|failed)\\b/.test(document.querySelector('#live')?.innerText)", 90)
        assert "failed" not in page.run("document.querySelector('#live').innerText")
        page.open(f"{site.base}/backups/policies/shop/nightly/edit/")
        assert "1 copy in the stores" in page.run("document.querySelector('form[action$=retire]').textContent")
        assert page.errors == []
