"""Letters about accounts: written down while a request waits, and sent by the worker. See `clinic.models.Letter`.

Never twice without a person knowing, and never lost without a trace: whoever changes a row to "sending" sends it, and
a sender that dies leaves it so. That becomes "unknown" later, and is sent again by nobody but a person.
"""

import json
import logging
from collections.abc import Callable
from datetime import datetime

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from clinic import audit, field_keys
from clinic.field_keys import UnsealError
from clinic.handing_over import Handed, hand_over, said
from clinic.models import Invitation, Letter, User
from clinic.models.letter import LIVES, MOST_ATTEMPTS, PAUSE

log = logging.getLogger(__name__)

State = Letter.State


def write(
    mail: EmailMessage,
    *,
    kind: str,
    now: datetime,
    invitation: Invitation | None = None,
    person: User | None = None,
) -> Letter:
    """Keep a letter of plain text to one person, sealed, until the worker sends it. Ring for `tasks.send_letters`.

    `invitation` or `person` is whose link it brings: somebody is told where it cannot go.
    """
    facts = {"to": mail.to, "subject": mail.subject, "body": mail.body, "from": mail.from_email}
    sealed = field_keys.seal(json.dumps({name: _plain(fact) for name, fact in facts.items()}))
    whose = {"invitation": invitation, "person": person}
    return Letter.objects.create(kind=kind, sealed=sealed, **whose, written_at=now, due_at=now)


def _plain(fact: object) -> object:
    """Return a fact as JSON takes it: subjects may be translated late."""
    return fact if isinstance(fact, list) else str(fact)


def drop(*, kind: str, now: datetime, invitation: Invitation | None = None, person: User | None = None) -> None:
    """Let no letter of this kind go out that did not yet: another takes its place, or it is not wanted any more."""
    whose = {"invitation": invitation, "person": person}
    Letter.objects.filter(kind=kind, **whose, state=State.WAITING).end(State.DROPPED, now=now)


def send_all(clock: Callable[[], datetime]) -> None:
    """Send what is due, find out what was cut off or waited too long, and forget what was long ago."""
    _give_up_on_cut_off(clock())
    _give_up_on_old(clock())
    for key in list(Letter.objects.due(clock()).values_list("pk", flat=True)):
        letter = _claim(key, now=clock())
        # One that does not go may tell of a mail server that answers nobody: the worker has other work than waiting.
        if letter is not None and not _send(letter, clock):
            break
    Letter.objects.past(clock()).delete()


def _claim(key: int, *, now: datetime) -> Letter | None:
    """Make this sender the only one; None where another was quicker."""
    mine = Letter.objects.due(now).filter(pk=key)
    is_mine = mine.order_by().update(state=State.SENDING, started_at=now, attempts=F("attempts") + 1)
    return Letter.objects.select_related("invitation").get(pk=key) if is_mine else None


def _send(letter: Letter, clock: Callable[[], datetime]) -> bool:
    """Send a letter that is this sender's, and say whether it went."""
    try:
        facts = json.loads(field_keys.unseal(letter.sealed))
        mail = EmailMessage(facts["subject"], facts["body"], facts["from"], facts["to"])
    except UnsealError as error:
        _finish(letter, Handed.FAILED, said(error), now=clock(), is_final=True)
        return False
    handed, answer = hand_over(mail)
    for address in facts["to"]:
        answer = answer.replace(address, "…")  # the server says it; neither the log nor the row does
    _finish(letter, handed, answer, now=clock(), is_final=letter.attempts >= MOST_ATTEMPTS)
    return handed is Handed.SENT


@transaction.atomic
def _finish(letter: Letter, handed: Handed, error: str, *, now: datetime, is_final: bool) -> None:
    """Write how it went. Guarded: a sender that was slow may have been given up meanwhile."""
    mine = Letter.objects.sending().filter(pk=letter.pk)
    if handed is not Handed.SENT:
        log.warning("A letter (%s), try %s, is %s: %s", letter.kind, letter.attempts, handed, error)
    if handed is Handed.FAILED and not is_final:
        mine.update(state=State.WAITING, due_at=now + PAUSE, error=error)
    elif mine.end(State(handed), now=now, error=error) and handed is Handed.FAILED:
        _say_not_sent(letter, now=now)


def _say_not_sent(letter: Letter, *, now: datetime) -> None:
    """Let the link of an invitation lead nowhere whose letter never went; the staff page says so beside the person."""
    invitation = letter.invitation
    if invitation is None:
        return
    # In one statement: a link that a person sends again at this moment has another time, and stays.
    its_link = Invitation.objects.open().filter(pk=invitation.pk, sent_at=letter.written_at)
    if its_link.update(secret_digest="", sent_at=None):
        detail = {"what": "invitation-not-sent", "role": invitation.role}
        audit.write(audit.Act.CHANGE, at=now, record=invitation, detail=detail)


def _give_up_on_cut_off(now: datetime) -> None:
    reason = _("The worker stopped while it sent it")
    given_up = Letter.objects.cut_off(now).end(State.UNKNOWN, now=now, error=reason)
    if given_up:
        log.warning("Of %s letters nobody knows whether they went: the worker stopped while it sent them.", given_up)


def _give_up_on_old(now: datetime) -> None:
    """Send no link that works no more; the staff page says so, and a person sends it again."""
    for key in list(Letter.objects.due(now).filter(written_at__lte=now - LIVES).values_list("pk", flat=True)):
        letter = _claim(key, now=now)
        if letter is not None:
            error = _("It waited for longer than its link works")
            _finish(letter, Handed.FAILED, error, now=now, is_final=True)
