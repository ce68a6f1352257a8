"""Who may sign in, and with what: every write. ``persons``, ``tokens``, ``links``, ``factors``, ``sessions``, and the
``contacts`` where somebody is called."""

from mainstay.people.actions.contacts import add_contact, contact_address, remove_contact, reseal_contacts
from mainstay.people.actions.factors import (
    add_passkey,
    begin_totp,
    confirm_totp,
    new_recovery_codes,
    passkey_credential,
    passkey_handle,
    passkey_used,
    prove,
    remove_passkey,
    remove_totp,
    reseal_factors,
    reset_factors,
    totp_secret,
)
from mainstay.people.actions.links import DAYS as LINK_DAYS
from mainstay.people.actions.persons import (
    accept,
    add_person,
    change_own_password,
    change_person,
    ensure_first_administrator,
    invite,
    password_link,
    set_own_ways,
)
from mainstay.people.actions.refusal import Refused
from mainstay.people.actions.sessions import (
    end_others,
    end_own,
    end_sessions,
    move_sitting,
    open_sitting,
    touch_sitting,
)
from mainstay.people.actions.tokens import LONGEST_DAYS, PREFIX, create_token, digest, revoke_token, touch_token

__all__ = [
    "LINK_DAYS",
    "LONGEST_DAYS",
    "PREFIX",
    "Refused",
    "accept",
    "add_contact",
    "add_passkey",
    "add_person",
    "begin_totp",
    "change_own_password",
    "change_person",
    "confirm_totp",
    "contact_address",
    "create_token",
    "digest",
    "end_others",
    "end_own",
    "end_sessions",
    "ensure_first_administrator",
    "invite",
    "move_sitting",
    "new_recovery_codes",
    "open_sitting",
    "passkey_credential",
    "passkey_handle",
    "passkey_used",
    "password_link",
    "prove",
    "remove_contact",
    "remove_passkey",
    "remove_totp",
    "reseal_contacts",
    "reseal_factors",
    "reset_factors",
    "revoke_token",
    "set_own_ways",
    "totp_secret",
    "touch_sitting",
    "touch_token",
]
