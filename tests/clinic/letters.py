"""Letters as mail servers send them back, each written after the form that one kind of server uses."""

PARTS = """From: MAILER-DAEMON@mx.example
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

Your message could not be delivered.

--b
{facts}
--b
Content-Type: {original_type}

{original}
--b--
"""


def returned(reference, status="5.1.1", action="failed", said="550 5.1.1 no such user", **other):
    """Return a delivery status notification (RFC 3464)."""
    facts = f"""Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; ana@x.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}
"""
    return _letter("delivery-status", facts, reference, **other)


def complaint(reference, kind="abuse", **other):
    """Return word of somebody who pressed the button for spam (RFC 5965)."""
    facts = f"""Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Mailbox/1.0
Version: 1
"""
    return _letter("feedback-report", facts, reference, **other)


def _letter(kind, facts, reference, to="desk@clinic.example", original_type="message/rfc822", in_original=True):
    message_id = f"<{reference}@clinic.example>" if in_original else "<other@elsewhere.example>"
    original = f"Message-ID: {message_id}\nFrom: desk@clinic.example\nSubject: Your appointment\n\nDear Ana\n"
    text = PARTS.format(to=to, kind=kind, facts=facts, original_type=original_type, original=original)
    return text.replace("\n", "\r\n").encode()
