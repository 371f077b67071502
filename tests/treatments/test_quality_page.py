"""Data quality: whether the last session was asked about, and what is missing."""

from datetime import timedelta

import pytest
import time_machine

from clinic.roles import Role
from tests.factories import LocationFactory, LotFactory, UserFactory
from tests.treatments.signal_facts import NOW, give
from treatments.models import Session
from treatments.quality import quality, quality_rows

pytestmark = pytest.mark.django_db
Asked = Session.Asked


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory()


def kept(now=NOW):
    return {row.name: row for row in quality(Session.objects.standing(), now).rows}


def test_only_a_session_after_another_can_have_asked_back(here):
    ada = UserFactory(first_name="Ada", last_name="Lindqvist", title="")
    lot = LotFactory(location=here)
    patient = give(lot, performed_by=ada).course.patient
    give(lot, performed_by=ada, patient=patient, days=8, asked_back=Asked.NONE)
    give(lot, performed_by=ada, patient=patient, days=10, asked_back=Asked.SOME)
    give(lot, performed_by=ada, patient=patient, days=12)

    row = kept()["Ada Lindqvist"]

    assert (row.sessions, row.after_another, row.some, row.none, row.not_asked) == (4, 3, 1, 1, 1)
    assert row.counted == "2 of 3"


def test_those_with_the_fewest_answers_come_first_and_those_with_nothing_to_ask_last(here):
    ada, ines, new = (UserFactory(first_name=name, last_name="", title="") for name in ("Ada", "Ines", "Noor"))
    lot = LotFactory(location=here)
    for user, asked in ((ines, Asked.NONE), (ada, Asked.NOT_ASKED)):
        patient = give(lot, performed_by=user).course.patient
        give(lot, performed_by=user, patient=patient, days=8, asked_back=asked)
    give(lot, performed_by=new)

    assert [name.strip() for name in kept()] == ["Ada", "Ines", "Noor"]


def test_what_is_missing_is_counted(here):
    ada = UserFactory(first_name="Ada", last_name="Lindqvist", title="")
    give(LotFactory(location=here), performed_by=ada, signed=False)
    give(performed_by=ada, weight_kg=None, unmeasured_reason="Scales broken.", reactions_asked=Asked.NOT_ASKED)

    row = kept()["Ada Lindqvist"]

    assert (row.unsigned, row.without_lot, row.without_weight, row.at_once) == (1, 1, 1, "1 of 2")


def test_a_draft_of_today_is_not_late(here):
    give(LotFactory(location=here), signed=False, days=18)

    [row] = kept(NOW).values()

    assert row.unsigned == 0
    assert next(iter(kept(NOW + timedelta(days=2)).values())).unsigned == 1


@pytest.mark.parametrize("people", [1, 3])
def test_the_page_asks_as_often_for_one_as_for_three(client, here, people, django_assert_num_queries):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[here]))
    for user in UserFactory.create_batch(people):
        give(LotFactory(location=here), performed_by=user)

    with django_assert_num_queries(9):
        response = client.get("/reports/quality/")

    assert len(response.context["report"].rows) == people


def test_the_page_without_sessions_says_so(client, here):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[here]))

    assert "No session in this period" in client.get("/reports/quality/").content.decode()


def test_the_file_ends_with_everybody(here):
    give(LotFactory(location=here))

    *_people, last = quality_rows(quality(Session.objects.standing(), NOW))

    assert last[:2] == ["Everybody", 1]


def test_only_an_admin_reads_it(client, here):
    client.force_login(UserFactory(role=Role.CLINICIAN, locations=[here]))

    assert client.get("/reports/quality/").status_code == 403
    assert "Data quality" not in client.get("/reports/").content.decode()
