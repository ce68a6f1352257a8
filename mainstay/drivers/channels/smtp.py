"""E-mail. All mail about one incident is one thread; the key is in the Message-ID and in the last line."""

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Literal

from pydantic import Field

from mainstay.drivers import answers
from mainstay.drivers.channels import Message, Undelivered
from mainstay.drivers.foreign import os_words
from mainstay.drivers.kinds import Strict
from mainstay.drivers.outward import Bounds, bounded

_POLICY = SMTP.clone(cte_type="7bit")  # any relay passes it on, also one without 8BITMIME


class Settings(Strict):
    """A mail server and who is written to."""

    host: str
    port: int = Field(25, ge=1, le=65535)
    tls: Literal["none", "starttls", "implicit"] = "none"
    ca_file: str = ""
    user: str = ""
    password: str = Field("", description="write a ${SECRET}")
    sender: str
    to: list[str] = Field(min_length=1)


def send(settings: Settings, message: Message, timeout: float) -> str:
    """Hand the mail to the server; its last answer."""
    where = f"{settings.host}:{settings.port}"
    with bounded(message.network, timeout) as bounds:
        try:
            return _converse(settings, message, timeout)
        except smtplib.SMTPAuthenticationError as error:
            raise Undelivered(answers.ACCOUNT % {"host": settings.host, "code": error.smtp_code}) from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = {code for code, _ in error.recipients.values()}
            waits = any(code < 500 for code in codes)
            text = answers.RECIPIENTS % {"host": settings.host, "codes": _codes(codes)}
            raise Undelivered(text, retry=waits) from None
        except smtplib.SMTPResponseException as error:
            said = {"host": settings.host, "code": error.smtp_code, "answer": _words(error.smtp_error)}
            text = answers.ANSWERED % said
            raise Undelivered(_without(settings, text), retry=error.smtp_code < 500) from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise Undelivered(_without(settings, f"{where}: {_reason(bounds, error, timeout)}")) from None


def _converse(settings: Settings, message: Message, timeout: float) -> str:
    context = ssl.create_default_context(cafile=settings.ca_file or None)
    with _connection(settings, timeout, context) as server:
        if settings.tls == "starttls":
            server.starttls(context=context)
        if settings.user:
            server.login(settings.user, settings.password)
        refused = server.send_message(_mail(settings, message))
    if refused:
        return answers.PARTLY % {"where": settings.host, "whom": ", ".join(refused)}
    return answers.ACCEPTED % {"where": f"{settings.host}:{settings.port}", "whom": ", ".join(settings.to)}


def _connection(settings: Settings, timeout: float, context: ssl.SSLContext) -> smtplib.SMTP:
    if settings.tls == "implicit":
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=timeout, context=context)
    return smtplib.SMTP(settings.host, settings.port, timeout=timeout)


def _reason(bounds: Bounds, error: Exception, timeout: float) -> str:
    if bounds.late:
        return answers.LATE % {"seconds": f"{timeout:g}"}
    return bounds.refusal or os_words(error)


def _mail(settings: Settings, message: Message) -> EmailMessage:
    domain = settings.sender.rpartition("@")[2] or "mainstay"
    mail = EmailMessage(_POLICY)
    mail["From"], mail["To"] = settings.sender, ", ".join(settings.to)
    mail["Subject"] = " ".join(message.subject.split())
    mail["Date"] = formatdate(localtime=False)
    mail["Message-ID"] = f"<{message.key}@{domain}>"
    mail["References"] = mail["In-Reply-To"] = f"<{message.thread}@{domain}>"
    mail["Mainstay-Key"] = message.key
    if message.reply_to:
        mail["Reply-To"] = message.reply_to
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def _codes(codes: set[int]) -> str:
    return ", ".join(map(str, sorted(codes)))


def _without(settings: Settings, text: str) -> str:
    """A server may say back what it was told."""
    return text.replace(settings.password, "…") if settings.password else text


def _words(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
