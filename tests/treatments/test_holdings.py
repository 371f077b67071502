"""Nothing that leads to a patient is forgotten by a dossier or an erasure."""

from django.apps import apps

from patients.models import Patient
from treatments.privacy.holdings import ABOUT_KEEPING, HOLDINGS, free_texts


def leads_to_a_patient(model, seen=()):
    """Say whether a row of this table belongs to one patient: by a foreign key, over any number of tables."""
    for field in model._meta.concrete_fields:
        target = field.related_model if field.is_relation else None
        if target is Patient or (target and target not in seen and leads_to_a_patient(target, (*seen, model))):
            return True
    return False


def test_every_table_that_leads_to_a_patient_is_a_holding():
    known = {holding.model for holding in HOLDINGS} | {Patient, *ABOUT_KEEPING}
    ours = {"clinic", "patients", "treatments"}
    models = [model for model in apps.get_models() if model._meta.app_label in ours]
    histories = {model for model in models if model._meta.pk.name in {"history_id", "m2m_history_id"}}

    forgotten = [model._meta.label for model in models if model not in known | histories and leads_to_a_patient(model)]

    assert forgotten == []


def test_the_path_of_every_holding_leads_to_a_patient(db):
    for holding in HOLDINGS:
        assert list(holding.rows([Patient(pk=1)])) == []


def test_a_field_that_nobody_types_a_name_into_is_not_emptied():
    texts = {
        f"{holding.model._meta.model_name}.{field.name}"
        for holding in HOLDINGS
        for field in free_texts(holding.model, holding.codes)
    }

    assert not {text for text in texts if text.endswith((".status", ".kind", ".severity", ".stored_name", ".state"))}
    assert {"session.note", "consent.signer_name", "consent.strokes", "amendment.before", "reminder.address"} <= texts


def test_what_is_removed_with_its_rows_keeps_no_history_that_would_have_them():
    assert [holding.model for holding in HOLDINGS if holding.is_removed and holding.history] == []


def test_no_table_is_a_holding_twice():
    models = [holding.model for holding in HOLDINGS]

    assert len(models) == len(set(models))
