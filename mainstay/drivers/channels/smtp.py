"""E-mail. All mail about one incident is one thread; the key is in the Message-ID and in the last line."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from typing import Literal

from pydantic import Field

from mainstay.drivers.channels import Message, Strict, Undelivered
from mainstay.drivers.database import Unread, allowed_address


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
    try:
        allowed_address(settings.host, settings.port, message.network)
        with _connection(settings, timeout) as server:
            if settings.user:
                server.login(settings.user, settings.password)
            refused = server.send_message(_mail(settings, message))
    except Unread as error:
        raise Undelivered(error.problem.detail) from None
    except smtplib.SMTPAuthenticationError as error:
        raise Undelivered(f"{settings.host} refused the account: {error.smtp_code}") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        raise Undelivered(f"{settings.host} refused all recipients", retry=any(code < 500 for code in codes)) from None
    except smtplib.SMTPResponseException as error:
        text = f"{settings.host} answered {error.smtp_code} {_words(error.smtp_error)}"
        raise Undelivered(text, retry=error.smtp_code < 500) from None
    except (smtplib.SMTPException, OSError) as error:
        raise Undelivered(f"{settings.host}:{settings.port}: {error}") from None
    if refused:
        return f"accepted by {settings.host}, but refused for {', '.join(refused)}"
    return f"accepted by {settings.host}:{settings.port} for {', '.join(settings.to)}"


def _connection(settings: Settings, timeout: float) -> smtplib.SMTP:
    context = ssl.create_default_context(cafile=settings.ca_file or None)
    if settings.tls == "implicit":
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=timeout, context=context)
    server = smtplib.SMTP(settings.host, settings.port, timeout=timeout)
    if settings.tls == "starttls":
        server.starttls(context=context)
    return server


def _mail(settings: Settings, message: Message) -> EmailMessage:
    domain = settings.sender.rpartition("@")[2] or "mainstay"
    mail = EmailMessage()
    mail["From"], mail["To"] = settings.sender, ", ".join(settings.to)
    mail["Subject"], mail["Date"] = message.subject, formatdate(localtime=False)
    mail["Message-ID"] = f"<{message.key}@{domain}>"
    mail["References"] = mail["In-Reply-To"] = f"<{message.thread}@{domain}>"
    mail["Mainstay-Key"] = message.key
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def _words(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
