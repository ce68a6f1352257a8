"""What the operating system, OpenSSL and libcurl say when something fails, as far as Mainstay can say it too.

Each text stays in English as its maker wrote it; what is not known here is shown so in every language.
"""

import re
from collections.abc import Callable, Mapping

from mainstay.domain.saying import Saying, say

_KNOWN: Mapping[str, Saying] = {
    str(one): one
    for one in (
        say("Broken pipe"), say("Connection refused"), say("Connection reset by peer"), say("Connection timed out"),
        say("Connection aborted"), say("Is a directory"), say("Name or service not known"),
        say("Network is unreachable"), say("No address associated with hostname"), say("No route to host"),
        say("No such file or directory"), say("Not a directory"), say("Operation timed out"), say("Permission denied"),
        say("Exec format error"), say("Temporary failure in name resolution"), say("timed out"),
        say("CA certificate key too weak"), say("certificate has expired"), say("certificate is not yet valid"),
        say("certificate revoked"), say("self signed certificate"), say("self signed certificate in certificate chain"),
        say("self-signed certificate"), say("self-signed certificate in certificate chain"),
        say("unable to get issuer certificate"), say("unable to get local issuer certificate"),
        say("unable to verify the first certificate"), say("unsupported protocol"), say("wrong version number"),
        say("Empty reply from server"),
    )
}  # fmt: skip

_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Saying]], ...] = (
    (
        re.compile(r"Failed to connect to (\S+?)(?: port (\d+))? .*"),
        lambda found: say("cannot connect to %(where)s", where=f"{found[1]}:{found[2]}" if found[2] else found[1]),
    ),
    (
        re.compile(r"Could(?: not|n't) resolve host:? (\S+).*"),
        lambda found: say("Could not resolve host: %(host)s", host=found[1]),
    ),
    (
        re.compile(r".*(?:timed out|timeout) after (\d+) (?:milliseconds|ms)\b.*"),
        lambda found: say("no answer within %(seconds)s s", seconds=f"{round(int(found[1]) / 1000, 1):g}"),
    ),
    (
        re.compile(r"(?:Recv|Send) failure: (.*)"),
        lambda found: say("the conversation broke off: %(why)s", why=known(found[1])),
    ),
    (
        re.compile(r"(?:end of response|transfer closed) with (\d+) bytes (?:missing|remaining to read)"),
        lambda found: say("the answer broke off, %(n)s bytes are missing", n=found[1]),
    ),
    (
        re.compile(r"SSL certificate (?:problem|OpenSSL verify result): (.*?)(?: \(\d+\))?"),
        lambda found: say("SSL certificate problem: %(why)s", why=known(found[1])),
    ),
    (
        re.compile(r"SSL: .*subject name.* target .*'([^']*)'"),
        lambda found: say("the certificate is not for %(name)s", name=found[1]),
    ),
    (
        re.compile(r"(?:Hostname|IP address) mismatch, certificate is not valid for '(.*)'\.?"),
        lambda found: say("Hostname mismatch, certificate is not valid for %(name)s", name=repr(found[1])),
    ),
    (
        re.compile(r"TLS connect error: error:\w+:SSL routines::(.*)"),
        lambda found: say("TLS connect error: %(why)s", why=known(found[1])),
    ),
    (
        re.compile(r"Maximum \((\d+)\) redirects followed"),
        lambda found: say("Maximum (%(n)s) redirects followed", n=found[1]),
    ),
)
"""libcurl words some of them otherwise from one release to the next."""


def known(text: str) -> str:
    """The same as a saying, where it is one of those known here."""
    if text in _KNOWN:
        return _KNOWN[text]
    for pattern, saying in _PATTERNS:
        if found := pattern.fullmatch(text):
            return saying(found)
    return text


def os_words(error: object) -> str:
    """What the operating system says of an error."""
    return known(str(getattr(error, "strerror", None) or error))


def at(where: str, why: str) -> Saying:
    """Where it was, and why."""
    return say("%(where)s: %(why)s", where=where, why=why)
