"""Letters about accounts: no page waits for them, none is lost or sent twice unseen, and none is kept in clear."""

import re
import time
from datetime import timedelta
from http import HTTPStatus
from threading import Barrier, Event, Thread

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.template.defaultfilters import date
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.actions import letters
from clinic.actions.invitations import send_invitation, withdraw_invitation
from clinic.models import AuditEvent, Invitation, InvitationState, Letter, Location, User
from clinic.models.invitation import VALID_FOR
from clinic.models.letter import LIVES, MOST_ATTEMPTS
from clinic.roles import Role
from clinic.tasks import send_letters
from tests.factories import InvitationFactory, LocationFactory, UserFactory
from tests.mail_server import mail_server
from tests.posting import sent

pytestmark = pytest.mark.django_db

State = Letter.State
NOW = timezone.now()


@pytest.fixture
def server(settings):
    with mail_server(settings) as server:
        yield server


@pytest.fixture
def dead_server(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1


@pytest.fixture
def desk(client):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[LocationFactory()]))
    return client


@pytest.fixture
def noor():
    invitation = InvitationFactory(email="noor@clinic.example")
    send_invitation(invitation, now=NOW)
    return invitation


def run(*, after=timedelta()):
    letters.send_all(lambda: NOW + after)


def written(to="sam@clinic.example"):
    return letters.write(EmailMessage("Your password", "It was changed.", to=[to]), kind="notice", now=NOW)


def stands(desk):
    """Return what the staff page says of those who are invited, in one line."""
    page = desk.get("/staff/").content.decode()
    return " ".join(
        re.sub(r"<[^>]+>", " ", page[page.index('id="invited"') : page.index('aria-label="People"')]).split()
    )


def opens(letter):
    return Client().get(re.search(r"(/join/\S+/)", letter)[1]).status_code


# No page waits.


@pytest.mark.parametrize("where", ["/staff/invite/", "/accounts/password/reset/"])
def test_page_does_not_ask_the_mail_server(desk, monkeypatch, where):
    monkeypatch.setattr(mail, "get_connection", lambda *args, **kwargs: pytest.fail("the page asked the mail server"))
    monkeypatch.setattr(EmailMessage, "send", lambda *args, **kwargs: pytest.fail("the page sent a mail"))
    form = {"title": "", "first_name": "Noor", "last_name": "Haddad", "email": "noor@clinic.example"}
    form |= {
        "role": "Staff",
        "locations": [LocationFactory().pk],
        "form_token": "8f0f2a54-64a2-4c2b-9c43-0d4cf6a4f0a1",
    }

    answer = (desk if "staff" in where else Client()).post(where, form)

    assert answer.status_code == HTTPStatus.FOUND
    assert Letter.objects.get().state == State.WAITING


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_worker_is_told_at_once(desk):
    InvitationFactory(email="noor@clinic.example")
    desk.post(f"/invitations/{Invitation.objects.get().public_id}/send/")

    assert [letter.to for letter in mail.outbox] == [["noor@clinic.example"]]


def test_asking_for_a_password_is_the_same_work_for_whoever_has_an_account_and_whoever_has_none():
    """T15: neither words nor time tell. Each waits for one row, and for no mail server."""
    UserFactory(email="sam@clinic.example")

    answers = [
        Client().post("/accounts/password/reset/", {"email": f"{name}@clinic.example"}) for name in ("sam", "nobody")
    ]

    assert len({(answer.status_code, answer.url) for answer in answers}) == 1
    assert Letter.objects.count() == 2
    assert [letter.to for letter in sent()] == [["sam@clinic.example"], ["nobody@clinic.example"]]


# What is kept.


def test_no_row_has_a_link_in_clear_or_whom_it_goes_to(noor):
    row = str(Letter.objects.values_list().get())

    assert "noor@" not in row
    assert "/join/" not in row
    assert "sealed1:" in row


@pytest.mark.parametrize("answer", ["250 taken", None], ids=["taken", "hung up"])
def test_letter_that_is_over_is_forgotten(server, noor, answer):
    server.answer = answer
    run()

    assert Letter.objects.get().sealed == ""
    assert len(server.messages) == 1


