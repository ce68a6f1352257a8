"""``make screenshots``: every page as a picture, from a running demo and from an empty install.

Which pages there are is what the tests look at (``tests/faces/bad_day.py``). Each in English and both Chinese scripts,
1440 and 390 pixels wide, light and dark: first when all is well, then on a bad day, then where nothing is under care
yet. The pictures go to ``build/screenshots/``; the README's own are copied to ``docs/pictures/``.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.faces.bad_day import There, pages  # noqa: E402
from tests.faces.browser import Browser, chromium  # noqa: E402
from tests.faces.served import PASSWORD, Served  # noqa: E402

OUT = ROOT / "build" / "screenshots"
WIDTHS, LANGUAGES, THEMES = (1440, 390), ("en", "zh-hans", "zh-hant"), ("light", "dark")
FAULTS = ("stock-negative", "sale-stuck", "certificate-expiring", "app-slow")
THERE = There(
    system="meridian", checks=("app.reads-an-order", "app.sales", "cpu"), edited="app.reads-an-order", incidents=(1,),
    sheet=1, parts=("postgresql",), channel="it-team", person="vera", policy="nightly",
    backups=("jobs/1", "copies/1", "copies/1/files", "proofs/1"), written="nightly", store="vault",
)  # fmt: skip
CHECK = "/systems/meridian/checks/app.reads-an-order/?range=1h"
README = {
    "today": "today-1440-en-light", "system": "systems-meridian-1440-en-light",
    "check": "systems-meridian-checks-app.reads-an-order-range=1h-1440-en-dark",
    "phone": "today-390-zh-hans-light",
}  # fmt: skip
"""Picture of the README → the picture of a bad day that it is."""
HALF_IN = """
import django; django.setup()
from datetime import UTC, datetime
from mainstay.people.models import Person, Totp
Totp.objects.create(person=Person.objects.get(username="tom"), sealed=b"", key_id="", confirmed_at=datetime.now(UTC))
"""
"""Tom has an authenticator: his password alone leads to the second step."""


@dataclass(frozen=True, slots=True)
class Demo:
    """Where it is and who may sign in."""

    base: str
    person: str
    password: str


@contextmanager
def demo() -> Iterator[Demo]:
    """A demo of its own until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mainstay", "demo"], cwd=ROOT, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        yield _announced(process)
    finally:
        process.terminate()
        process.wait(60)


def _announced(process: "subprocess.Popen[str]") -> Demo:
    for line in process.stdout or ():
        if found := re.search(r"(http://\S+?)/\s+sign in as (\S+) / (\S+)", line):
            return Demo(*found.groups())
    raise SystemExit("the demo did not start")


def pictures(browser: Browser, base: str, day: str, addresses: Sequence[str]) -> None:
    """Every page in all the ways in which a reader may see it."""
    folder = OUT / day
    folder.mkdir(parents=True, exist_ok=True)
    for address, width, language, theme in product(addresses, WIDTHS, LANGUAGES, THEMES):
        browser.size(width, 900, dark=theme == "dark")
        browser.language(base, language)
        browser.open(base + address)
        browser.picture(folder / f"{named(address)}-{width}-{language}-{theme}.png")
    print(f"{folder}: {len(addresses) * len(WIDTHS) * len(LANGUAGES) * len(THEMES)} pictures")


def named(address: str) -> str:
    """The name of a page's pictures: ``/incidents/?view=plots`` is ``incidents-view=plots``."""
    return re.sub(r"[/?&]+", "-", address).strip("-")


def nameless() -> list[str]:
    """The pages that are not about anything: they are there in an empty install too."""
    other = There("-", (), "-", (), 0, (), "-", "-")
    return [one for one in pages(THERE) if one in pages(other)]


def prepare(browser: Browser, base: str) -> None:
    """What the demo has not: a sheet, a system that is being described, a colleague."""
    browser.open(f"{base}/inspections/")
    _post(browser, "/inspections/run", system=THERE.system)
    _post(browser, "/start/system", system="store", title="Store", tier="1", timezone="Asia/Shanghai")
    _post(browser, "/start/parts/add", pack=THERE.parts[0], kind="postgresql")
    _post(browser, "/people/invite", username=THERE.person, role="operator")


def _post(browser: Browser, address: str, **form: str) -> None:
    token = "document.querySelector('[name=csrfmiddlewaretoken]').value"
    body = f"new URLSearchParams({{...{json.dumps(form)}, csrfmiddlewaretoken: {token}}})"
    status = browser.run(f"fetch('{address}', {{method: 'POST', body: {body}}}).then(said => said.status)")
    if status != 200:
        raise SystemExit(f"{address} answered {status}")


def bad_day() -> None:
    """Break some things and wait until they are seen."""
    for fault in FAULTS:
        subprocess.run([sys.executable, "-m", "mainstay", "estate", "break", fault], cwd=ROOT, check=True)
    time.sleep(40)


def empty_install() -> None:
    with tempfile.TemporaryDirectory(prefix="mainstay-empty-") as name:
        site = Served(Path(name), catalogue="")
        site.call("user", "add", "tom", "--password-stdin", given=PASSWORD)
        site.run(HALF_IN)
        process = site.start()
        try:
            with chromium() as browser:
                browser.size(1440, 900)
                browser.sign_in(site.base, "ann", PASSWORD)
                pictures(browser, site.base, "empty", nameless())
                link = invited(browser, site.base)
            with chromium() as stranger:
                outside(stranger, site.base, link)
        finally:
            process.terminate()
            process.wait(20)


def invited(browser: Browser, base: str) -> str:
    """The address of an invitation that is good."""
    browser.open(f"{base}/people/")
    browser.run(
        "document.querySelector('form[action=\"/people/invite\"] [name=username]').value = 'kim';"
        "document.querySelector('form[action=\"/people/invite\"]').requestSubmit()"
    )
    browser.wait("document.body.innerText.includes('/invitation/')")
    return str(browser.run("document.body.innerText.match(/\\/invitation\\/[\\w-]+/)[0]"))


def outside(stranger: Browser, base: str, link: str) -> None:
    """What is seen before one is in: the door, an invitation, the second step."""
    pictures(stranger, base, "outside", ["/sign-in/"])
    stranger.open(base + link)
    pictures(stranger, base, "outside", ["/invitation/"])
    stranger.open(f"{base}/sign-in/")
    stranger.run(
        f"document.querySelector('[name=username]').value = 'tom';"
        f"document.querySelector('[name=password]').value = {json.dumps(PASSWORD)};"
        "document.querySelector('[name=password]').form.requestSubmit()"
    )
    stranger.wait("location.pathname === '/sign-in/second/'")
    pictures(stranger, base, "outside", ["/sign-in/second/"])


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    with demo() as place, chromium() as browser:
        browser.size(1440, 900)
        browser.sign_in(place.base, place.person, place.password)
        prepare(browser, place.base)
        pictures(browser, place.base, "good", [one for one in pages(THERE) if one != "/incidents/1/"])
        bad_day()
        pictures(browser, place.base, "bad", [*pages(THERE), CHECK])
    empty_install()
    for name, source in README.items():
        shutil.copy(OUT / "bad" / f"{source}.png", ROOT / "docs" / "pictures" / f"{name}.png")


if __name__ == "__main__":
    main()
