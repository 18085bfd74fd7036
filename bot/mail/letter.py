"""A mail as it is written: a template of ``data/mails`` with its values, plain text, in one voice (docs/tone.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from string import Template

from bot.settings import ROOT

TEMPLATES = ROOT / "data" / "mails"
_LONGEST_VALUE = 4000


class BadMail(ValueError):
    """A mail that cannot be written: no such template, a value missing, or no address to send it to."""


@dataclass(frozen=True)
class Attachment:
    """A file to go with a mail, such as an invoice."""

    filename: str
    media_type: str
    content: bytes


def compose(
    to: str, template: str, values: Mapping[str, str], sender: str, attachments: tuple[Attachment, ...] = (),
    folder: Path = TEMPLATES,
) -> EmailMessage:
    """The mail to `to`. The template's first line is its subject, after ``Subject:``; ``$name`` stands for a value.

    Values are text: what stands in them is never read as a placeholder or a header. Raises BadMail.
    """
    try:
        raw = (folder / f"{template}.txt").read_text(encoding="utf-8")
    except OSError:
        raise BadMail(f"there is no mail template {template!r} in {folder}") from None
    head, _, body = raw.partition("\n")
    told = {name: str(value)[:_LONGEST_VALUE] for name, value in values.items()}
    try:
        subject = Template(head.removeprefix("Subject:").strip()).substitute(told)
        text = Template(body.lstrip("\n")).substitute(told)
    except KeyError as error:
        raise BadMail(f"the mail template {template!r} wants a value for {error}") from None
    mail = EmailMessage()
    mail["Subject"] = " ".join(subject.split())
    mail["From"] = _address(sender)
    mail["To"] = recipient(to)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    for attachment in attachments:
        kind, _, subtype = attachment.media_type.partition("/")
        mail.add_attachment(attachment.content, maintype=kind, subtype=subtype, filename=attachment.filename)
    return mail


def recipient(value: str) -> Address:
    """An address to write to, and nothing else: what a customer typed must not become a name or a second recipient.

    Raises BadMail.
    """
    found = _address(value)
    if found.addr_spec != value.strip():
        raise BadMail("this is no e-mail address")
    return found


def message_id(key: str, sender: str) -> str:
    """The mail's own id, made from its key: a mail that had to be sent twice is one mail to whoever sorts by id."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def _address(value: str) -> Address:
    name, spec = parseaddr(" ".join(value.split()))
    try:
        return Address(display_name=name, addr_spec=spec)
    except (ValueError, IndexError, UnicodeError, MessageError):
        raise BadMail("this is no e-mail address") from None
