"""The mail server is killed while notices go out, and comes back later: each notice arrives, and a copy is known."""

from collections import Counter
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests import mortal
from tests.line.site import Site, Targets, targets, until

__all__ = ["targets"]
COUNT = 4
CHANNELS = (
    "channels:\n  mail: {{kind: smtp, host: 127.0.0.1, port: {port}, sender: m@shop.example, to: [it@shop.example]}}\n"
)


def keys(folder: Path) -> Counter[str]:
    """What lies in the mailbox, by what names a mail to every mail program."""
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in (folder / "new").iterdir()]
    return Counter(str(mail["Message-ID"]) for mail in mails)


@pytest.mark.parametrize(("trap", "copies"), [("before", 0), ("after", 1)])
def test_each_arrives(tmp_path: Path, targets: Callable[[int], Targets], trap: str, copies: int) -> None:
    box, folder = tmp_path / "box", tmp_path / "site"
    box.mkdir()
    folder.mkdir()
    watched, site = targets(COUNT), Site(folder)
    sent = "select count(*) from notices_delivery where sent_at is not null"
    with mortal.mail(box) as (server, port), site.processes("checker", "engine"):
        site.apply(watched.catalogue(), channels=CHANNELS.format(port=port))
        until(lambda: list(site.states().values()) == ["ok"] * COUNT)
        (box / "trap").write_text(trap)
        for number in range(COUNT):
            watched.shut(number)
        server.wait()
        # Nobody is there: all of them wait for their next try, and none is taken for sent.
        until(
            lambda: (
                site.count("select count(*) from notices_delivery where attempts > 0 and leased_until is null") == COUNT
            )
        )
        waiting = COUNT - site.count(sent)
        server.start()
        until(lambda: site.count(sent) == COUNT)
    found = keys(box)
    assert waiting > 0
    assert len(found) == COUNT
    assert sum(found.values()) == COUNT + copies, found
    site.assert_whole()
