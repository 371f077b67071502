"""The safety report: rates with their intervals, the rows behind them, and what was seen."""

import csv
import io

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import LocationFactory, LotFactory, ProductFactory, UserFactory
from tests.treatments.signal_facts import NOW, give, react
from treatments.models import ClusterReview

pytestmark = pytest.mark.django_db

SAFETY = "/reports/safety/"
QUERIES = 21


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def doctor(client, here):
    user = UserFactory(role=Role.CLINICIAN, locations=[here])
    client.force_login(user)
    return user


def page(client, query=""):
    return client.get(SAFETY + query)


def rows(client, query):
    return {row.label.name: row for row in page(client, query).context["report"].rows}


def csv_of(response):
    text = b"".join(response.streaming_content).decode().lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")
    return list(csv.reader(io.StringIO(text)))


def test_each_kind_has_its_rate_of_all_sessions(client, doctor, here):
    lot = LotFactory(location=here)
    react(give(lot))
    react(give(lot), "swelling")
    for _number in range(2):
        give(lot)

    found = rows(client, "")

    assert {name: (row.counted, row.measured) for name, row in found.items()} == {
        "Nodule": ("1 of 4", "25.0\N{NO-BREAK SPACE}%"),
        "Swelling": ("1 of 4", "25.0\N{NO-BREAK SPACE}%"),
    }
    assert found["Nodule"].range == "0.6\N{NO-BREAK SPACE}% to 80.6\N{NO-BREAK SPACE}%"


def test_by_lot_patients_are_counted_and_by_product_sessions(client, doctor, here):
    lot = LotFactory(location=here)
    session = give(lot)
    react(session)
    give(lot, patient=session.course.patient, days=8)

    assert rows(client, "?by=lot")[lot.number].counted == "1 of 1"
    assert rows(client, "?by=product")[str(lot.product)].counted == "1 of 2"


def test_a_kind_narrows_the_rates_and_leads_to_the_products(client, doctor, here):
    lot = LotFactory(location=here)
    react(give(lot), "swelling")
    react(give(lot))

    response = page(client, "?kind=nodule")

    assert response.context["report"].by == "product"
    assert [row.counted for row in response.context["report"].rows] == ["1 of 2"]


@pytest.mark.parametrize(
    ("sort", "first"), [("rate", "few"), ("sure", "many"), ("size", "many"), ("name", "few"), ("nonsense", "few")]
)
def test_rows_come_in_the_order_asked_for(client, doctor, here, sort, first):
    few, many = LotFactory(location=here, number="few"), LotFactory(location=here, number="many")
    react(give(few))
    for _number in range(5):
        react(give(many))
    give(many)

    report = page(client, f"?by=lot&sort={sort}").context["report"]

    assert report.rows[0].label.name == first


def test_what_is_not_known_is_said(client, doctor, here):
    lot = LotFactory(location=here)
    react(give(lot))
    give(lot)

    assert "known of 1 of 2 sessions" in page(client, "?by=lot").content.decode()


def test_a_year_without_sessions_and_one_without_reactions_say_so(client, doctor, here):
    assert "No signed session in this period" in page(client).content.decode()

    give(LotFactory(location=here))

    assert "No reaction in this period" in page(client).content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "?first=2026-13-40",
        "?first=nonsense&last=tomorrow",
        "?first=0026-01-01",
        "?first=2026-03-01&last=2025-03-01",
        "?kind=nothing",
        "?by=weather",
        "?location=00000000-0000-0000-0000-000000000000",
        "?location=x",
    ],
)
def test_what_cannot_be_read_is_said_and_the_last_year_shown(client, doctor, here, query):
    react(give(LotFactory(location=here)))

    response = page(client, query)

    assert "The last 12 months are shown." in response.content.decode()
    assert len(response.context["report"].rows) == 1


def test_a_period_is_from_midnight_to_midnight_here(client, doctor, here):
    give(LotFactory(location=here))  # on 2 March

    def counted(query):
        return page(client, query).context["report"].total.sessions

    assert counted("?first=2026-03-02&last=2026-03-02") == 1
    assert counted("?first=2026-03-03&last=2026-03-10") == 0


def test_patients_of_other_places_are_not_counted(client, doctor, here):
    react(give(LotFactory(location=LocationFactory())))

    assert page(client).context["report"].total.sessions == 0


def test_the_rows_behind_a_figure(client, doctor, here):
    lot = LotFactory(location=here)
    with_it, without, other = give(lot), give(lot), give(LotFactory(location=here))
    react(with_it)
    react(other, "swelling")
    row = rows(client, "?by=lot&kind=nodule")[lot.number]

    def behind(address):
        return {session.pk for session in client.get(address).context["page"]}

    assert behind(row.sessions_url) == {with_it.pk, without.pk}
    assert behind(row.reactions_url) == {with_it.pk}


