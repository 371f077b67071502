"""What goes to the log: no address that opens a patient's page, and no row that the database shows in an error."""

import logging
import re
import traceback

PRIVATE_ADDRESS = re.compile(r"(/(?:aftercare|stop|feeds|join)/)[^/\s\"'?]+")


# PostgreSQL says beside a broken rule which row broke it, in full, and beside a wrong question the question. That ends
# where Python names the next error of a chain, since a note in a row may have lines of its own.
ROWS = re.compile(
    r"^(DETAIL|CONTEXT|LINE \d+): .*?(?=^\n(?:The above exception|During handling of the above)|\Z)",
    re.MULTILINE | re.DOTALL,
)


class HidePrivateAddresses(logging.Filter):
    """Take the secret part out of private addresses, wherever in a line they stand: whoever reads a log opens none.

    The rows that a database shows in an error go too.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        hidden = without_private(said)
        if hidden != said:
            record.msg, record.args = hidden, ()
        if record.exc_info and not record.exc_text:
            # What is written there would be made after the filters; made here, it is kept as it is.
            record.exc_text = without_private(logging.Formatter().formatException(record.exc_info))
        return True


def without_private(text: str) -> str:
    return ROWS.sub(r"\1: …\n", PRIVATE_ADDRESS.sub(r"\1…", text))


def place_of(error: BaseException) -> str:
    """Return the kind of an error and where it arose, without its words: a database may put a row into them."""
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}".rstrip()
