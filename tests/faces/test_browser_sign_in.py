"""The second factor in a real browser on a phone's screen: an authenticator set up and asked for, and a passkey."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pyotp
import pytest

from tests.faces.browser import PROGRAM, Browser, chromium
from tests.faces.test_browser import PASSWORD, Served

pytestmark = [pytest.mark.browser, pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")]
WIDTH = 390


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    site = Served(tmp_path_factory.mktemp("site"))
    site.base = f"http://localhost:{site.port}"  # browsers keep no passkey for a number
    settings = site.folder / "mainstay.toml"
    settings.write_text(settings.read_text().replace("127.0.0.1", "localhost"))
    process = site.start()
    yield site
    process.terminate()
    process.wait(20)


@pytest.fixture
def phone() -> Iterator[Browser]:
    with chromium() as browser:
        browser.size(WIDTH, 844)
        yield browser
        assert browser.errors == []


def click(page: Browser, what: str) -> None:
    page.run(f"document.querySelector({what!r}).click()")


def fill(page: Browser, name: str, value: str) -> None:
    page.run(f"document.querySelector('[name={name}]').value = {value!r}")


def arrived(page: Browser, path: str) -> None:
    page.wait(f"location.pathname === {path!r} && document.readyState === 'complete'")
    assert page.run("document.documentElement.scrollWidth") <= WIDTH


def sign_out(page: Browser) -> None:
    click(page, "form[action='/sign-out/'] button")
    arrived(page, "/sign-in/")


def give_password(page: Browser, served: Served, name: str) -> None:
    page.open(f"{served.base}/sign-in/")
    fill(page, "username", name)
    fill(page, "password", PASSWORD)
    click(page, ".door button.main")


def test_an_authenticator(served: Served, phone: Browser) -> None:
    served.call("user", "add", "tom", "--password-stdin", given=PASSWORD)
    phone.sign_in(served.base, "tom", PASSWORD)
    phone.open(f"{served.base}/account/")
    arrived(phone, "/account/")
    click(phone, "a[href='/account/factor/']")
    arrived(phone, "/account/factor/")
    click(phone, ".door button.main")
    phone.wait("document.querySelector('#secret') !== null")
    phone.wait("document.querySelector('.door img').naturalWidth > 0")
    secret = phone.run("document.querySelector('#secret').innerText").replace(" ", "")
    fill(phone, "code", pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=-1))
    click(phone, ".door button.main")
    phone.wait("document.querySelector('#codes') !== null")
    codes = phone.run("document.querySelector('#codes').innerText").split()
    assert len(codes) == 10
    sign_out(phone)

    give_password(phone, served, "tom")
    arrived(phone, "/sign-in/second/")
    fill(phone, "code", pyotp.TOTP(secret).now())
    click(phone, ".door button.main")
    arrived(phone, "/today/")
    sign_out(phone)

    give_password(phone, served, "tom")
    arrived(phone, "/sign-in/second/")
    fill(phone, "code", codes[0])
    click(phone, ".door button.main")
    arrived(phone, "/today/")


def test_a_passkey(served: Served, phone: Browser) -> None:
    served.call("user", "add", "kim", "--password-stdin", given=PASSWORD)
    phone.call("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    device = phone.call("WebAuthn.addVirtualAuthenticator", options=options)["authenticatorId"]
    phone.sign_in(served.base, "kim", PASSWORD)
    phone.open(f"{served.base}/account/passkeys/new/")
    phone.wait("!document.querySelector('form[data-passkey] button').disabled")
    fill(phone, "name", "this phone")
    click(phone, "form[data-passkey] button")
    arrived(phone, "/account/")
    phone.wait("document.body.innerText.includes('this phone')")
    (made,) = phone.call("WebAuthn.getCredentials", authenticatorId=device)["credentials"]
    assert (made["rpId"], made["isResidentCredential"]) == ("localhost", True)
    sign_out(phone)

    phone.wait("!document.querySelector('form[data-passkey] button').disabled")
    click(phone, "form[data-passkey] button")
    arrived(phone, "/today/")
    listed = phone.run("fetch('/account/').then(one => one.text())")
    assert len(re.findall("this one", listed)) == 1
    sign_out(phone)

    give_password(phone, served, "kim")
    arrived(phone, "/sign-in/second/")
    phone.wait("!document.querySelector('form[data-passkey] button').disabled")
    click(phone, "form[data-passkey] button")
    arrived(phone, "/today/")
    sign_out(phone)

    phone.call("WebAuthn.setUserVerified", authenticatorId=device, isUserVerified=False)
    phone.wait("!document.querySelector('form[data-passkey] button').disabled")
    click(phone, "form[data-passkey] button")
    phone.wait("!document.querySelector('[data-failed]').hidden")
    assert phone.run("location.pathname") == "/sign-in/"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_about_people_fits_a_phone(served: Served, phone: Browser, language: str) -> None:
    name = f"boss-{language}"
    served.call("user", "add", name, "--role", "administrator", "--password-stdin", given=PASSWORD)
    phone.sign_in(served.base, name, PASSWORD)
    phone.language(served.base, language)
    link = re.search(r"/invitation/\w+", served.call("user", "invite", f"eve-{language}"))
    assert link
    for path in (
        "/account/", "/account/password/", "/account/prove/", "/account/factor/", "/account/passkeys/new/", "/people/",
        f"/people/of/{name}/", "/tokens/", link[0],
    ):  # fmt: skip
        phone.open(served.base + path)
        assert phone.run("document.documentElement.scrollWidth") <= WIDTH, path
        assert phone.run("document.documentElement.lang") == ("zh-Hans" if language == "zh-hans" else "en")
        assert phone.run("[...document.querySelectorAll('input:not([type=hidden]), select')].every("
                         "one => one.labels.length || one.ariaLabel)"), path  # fmt: skip