@pytest.mark.parametrize("by", ["kind", "product", "lot", "area", "technique", "practitioner"])
def test_each_figure_agrees_with_the_rows_behind_it(client, doctor, here, by):
    lot = LotFactory(location=here)
    react(give(lot))
    give(lot)

    for row in page(client, f"?by={by}").context["report"].rows:
        assert len(client.get(row.sessions_url).context["page"]) == row.tally.sessions.of
        assert len(client.get(row.reactions_url).context["page"]) == row.tally.sessions.count


@pytest.mark.parametrize("key", ["", "nonsense", "00000000-0000-0000-0000-000000000000", "x" * 200])
@pytest.mark.parametrize("by", ["product", "lot", "area", "technique", "practitioner"])
def test_an_address_of_nothing_shows_nothing(client, doctor, here, by, key):
    give(LotFactory(location=here))

    response = client.get(f"{SAFETY}sessions/?by={by}&key={key}")

    assert "No session fits" in response.content.decode()


@pytest.mark.parametrize("lots", [1, 3])
def test_the_page_asks_as_often_for_one_row_as_for_three(client, doctor, here, lots, django_assert_num_queries):
    for lot in LotFactory.create_batch(lots, location=here):
        for _number in range(3):
            react(give(lot))

    with django_assert_num_queries(QUERIES):
        response = page(client, "?by=lot")

    assert len(response.context["loud"]) == len(response.context["report"].rows) == lots


@pytest.mark.parametrize("sessions", [1, 3])
def test_the_list_of_sessions_asks_as_often_for_three(client, doctor, here, sessions, django_assert_num_queries):
    lot = LotFactory(location=here)
    for _number in range(sessions):
        react(give(lot))

    with django_assert_num_queries(12):
        response = client.get(f"{SAFETY}sessions/?by=lot&key={lot.public_id}&only=with")

    assert len(response.context["page"]) == sessions


def test_the_file_has_every_row_and_no_formula(client, doctor, here):
    product = ProductFactory(code="odd", name="=Formula")
    react(give(LotFactory(location=here, product=product, number="+1")))

    [head, row] = csv_of(page(client, "?by=lot&format=csv"))

    assert dict(zip(head, row, strict=True)) == {
        "Lot": "'+1",
        "Detail": "'=Formula 10 mg/ml",
        "Patients with it": "1",
        "Patients": "1",
        "Sessions with it": "1",
        "Sessions": "1",
        "Rate in %": "100.0000",
        "Lower limit in %": "2.5000",
        "Upper limit in %": "100.0000",
        "Sessions with a known answer": "1",
        "Above the others": "no",
    }


def plant(lot):
    for _number in range(3):
        react(give(lot))
    return reverse("lot-cluster-seen", args=[lot.public_id, "nodule"])


def test_a_cluster_is_on_today_on_the_page_and_on_the_lot(client, doctor, here):
    lot = LotFactory(location=here)
    seen = plant(lot)

    today, report, on_lot = (client.get(where).content.decode() for where in ("/", SAFETY, lot.get_absolute_url()))

    assert "Lot stands out" in today
    for shown in (report, on_lot):
        assert f"Nodule in 3 of 3 patients with lot {lot.number}" in shown
        assert seen in shown
        assert reverse("lot-hold", args=[lot.public_id]) in shown


def test_once_seen_it_rests_with_its_reason(client, doctor, here):
    lot = LotFactory(location=here)
    where = plant(lot)
    form = client.get(where).context["form"]

    response = client.post(where, {"form_token": form["form_token"].value(), "reason": "Same gun, cleaned."})

    assert response.url == SAFETY
    assert ClusterReview.objects.get().patients == 3
    assert "Lot stands out" not in client.get("/").content.decode()
    assert "Same gun, cleaned." in page(client).content.decode()


def test_a_double_tap_is_one_review(client, doctor, here):
    where = plant(LotFactory(location=here))
    form = {"form_token": "8b0f1c1e-92ab-4c7b-9d3f-0d6f6f4b8a11", "reason": "Seen."}

    answers = [client.post(where, form).status_code for _tap in range(2)]

    assert answers == [302, 302]
    assert ClusterReview.objects.count() == 1


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001, "a\x00b"])
def test_a_reason_has_to_be_said(client, doctor, here, reason):
    where = plant(LotFactory(location=here))

    response = client.post(where, {"reason": reason})

    assert response.status_code == 200
    assert "reason" in response.context["form"].errors
    assert not ClusterReview.objects.exists()


def test_an_admin_reads_and_reviews_nothing(client, here):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[here]))
    where = plant(LotFactory(location=here))

    assert where not in page(client).content.decode()
    assert client.post(where, {"reason": "Seen."}).status_code == 403
