"""What goes to the log: never an address that opens a patient's page."""

import logging
import re
import traceback

PRIVATE_ADDRESS = re.compile(r"(/(?:aftercare|stop|feeds|join)/)[^/\s\"'?]+")


class HidePrivateAddresses(logging.Filter):
    """Take the secret part out of private addresses, wherever in a line they stand: whoever reads a log opens none."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        hidden = PRIVATE_ADDRESS.sub(r"\1…", said)
        if hidden != said:
            record.msg, record.args = hidden, ()
        if record.exc_info and not record.exc_text:
            # What is written there would be made after the filters; made here, it is kept as it is.
            record.exc_text = PRIVATE_ADDRESS.sub(r"\1…", logging.Formatter().formatException(record.exc_info))
        return True


def place_of(error: BaseException) -> str:
    """Return the kind of an error and where it arose, without its words: a database may put a row into them."""
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}".rstrip()
