"""A block of Prefect's that sends mail by SMTP: `KRX_NOTIFY=mail-by-smtp/nightly`.

Prefect's own blocks reach SendGrid but no mail server, and those of `prefect-email` are no notification blocks. This
one is filled in on Prefect's page, under *Blocks*, as the others are; the password is kept as a secret.
"""

import smtplib
import ssl
from email.message import EmailMessage
from typing import Any, Literal

from prefect.blocks.abstract import NotificationBlock
from pydantic import Field, SecretStr

TIMEOUT = 30.0  # seconds


class MailBySmtp(NotificationBlock):
    """Send mail by SMTP."""

    _block_type_name = "Mail by SMTP"
    _block_type_slug = "mail-by-smtp"

    host: str = Field(description="The mail server.")
    port: int = Field(587, description="Its port: 587 with STARTTLS, 465 with TLS, 25 with neither, as a rule.")
    encryption: Literal["STARTTLS", "TLS", "none"] = Field("STARTTLS", description="How the connection is kept secret.")
    user: str = Field("", description="Who signs in; nobody does if this is empty.")
    password: SecretStr = Field(SecretStr(""), description="With what.")
    sender: str = Field(description="The address that the mail is from.")
    to: list[str] = Field(min_length=1, description="The addresses that it goes to.")

    def notify(self, body: str, subject: str | None = None, **_: Any) -> None:  # type: ignore[override]
        """Send a mail. Raises OSError or smtplib.SMTPException where it is not taken by the server."""
        message = EmailMessage()
        message["Subject"] = " ".join((subject or "").split())
        message["From"], message["To"] = self.sender, ", ".join(self.to)
        message.set_content(body)
        with self._connected() as server:
            if self.user:
                server.login(self.user, self.password.get_secret_value())
            if refused := server.send_message(message):
                raise smtplib.SMTPRecipientsRefused(refused)

    def _connected(self) -> smtplib.SMTP:
        if self.encryption == "TLS":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT, context=ssl.create_default_context())
        server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
        if self.encryption == "STARTTLS":
            server.starttls(context=ssl.create_default_context())
        return server