def test_row_of_a_letter_goes_after_thirty_days(noor):
    run()
    run(after=timedelta(days=30))
    assert Letter.objects.exists()
    run(after=timedelta(days=31))
    assert not Letter.objects.exists()


# Once, and never lost.


def test_letter_goes_once_however_often_the_worker_looks(server, noor):
    for minutes in range(3):
        run(after=timedelta(minutes=minutes))

    [message] = server.messages
    assert b"To: noor@clinic.example" in message
    assert opens(message.decode().replace("=\r\n", "")) == HTTPStatus.OK


def test_letter_that_no_server_took_goes_later(dead_server, noor, settings, desk):
    run()
    assert (Letter.objects.get().state, Letter.objects.get().attempts) == (State.WAITING, 1)
    assert "Not sent yet The mail server did not take it. It is tried again at" in stands(desk)

    with mail_server(settings) as server:
        run(after=timedelta(minutes=9))
        assert server.messages == []
        run(after=timedelta(minutes=11))

    assert len(server.messages) == 1
    assert Letter.objects.get().state == State.SENT
    assert "Waiting the link works until" in stands(desk)


def test_letter_that_is_refused_thrice_is_said_beside_the_person_and_its_link_opens_nothing(server, noor, desk):
    server.answer_to_recipient = "550 nobody here"
    for minutes in (0, 11, 22, 33):
        run(after=timedelta(minutes=minutes))

    noor.refresh_from_db()
    assert (noor.state(NOW), noor.secret_digest, Letter.objects.get().attempts) == (InvitationState.UNSENT, "", 3)
    assert "The invitation could not be sent: 550 nobody here." in stands(desk)
    assert "noor" not in Letter.objects.get().error
    said = AuditEvent.objects.filter(act="change", detail__has_key="what").order_by("pk")
    assert [event.detail["what"] for event in said] == ["invitation-sent", "invitation-not-sent"]


# A link for a password that no mail server took.


@pytest.fixture
def shut_out(server):
    """Somebody who asked for a new password, at an address that the mail server does not know."""
    person = UserFactory(first_name="Sam", last_name="Adeyemi", email="sam@clinic.exmaple")
    server.answer_to_recipient = "550 nobody here"
    Client().post("/accounts/password/reset/", {"email": person.email})
    at = Letter.objects.get().written_at
    for minutes in (0, 11, 22):
        letters.send_all(lambda after=minutes: at + timedelta(minutes=after))
    return person


def staff_count(desk):
    [link] = [link for link in desk.get("/").context["nav"] if str(link.label) == "Staff"]
    return link.count


def test_link_for_a_password_that_was_refused_is_said_beside_the_person_with_what_to_do(desk, shut_out):
    page = desk.get("/staff/").content.decode()
    beside = page[page.index('id="refused"') : page.index('aria-label="People"')]

    assert shut_out.get_full_name() in beside
    assert "It could not be sent: 550 nobody here." in beside
    assert f"/admin/clinic/user/{shut_out.pk}/change/" in beside
    assert f"/staff/{shut_out.public_id}/password-link/" in beside
    assert "could not be sent" in desk.get(f"/staff/{shut_out.public_id}/").content.decode()
    assert staff_count(desk) == 1


def test_link_that_an_admin_sends_again_goes_to_the_corrected_address_and_opens(desk, server, shut_out):
    server.answer_to_recipient = "250 fine"
    User.objects.filter(pk=shut_out.pk).update(email="sam@clinic.example")
    desk.post(f"/staff/{shut_out.public_id}/password-link/")
    letters.send_all(timezone.now)

    message = server.messages[-1].decode().replace("=\r\n", "").replace("=3D", "=")
    assert "To: sam@clinic.example" in message
    link = re.search(r"(/accounts/password/reset/key/\S+/)", message)[1]
    assert "password1" in Client().get(link, follow=True).context["form"].fields
    assert staff_count(desk) == 0
    assert AuditEvent.objects.get(detail__what="password-link-sent").record_key == str(shut_out.public_id)


