"""Keeping a patient's record right: editing, archiving, allergies."""

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.roles import Role
from patients.models import Allergy
from tests.factories import AllergyFactory, LocationFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return LocationFactory(country_code="US")


@pytest.fixture
def nurse(here):
    return UserFactory(locations=[here], first_name="Bisi", last_name="Adeyemi")


@pytest.fixture
def desk(client, nurse):
    client.force_login(nurse)
    return client


@pytest.fixture
def amara(here):
    return PatientFactory(given_name="Amara", family_name="Okonkwo", phone="+14155550182", location=here)


def page_of(patient, page):
    return reverse(f"patient-{page}", args=[patient.public_id])


def typed(desk, patient, **fields):
    form = desk.get(page_of(patient, "edit")).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in {**shown, **fields}.items() if value not in (None, False)}


class TestEditing:
    def test_change_is_saved_and_said(self, desk, amara):
        response = desk.post(page_of(amara, "edit"), typed(desk, amara, city="Oakland"))

        amara.refresh_from_db()
        assert (amara.city, amara.version, response.url) == ("Oakland", 2, amara.get_absolute_url())

    def test_saving_over_a_newer_version_shows_both_and_loses_nothing(self, desk, amara):
        mine = typed(desk, amara, city="Oakland")
        amara.city = "Berkeley"
        amara.save_over(1)

        response = desk.post(page_of(amara, "edit"), mine)

        row = next(row for row in response.context["form"].conflict.rows if row.differs)
        assert (row.label, row.theirs, row.mine) == ("City", "Berkeley", "Oakland")
        amara.refresh_from_db()
        assert amara.city == "Berkeley"

    def test_saving_again_after_the_comparison_keeps_mine(self, desk, amara):
        mine = typed(desk, amara, city="Oakland")
        amara.city = "Berkeley"
        amara.save_over(1)
        shown = desk.post(page_of(amara, "edit"), mine).context["form"]

        desk.post(page_of(amara, "edit"), {**mine, "version": shown["version"].value()})

        amara.refresh_from_db()
        assert amara.city == "Oakland"

    def test_day_of_death_is_kept(self, desk, amara):
        desk.post(page_of(amara, "edit"), typed(desk, amara, deceased_on="2026-01-01"))

        amara.refresh_from_db()
        assert amara.deceased_on == date(2026, 1, 1)

    @pytest.mark.parametrize(
        ("day", "message"),
        [
            ("2999-01-01", "1 January 2999 is in the future."),
            ("1970-01-01", "The day of death is before the birth date."),
        ],
    )
    def test_day_of_death_that_cannot_be_is_refused(self, desk, amara, day, message):
        response = desk.post(page_of(amara, "edit"), typed(desk, amara, deceased_on=day))

        assert message in str(response.context["form"].errors)

    def test_imported_patient_without_contact_can_be_edited(self, desk, here):
        patient = PatientFactory(phone="", location=here)

        desk.post(page_of(patient, "edit"), typed(desk, patient, city="Oakland"))

        patient.refresh_from_db()
        assert patient.city == "Oakland"

    def test_last_way_to_reach_someone_is_not_taken_away(self, desk, amara):
        response = desk.post(page_of(amara, "edit"), typed(desk, amara, phone=""))

        assert list(response.context["form"].errors) == ["phone"]

    def test_nobody_else_is_changed_by_a_form_that_names_another(self, desk, amara, here):
        other = PatientFactory(location=here)

        desk.post(page_of(amara, "edit"), typed(desk, amara, id=other.pk, public_id=other.public_id, city="Oakland"))

        other.refresh_from_db()
        assert (other.city, other.version) == ("", 1)


class TestArchiving:
    def test_page_asks_first(self, desk, amara):
        desk.get(page_of(amara, "archive"))

        amara.refresh_from_db()
        assert amara.archived_at is None

    def test_archived_and_restored(self, desk, amara):
        desk.post(page_of(amara, "archive"), {"to": "archive"})
        amara.refresh_from_db()
        assert amara.archived_at is not None

        desk.post(page_of(amara, "archive"), {"to": "restore"})
        amara.refresh_from_db()
        assert amara.archived_at is None

    def test_message_says_how_to_undo(self, desk, amara):
        desk.post(page_of(amara, "archive"), {"to": "archive"})

        page = desk.get(page_of(amara, "edit")).content.decode()
        assert "Amara Okonkwo is archived. “Restore” on the record brings it back." in page


