"""Sending a text message. One setting, SMS_URL, says by whom: one of the 250 providers that apprise knows.

`{to}` in it is the place of the number: `twilio://account:token@sender/{to}`. `console://` writes on standard output,
`memory://` into `outbox`, for a developer and for tests.

WHATSAPP_URL is the same for WhatsApp, which takes nothing but approved templates from whoever writes first.
"""

import logging
import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.conf import settings

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 45.0  # together far less than a message's lease
# What apprise writes of an answer that is none of success: HTTP's number, or a provider's own of five digits.
ANSWERED = re.compile(r"error=(\d+)")
OWN_NUMBERS = 10_000

outbox: list[tuple[str, str]] = []  # of memory://, as (number, text)
# Whose way to WhatsApp takes templates. Twilio's does, but not through apprise: see decision 36.
TAKES_TEMPLATES = ("whatsapp://", "console://", "memory://")


@dataclass(frozen=True)
class Template:
    """A message by WhatsApp: the name and language under which its words were approved, and what fills its places."""

    name: str
    language: str
    values: tuple[str, ...]


class SmsRefusedError(Exception):
    """It surely did not go out: the provider said so, or was never asked."""


class SmsUnknownError(Exception):
    """Nobody knows: the provider may have taken it before the connection was lost."""


def is_set_up() -> bool:
    return bool(settings.SMS_URL)


def offers_whatsapp() -> bool:
    url: str = settings.WHATSAPP_URL
    return url.startswith(TAKES_TEMPLATES)


def send(number: str, text: str) -> None:
    """Send a text to a number (E.164), once. Raises `SmsRefusedError` or `SmsUnknownError`."""
    _send(settings.SMS_URL, number, text)


def send_template(number: str, template: Template) -> None:
    """Send a template by WhatsApp to a number (E.164), once. Raises as `send` does."""
    if not offers_whatsapp():
        raise SmsRefusedError("WHATSAPP_URL is not set, or its provider takes no templates.")
    values = {f":{place}": value for place, value in enumerate(template.values, start=1)}
    query = urlencode({"template": template.name, "lang": template.language} | values, quote_via=quote)
    url: str = settings.WHATSAPP_URL
    _send(f"{url}{'&' if '?' in url else '?'}{query}", number, f"{template.name}: {', '.join(template.values)}")


def _send(url: str, number: str, text: str) -> None:
    if url.startswith("memory://"):
        outbox.append((number, text))
    elif url.startswith("console://"):
        print(f"SMS to {number}:\n{text}\n", flush=True)  # noqa: T201 -- it is the developer's mailbox
    elif url:
        _send_by_provider(url, number, text)
    else:
        raise SmsRefusedError("SMS_URL is not set.")


def _send_by_provider(url: str, number: str, text: str) -> None:
    import apprise  # noqa: PLC0415 -- takes most of a second, and only a worker sends

    with _Said() as said:
        service = apprise.Apprise.instantiate(url.replace("{to}", quote(number, safe="")))
        if service is None:
            raise SmsRefusedError("The provider's URL is not understood.")
        service.socket_connect_timeout, service.socket_read_timeout = CONNECT_SECONDS, ANSWER_SECONDS
        taken = service.notify(body=text)
    if not taken:
        raise SmsRefusedError(said.words) if said.is_refusal else SmsUnknownError(said.words)


class _Said(logging.Handler):
    """What apprise says of one message: it answers yes or no, and writes the reason into its log.

    Nothing of it reaches the log of the program: it names numbers.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        self.logger = logging.getLogger("apprise")

    def __enter__(self) -> "_Said":
        self.propagated, self.logger.propagate = self.logger.propagate, False
        self.logger.addHandler(self)
        return self

    def __exit__(self, *args: object) -> None:
        self.logger.removeHandler(self)
        self.logger.propagate = self.propagated

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    @property
    def words(self) -> str:
        return " ".join(self.lines)

    @property
    def is_refusal(self) -> bool:
        """Say whether the provider answered no. An error of its own (5xx, 205xx) is no answer."""
        numbers = [int(number) for number in ANSWERED.findall(self.words)]
        return bool(numbers) and all(400 <= n < 500 or (n >= OWN_NUMBERS and n // 100 != 205) for n in numbers)