def test_navigation_counts_anew_at_once_what_an_admin_sends_again(desk, server, shut_out, settings):
    settings.CACHES = settings.CACHES | {"worker": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert staff_count(desk) == 1

    desk.post(f"/staff/{shut_out.public_id}/password-link/")
    assert staff_count(desk) == 0


def test_link_that_is_sent_from_the_page_of_the_person_leads_back_there(desk, shut_out):
    page = f"/staff/{shut_out.public_id}/"
    assert f'name="next" value="{page}"' in desk.get(page).content.decode()

    answers = [desk.post(f"{page}password-link/", {"next": where}) for where in (page, "https://theirs.example/", "")]
    assert [answer.url for answer in answers] == [page, "/staff/", "/staff/"]


@pytest.mark.parametrize("why", ["The worker stopped while it sent it", ""], ids=["worker died", "restored"])
def test_link_for_a_password_of_which_nobody_knows_whether_it_went_is_said_beside_the_person(desk, why):
    sam = UserFactory(first_name="Sam", last_name="Adeyemi")
    Client().post("/accounts/password/reset/", {"email": sam.email})
    Letter.objects.filter(person=sam).end(State.UNKNOWN, now=timezone.now(), error=why)

    for where in ("/staff/", f"/staff/{sam.public_id}/"):
        page = desk.get(where).content.decode()
        assert "Perhaps sent" in page
        assert (f"Nobody knows whether it went: {why}." if why else "Nobody knows whether it went.") in page
        assert "Ask them whether it came. If it did, leave it; if not, send it again." in page
        assert f"/staff/{sam.public_id}/password-link/" in page
        assert "could not be sent" not in page
    assert staff_count(desk) == 1

    desk.post(f"/staff/{sam.public_id}/password-link/")
    assert 'id="refused"' not in desk.get("/staff/").content.decode()


@pytest.mark.parametrize("since", ["signed in", "account closed", "asked again"])
def test_link_that_nobody_waits_for_any_more_is_not_told(desk, shut_out, since):
    if since == "asked again":
        Client().post("/accounts/password/reset/", {"email": shut_out.email})
    elif since == "signed in":
        User.objects.filter(pk=shut_out.pk).update(last_login=timezone.now())
    else:
        User.objects.filter(pk=shut_out.pk).update(is_active=False)

    assert 'id="refused"' not in desk.get("/staff/").content.decode()
    assert staff_count(desk) == 0


def test_invitation_that_was_refused_counts_until_it_is_sent_again_or_withdrawn(server, noor, desk):
    server.answer_to_recipient = "550 nobody here"
    for minutes in (0, 11, 22):
        run(after=timedelta(minutes=minutes))
    assert staff_count(desk) == 1
    assert "withdraw it and invite them at the right one" in stands(desk)

    withdraw_invitation(noor, now=NOW)
    assert staff_count(desk) == 0


def test_thirteen_taps_send_one_link_for_a_password(desk):
    sam, noor = UserFactory(email="sam@clinic.example"), UserFactory(email="noor@clinic.example")
    for person in [noor] + 13 * [sam]:
        desk.post(f"/staff/{person.public_id}/password-link/")

    assert Letter.objects.filter(state=State.DROPPED, person=sam, sealed="").count() == 12
    assert [letter.to for letter in sent()] == [["noor@clinic.example"], ["sam@clinic.example"]]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_taps_at_once_leave_one_link_for_a_password(desk, monkeypatch):
    monkeypatch.setattr("clinic.accounts.ring", lambda task: None)
    sam = UserFactory()
    start = Barrier(2)

    def tap():
        start.wait()
        desk.post(f"/staff/{sam.public_id}/password-link/")
        connection.close()

    both = [Thread(target=tap) for _each in range(2)]
    [each.start() for each in both]
    [each.join() for each in both]

    assert sorted(Letter.objects.values_list("state", flat=True)) == [State.DROPPED, State.WAITING]


def test_no_link_goes_to_an_account_that_was_closed_meanwhile(desk, monkeypatch):
    gone = UserFactory()
    as_seen = User.objects.get(pk=gone.pk)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    monkeypatch.setattr("clinic.views.staff.get_object_or_404", lambda *args, **kwargs: as_seen)

    page = desk.post(f"/staff/{gone.public_id}/password-link/", follow=True).content.decode()

    assert "The account was closed meanwhile." in page
    assert not Letter.objects.exists()


def test_no_link_goes_to_an_account_that_is_closed(desk):
    gone = UserFactory(is_active=False)

    assert desk.post(f"/staff/{gone.public_id}/password-link/").status_code == HTTPStatus.NOT_FOUND
    assert not Letter.objects.exists()


def test_staff_page_asks_as_often_for_three_who_wait_as_for_one(desk, django_assert_num_queries):
    def wait(person):
        at = timezone.now() - timedelta(hours=1)
        Letter.objects.create(kind="x", state="failed", person=person, written_at=at, due_at=at, ended_at=at)

    people = [UserFactory() for _each in range(3)]
    wait(people[0])
    with CaptureQueriesContext(connection) as asked:
        desk.get("/staff/")
    [wait(person) for person in people[1:]]

    with django_assert_num_queries(len(asked)):
        assert desk.get("/staff/").content.decode().count("Link not sent") == 3


@pytest.mark.parametrize("path", ["/", "/staff/"])
def test_admin_alone_is_told_that_letters_do_not_go_how_many_and_since_when(desk, path):
    for minutes in (20, 30):
        at = timezone.now() - timedelta(minutes=minutes)
        letters.write(EmailMessage("Your password", "It was changed.", to=["x@x.example"]), kind="x", now=at)
    nurse = Client()
    nurse.force_login(UserFactory(role=Role.STAFF, locations=[LocationFactory()]))

    since = date(timezone.localtime(at, Location.objects.earliest("pk").tz), "j M, H:i")
    said = f"2 letters about accounts did not go, the first since {since}"
    page = desk.get(path).content.decode()
    assert said in page
    assert "Nobody gets" not in page
    assert "None went since. Either the mail server takes none, or nothing sends, or an address is wrong." in page
    assert "letters about accounts" not in nurse.get("/").content.decode()


def test_letter_after_which_the_server_hangs_up_is_sent_again_by_a_person_alone(server, noor, desk):
    server.answer = None
    for minutes in (0, 11, 22):
        run(after=timedelta(minutes=minutes))
    assert len(server.messages) == 1
    assert "Perhaps sent" in stands(desk)
    assert opens(server.messages[0].decode().replace("=\r\n", "")) == HTTPStatus.OK  # in case it came

    server.answer = "250 taken"
    desk.post(f"/invitations/{noor.public_id}/send/")
    letters.send_all(timezone.now)

    old, new = (message.decode().replace("=\r\n", "") for message in server.messages)
    assert (opens(old), opens(new)) == (HTTPStatus.NOT_FOUND, HTTPStatus.OK)


def test_worker_that_dies_while_it_sends_leaves_a_letter_that_a_person_sees(noor, desk, monkeypatch):
    def die(mail):
        raise KeyboardInterrupt

    monkeypatch.setattr(letters, "hand_over", die)
    with pytest.raises(KeyboardInterrupt):
        run()
    monkeypatch.undo()
    run(after=timedelta(minutes=9))
    assert Letter.objects.get().state == State.SENDING
    run(after=timedelta(minutes=11))

    assert (Letter.objects.get().state, mail.outbox) == (State.UNKNOWN, [])
    assert "Perhaps sent Nobody knows whether it went: The worker stopped while it sent it." in stands(desk)
    assert "If it did, leave it; if not, send it again" in stands(desk)


@pytest.mark.parametrize(
    ("minutes", "words"), [(4, "On its way since"), (6, "Ask whoever runs the machine whether the worker runs.")]
)
def test_page_says_when_no_worker_runs(noor, desk, minutes, words):
    Letter.objects.update(due_at=timezone.now() - timedelta(minutes=minutes))

    assert words in stands(desk)


@pytest.mark.parametrize(
    ("minutes", "words"), [(9, "On its way since"), (11, "Ask whoever runs the machine whether the worker runs.")]
)
def test_page_says_when_a_worker_died_while_it_sent_and_none_runs_since(noor, desk, minutes, words):
    Letter.objects.update(state=State.SENDING, started_at=timezone.now() - timedelta(minutes=minutes))

    assert words in stands(desk)


def test_worker_that_died_before_it_sent_is_made_good_by_the_next(noor):
    send_letters.call()

    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_workers_at_once_one_sends():
    written()
    start = Barrier(2)

    def work():
        start.wait()
        run()
        connection.close()

    both = [Thread(target=work) for _each in range(2)]
    [each.start() for each in both]
    [each.join() for each in both]

    assert len(mail.outbox) == 1


def test_sender_that_was_slow_overwrites_nothing(noor, monkeypatch):
    def take_long(mail):
        Letter.objects.cut_off(NOW + timedelta(hours=1)).end(State.UNKNOWN, now=NOW)
        return letters.Handed.FAILED, "too late"

    monkeypatch.setattr(letters, "hand_over", take_long)
    run()

    assert (Letter.objects.get().state, Letter.objects.get().error) == (State.UNKNOWN, "")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_link_that_is_sent_again_while_the_letter_before_it_fails_opens(noor, monkeypatch):
    Letter.objects.update(attempts=MOST_ATTEMPTS - 1)
    is_asked = Event()

    def send_again():
        with transaction.atomic():
            send_invitation(noor, now=NOW + timedelta(minutes=1))
            is_asked.set()
            time.sleep(0.5)  # the worker looks meanwhile, and finds no newer letter
        connection.close()

    person = Thread(target=send_again)

    def refuse(mail):
        person.start()
        is_asked.wait()
        return letters.Handed.FAILED, "refused"

    monkeypatch.setattr(letters, "hand_over", refuse)
    run()
    person.join()
    monkeypatch.undo()

    letters.send_all(lambda: NOW + timedelta(minutes=2))
    assert [opens(letter.body) for letter in mail.outbox] == [HTTPStatus.OK]


def test_letter_that_waited_for_longer_than_its_link_works_does_not_go(server, noor, desk):
    other = written()
    run(after=timedelta(hours=72, minutes=1))

    assert server.messages == []
    assert set(Letter.objects.values_list("state", "sealed")) == {(State.FAILED, "")}
    assert "could not be sent: It waited for longer than its link works" in stands(desk)
    assert "longer than its link works" in Letter.objects.get(pk=other.pk).error


def test_no_letter_lives_longer_than_any_link_in_it(settings):
    assert timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT) >= LIVES
    assert VALID_FOR >= LIVES


@pytest.mark.parametrize("what", ["withdrawn", "sent again"])
def test_letter_that_did_not_go_yet_goes_no_more_once_it_is_void(noor, what):
    if what == "withdrawn":
        withdraw_invitation(noor, now=NOW)
    else:
        send_invitation(noor, now=NOW)

    assert len(sent()) == (0 if what == "withdrawn" else 1)
    assert Letter.objects.earliest("pk").state == State.DROPPED


def test_server_that_answers_nobody_is_asked_for_one_letter_at_a_time(dead_server):
    first, second = written("one@clinic.example"), written("two@clinic.example")
    run()

    assert [Letter.objects.get(pk=each.pk).attempts for each in (first, second)] == [1, 0]


def test_letter_whose_key_is_lost_is_given_up_in_words(noor, settings, desk):
    settings.FIELD_KEYS = "A" * 43 + "="
    run()

    assert Letter.objects.get().state == State.FAILED
    assert "The invitation could not be sent: UnsealError: Sealed with the field key" in stands(desk)


def test_notice_of_a_changed_password_is_written_and_goes(desk):
    user = UserFactory(email="sam@clinic.example")
    browser = Client()
    browser.force_login(user)
    written(user.email)

    assert [letter.subject for letter in sent()] == ["Your password"]
