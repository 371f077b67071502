"""Sending a text message. One setting, SMS_URL, says by whom: one of the 250 providers that apprise knows.

`{to}` in it is the place of the number: `twilio://account:token@sender/{to}`; with `?method=whatsapp` the same goes by
WhatsApp. `console://` writes on standard output, `memory://` into `outbox`, for a developer and for tests.
"""

import logging
import re
from urllib.parse import quote

from django.conf import settings

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 45.0  # together far less than a message's lease
# What apprise writes of an answer that is none of success: HTTP's number, or a provider's own of five digits.
ANSWERED = re.compile(r"error=(\d+)")
OWN_NUMBERS = 10_000

outbox: list[tuple[str, str]] = []  # of memory://, as (number, text)


class SmsRefusedError(Exception):
    """It surely did not go out: the provider said so, or was never asked."""


class SmsUnknownError(Exception):
    """Nobody knows: the provider may have taken it before the connection was lost."""


def is_set_up() -> bool:
    return bool(settings.SMS_URL)


def send(number: str, text: str) -> None:
    """Send a text to a number (E.164), once. Raises `SmsRefusedError` or `SmsUnknownError`."""
    url: str = settings.SMS_URL
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

    service = apprise.Apprise.instantiate(url.replace("{to}", quote(number, safe="")))
    if service is None:
        raise SmsRefusedError("SMS_URL is not understood.")
    service.socket_connect_timeout, service.socket_read_timeout = CONNECT_SECONDS, ANSWER_SECONDS
    with _Said() as said:
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
