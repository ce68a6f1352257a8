"""One-time codes of an authenticator (RFC 6238: SHA-1, six digits, thirty seconds)."""

import hmac

import pyotp

STEP = 30
"""Seconds."""


def matching_step(secret: str, code: str, at: float) -> int | None:
    """The number of the time step whose code this is, when that is the present one or a neighbour, for clocks differ;
    None otherwise. ``at`` in seconds since 1970 UTC. Who accepts a code must refuse its step from then on."""
    given = code.replace(" ", "")
    if len(given) != 6 or not (given.isascii() and given.isdecimal()):
        return None
    now = int(at // STEP)
    codes = pyotp.TOTP(secret, interval=STEP)
    return next(
        (step for step in (now, now - 1, now + 1) if hmac.compare_digest(codes.generate_otp(step), given)), None
    )


def address(secret: str, name: str, issuer: str) -> str:
    """What a QR code tells an authenticator (otpauth://)."""
    return pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=name, issuer_name=issuer)