class TestAllergies:
    LATEX = {"substance": "Latex", "reaction": "hives", "severity": "mild"}

    def test_allergy_is_added_and_the_patient_counts_as_asked(self, desk, amara):
        desk.post(page_of(amara, "allergies"), self.LATEX)

        amara.refresh_from_db()
        assert [str(allergy) for allergy in amara.allergies.all()] == ["Latex: hives"]
        assert amara.allergies_asked_on is not None

    @pytest.mark.parametrize("spelling", ["Latex", "LATEX", "latéx"])
    def test_allergy_is_named_once(self, desk, amara, spelling):
        AllergyFactory(patient=amara, substance="Latex")

        response = desk.post(page_of(amara, "allergies"), {**self.LATEX, "substance": spelling})

        assert response.context["form"].errors == {"substance": [f"{spelling} is already in the record."]}

    def test_refuted_allergy_can_come_back(self, desk, amara):
        AllergyFactory(patient=amara, substance="Latex", status=Allergy.Status.REFUTED)

        desk.post(page_of(amara, "allergies"), self.LATEX)

        assert amara.allergies.in_force().count() == 1

    def test_asked_today_none_known(self, desk, amara):
        desk.post(page_of(amara, "allergies"), {"none_known": "1"})

        amara.refresh_from_db()
        assert amara.allergies_asked_on == timezone.localdate(timezone=amara.location.tz)

    def test_none_known_is_refused_beside_a_known_one(self, desk, amara):
        AllergyFactory(patient=amara, substance="Latex", reaction="")

        page = desk.post(page_of(amara, "allergies"), {"none_known": "1"}, follow=True)

        amara.refresh_from_db()
        assert amara.allergies_asked_on is None
        assert "Latex is in the record. Withdraw it first if it is wrong." in page.content.decode()

    def test_withdrawn_allergy_stays_with_reason_person_and_moment(self, desk, amara, nurse):
        allergy = AllergyFactory(patient=amara, substance="Latex")
        form = {"status": "refuted", "status_reason": "prick test negative", "version": "1"}

        desk.post(reverse("allergy-withdraw", args=[allergy.public_id]), form)

        allergy.refresh_from_db()
        assert (allergy.status, allergy.status_reason, allergy.withdrawn_by) == (
            "refuted",
            "prick test negative",
            nurse,
        )
        page = desk.get(page_of(amara, "allergies")).content.decode()
        assert "<s>Latex</s>" in page
        assert "Bisi Adeyemi" in page

    @pytest.mark.parametrize(
        ("form", "field"),
        [
            ({"status": "refuted"}, "status_reason"),
            ({"status_reason": "typed into the wrong record"}, "status"),
            ({"status": "active", "status_reason": "still there"}, "status"),
        ],
    )
    def test_withdrawing_needs_a_kind_and_a_reason(self, desk, amara, form, field):
        allergy = AllergyFactory(patient=amara)

        response = desk.post(reverse("allergy-withdraw", args=[allergy.public_id]), {"version": "1", **form})

        assert list(response.context["form"].errors) == [field]
        allergy.refresh_from_db()
        assert allergy.is_in_force

    def test_withdrawn_twice_keeps_the_first_reason(self, desk, amara):
        allergy = AllergyFactory(patient=amara)
        address = reverse("allergy-withdraw", args=[allergy.public_id])
        desk.post(address, {"status": "refuted", "status_reason": "first", "version": "1"})

        desk.post(address, {"status": "refuted", "status_reason": "second", "version": "2"})

        allergy.refresh_from_db()
        assert allergy.status_reason == "first"

    def test_withdrawing_what_someone_else_changed_shows_both(self, desk, amara):
        allergy = AllergyFactory(patient=amara)
        allergy.save_over(1)

        response = desk.post(
            reverse("allergy-withdraw", args=[allergy.public_id]),
            {"status": "refuted", "status_reason": "test", "version": "1"},
        )

        assert response.context["form"].conflict is not None

    def test_admin_reads_and_does_not_record(self, client, amara, here):
        client.force_login(UserFactory(locations=[here], role=Role.ADMIN))

        assert client.get(page_of(amara, "allergies")).status_code == 200
        assert client.post(page_of(amara, "allergies"), self.LATEX).status_code == 403

    @pytest.mark.parametrize("allergies", [1, 3])
    def test_page_asks_the_database_as_often_for_one_as_for_three(
        self, desk, amara, allergies, django_assert_num_queries
    ):
        AllergyFactory.create_batch(allergies, patient=amara)

        with django_assert_num_queries(10):
            desk.get(page_of(amara, "allergies"))


@pytest.mark.parametrize("page", ["edit", "archive", "allergies"])
def test_patient_of_another_location_is_not_found(desk, page):
    assert desk.get(page_of(PatientFactory(), page)).status_code == 404


def test_allergy_of_another_location_is_not_found(desk):
    allergy = AllergyFactory()

    assert desk.get(reverse("allergy-withdraw", args=[allergy.public_id])).status_code == 404


def test_archived_patient_leaves_active_and_joins_gone(here):
    archived = PatientFactory(location=here, archived_at=datetime(2026, 1, 2, tzinfo=UTC))
    deceased = PatientFactory(location=here, deceased_on=date(2026, 1, 2))
    current = PatientFactory(location=here)
    patients = type(current).objects

    assert list(patients.active()) == [current]
    assert set(patients.gone()) == {archived, deceased}


@pytest.fixture
def saved_meanwhile(monkeypatch, amara):
    """Let somebody else save the record between the moment a page reads it and the moment it writes."""
    from patients.views import allergies, patients  # noqa: PLC0415 -- patched here alone

    read = patients.get_patient

    def read_and_lose(request, public_id):
        patient = read(request, public_id)
        other = type(patient).objects.get(pk=patient.pk)
        other.city = "Oakland"
        other.save_over(other.version)
        return patient

    for views in (allergies, patients):
        monkeypatch.setattr(views, "get_patient", read_and_lose)


@pytest.mark.parametrize(
    ("page", "form", "fact", "is_there"),
    [
        ("allergies", TestAllergies.LATEX, "allergies_asked_on", True),
        ("allergies", {"none_known": "1"}, "allergies_asked_on", True),
        ("archive", {"to": "archive"}, "archived_at", True),
        ("archive", {"to": "restore"}, "archived_at", False),
    ],
    ids=["allergy", "none known", "archive", "restore"],
)
def test_what_is_noted_while_somebody_saves_the_record_is_kept_beside_it(
    desk, amara, saved_meanwhile, page, form, fact, is_there
):
    response = desk.post(page_of(amara, page), form)

    amara.refresh_from_db()
    assert response.status_code == 302
    assert (amara.city, amara.version, getattr(amara, fact) is not None) == ("Oakland", 3, is_there)
    assert amara.allergies.exists() == ("substance" in form)
