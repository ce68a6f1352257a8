"""``make screenshots``: every page as a picture, from a running demo and from an empty install.

Each in English and both Chinese scripts, 1440 and 390 pixels wide, light and dark: first when all is well, then on a
bad day. The pictures go to ``build/screenshots/``; the README's own are copied to ``docs/pictures/``.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.faces.browser import Browser, chromium  # noqa: E402
from tests.faces.served import PASSWORD, Served  # noqa: E402

OUT = ROOT / "build" / "screenshots"
WIDTHS, LANGUAGES, THEMES = (1440, 390), ("en", "zh-hans", "zh-hant"), ("light", "dark")
FAULTS = ("stock-negative", "sale-stuck", "certificate-expiring", "app-slow")
PAGES = {
    "today": "/today/",
    "systems": "/systems/",
    "system": "/systems/meridian/",
    "check": "/systems/meridian/checks/app.reads-an-order/?range=1h",
    "flow": "/systems/meridian/checks/app.sales/",
    "edit": "/systems/meridian/checks/app.reads-an-order/edit/",
    "incidents": "/incidents/?state=",
    "incidents-plots": "/incidents/?view=plots",
    "incident": "/incidents/1/",
    "findings": "/data/?view=findings",
    "rules": "/data/?view=rules",
    "flows": "/data/?view=flows",
    "cases": "/data/?view=cases",
    "inspections": "/inspections/",
    "notices": "/notices/",
    "audit": "/audit/",
    "catalogue": "/catalogue/",
    "settings": "/settings/",
    "people": "/people/",
    "tokens": "/tokens/",
    "account": "/account/",
    "start": "/start/",
    "help": "/help/",
    "design": "/design/",
    "wall": "/wall/",
    "status": "/status/",
}
EMPTY = ("today", "systems", "incidents", "findings", "inspections", "notices", "settings", "start", "status")
README = {
    "today": "today-1440-en-light", "system": "system-1440-en-light",
    "check": "check-1440-en-dark", "phone": "incident-390-zh-hans-light",
}  # fmt: skip
"""Picture of the README → the picture of a bad day that it is."""


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


def pictures(browser: Browser, base: str, day: str, names: tuple[str, ...]) -> None:
    """Every page of ``names`` in all the ways in which a reader may see it."""
    folder = OUT / day
    folder.mkdir(parents=True, exist_ok=True)
    for name, width, language, theme in product(names, WIDTHS, LANGUAGES, THEMES):
        browser.size(width, 900, dark=theme == "dark")
        browser.language(base, language)
        browser.open(base + PAGES[name])
        browser.picture(folder / f"{name}-{width}-{language}-{theme}.png")
    print(f"{folder}: {len(names) * len(WIDTHS) * len(LANGUAGES) * len(THEMES)} pictures")


def bad_day() -> None:
    """Break some things and wait until they are seen."""
    for fault in FAULTS:
        subprocess.run([sys.executable, "-m", "mainstay", "estate", "break", fault], cwd=ROOT, check=True)
    time.sleep(40)


def empty_install() -> None:
    with tempfile.TemporaryDirectory(prefix="mainstay-empty-") as name:
        site = Served(Path(name), catalogue="")
        process = site.start()
        try:
            with chromium() as browser:
                browser.size(1440, 900)
                browser.sign_in(site.base, "ann", PASSWORD)
                pictures(browser, site.base, "empty", EMPTY)
        finally:
            process.terminate()
            process.wait(20)


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    with demo() as place, chromium() as browser:
        browser.size(1440, 900)
        browser.sign_in(place.base, place.person, place.password)
        pictures(browser, place.base, "good", ("today", "systems", "system", "check", "findings", "wall", "status"))
        bad_day()
        pictures(browser, place.base, "bad", tuple(PAGES))
    empty_install()
    for name, source in README.items():
        shutil.copy(OUT / "bad" / f"{source}.png", ROOT / "docs" / "pictures" / f"{name}.png")


if __name__ == "__main__":
    main()
