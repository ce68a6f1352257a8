"""What to do when a look fails while somebody sets it up: one sentence for a fault and the kind of its probe."""

from django.utils.translation import gettext as _

from mainstay.domain.reading import Fault

_DATABASES = ("postgresql", "mariadb", "sql", "integrity", "flow")


def advice(fault: str, kind: str) -> str:
    """In the active language; empty where the fault speaks for itself."""
    of_kind = {
        ("postgresql", Fault.AUTH): _(
            "Name or password is wrong, or pg_hba.conf does not let this account in from this machine."
        ),
        ("mariadb", Fault.AUTH): _("Name or password is wrong, or the account is not made for this machine's address."),
        ("host", Fault.AUTH): _("Put the account's public key into ~/.ssh/authorized_keys on that host."),
        ("host", Fault.TLS): _("Take the host's key again with ssh-keyscan and compare it on the host itself."),
    }
    generally = {
        Fault.REFUSED: _("Nobody listens there. Is the port right, does the service run, does a firewall refuse?"),
        Fault.TIMEOUT: _("Nothing came back. Is the address right, and does a firewall let this machine through?"),
        Fault.UNRESOLVED: _("Is the name spelt right? Mainstay asks the name servers of the machine it runs on."),
        Fault.UNREACHABLE: _("This machine has no way to that address. Is the network or the VPN up?"),
        Fault.DENIED: _("An administrator allows addresses in mainstay.toml, under [networks]."),
        Fault.TLS: _("Is the certificate for this very name, still valid, and from an authority that is known here?"),
        Fault.AUTH: _("Is the account spelt right, and its password the one that it has now?"),
        Fault.STATUS: _("Open the address in a browser: is it the page that you mean?"),
        Fault.CONTENT: _("Open the address in a browser: is it the page that you mean?"),
        Fault.PROTOCOL: _("Something else answers there. Is the port right, and https or http?"),
        Fault.EXHAUSTED: _("Let the account have a connection of its own, or end idle ones."),
        Fault.SETUP: _("Fill in what is missing."),
    }
    if fault not in set(Fault):
        return ""
    known = Fault(fault)
    if known is Fault.QUERY and kind in _DATABASES:
        return _("The account may not read what the check asks for: run the GRANT statements, in this very database.")
    return of_kind.get((kind, known)) or generally.get(known, "")
