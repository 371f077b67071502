"""What mail servers say of mail that they send back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.returned_mail import Outcome, blames_address, read
from tests.clinic.letters import complaint, returned

REFERENCE = "0123456789abcdef0123456789abcdef-1790000000"


def test_failure_names_the_message_the_status_and_the_words_of_the_server():
    report = read(returned(REFERENCE))

    assert (report.outcome, report.is_address_bad) == (Outcome.RETURNED, True)
    assert REFERENCE in report.reference
    assert report.said == "5.1.1 smtp; 550 5.1.1 no such user"


@pytest.mark.parametrize("original_type", ["message/rfc822", "text/rfc822-headers", "message/global-headers"])
def test_message_is_found_in_whatever_is_returned_of_it(original_type):
    assert REFERENCE in read(returned(REFERENCE, original_type=original_type)).reference


def test_message_is_found_by_the_sender_of_its_envelope_where_nothing_of_it_is_returned():
    report = read(returned(REFERENCE, to=f"bounces+{REFERENCE}@clinic.example", in_original=False))

    assert REFERENCE in report.reference


@pytest.mark.parametrize(
    ("status", "is_bad"),
    [
        ("5.1.1", True),
        ("5.1.2", True),
        ("5.1.10", True),
        ("5.2.1", True),
        ("5.0.0", True),
        ("5.2.2", False),
        ("5.1.8", False),
        ("5.3.4", False),
        ("5.4.4", False),
        ("5.7.1", False),
        ("4.4.7", False),
        ("", False),
        ("250 2.1.5 fine", False),
        ("550 host 5.1.1.9 says no", False),
    ],
)
def test_address_is_blamed_for_what_is_permanent_and_its_own_fault(status, is_bad):
    """A full mailbox, a policy and a server's own fault say nothing about the address (RFC 3463)."""
    assert blames_address(status) is is_bad


def test_message_given_up_after_days_came_back_and_blames_nobody():
    report = read(returned(REFERENCE, status="4.4.7", said="delivery time expired"))

    assert (report.outcome, report.is_address_bad) == (Outcome.RETURNED, False)


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_whatever_has_not_failed_is_no_failure(action):
    assert read(returned(REFERENCE, action=action)) is None


@pytest.mark.parametrize(("kind", "counts"), [("abuse", True), ("opt-out", True), ("not-spam", False)])
def test_complaint_is_known(kind, counts):
    report = read(complaint(REFERENCE, kind))

    assert (report is not None and report.outcome == Outcome.COMPLAINED) is counts


@pytest.mark.parametrize(
    "letter",
    [
        b"",
        b"\0\xff\xfe",
        b"Subject: I am away\r\n\r\nBack on Monday",
        b"Content-Type: message/delivery-status\r\n\r\n",
    ],
    ids=["empty", "bytes", "notice of absence", "nothing in it"],
)
def test_other_letters_report_nothing(letter):
    assert read(letter) is None


def test_the_same_letter_has_the_same_key_and_another_has_another():
    assert read(returned(REFERENCE)).key == read(returned(REFERENCE)).key
    assert read(returned(REFERENCE)).key != read(returned(REFERENCE, status="5.2.2")).key


def test_long_words_of_a_server_are_cut_and_hold_no_line_end():
    report = read(returned(REFERENCE, said="no\r\n such\x00 user " * 200))

    assert len(report.said) < 600
    assert not set("\r\n\0") & set(report.said)


@given(st.binary(max_size=400))
def test_no_letter_breaks_the_reader(noise):
    letter = returned(REFERENCE)
    read(letter[:200] + noise)
    read(letter[:500] + noise + letter[500:])
