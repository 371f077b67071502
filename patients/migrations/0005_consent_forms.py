"""The texts that a clinic starts with, in our words, and the database's own refusal to reword a published one.

Each is a default of ours and no lawyer's: a clinic publishes its own as version 2.
"""

from datetime import UTC, datetime

from django.db import migrations

PUBLISHED_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)  # noon, so that it is that day nearly everywhere

# purpose, title, months it holds (none: until it is withdrawn), paragraphs
FORMS = [
    (
        "treatment",
        "Consent to treatment by injections (mesotherapy)",
        12,
        [
            "What is done. Small amounts of medicines and vitamins are injected with a fine needle into the middle "
            "layer of the skin of the areas we have agreed on. The treatment is a course of several sessions. Before "
            "each session I may ask which products are used, and I am told.",
            "What is known about the benefit. Most of these products are approved for other purposes and are used here "
            "outside their approval. Controlled studies are few and small, and they do not prove that the treatment "
            "works. It may help me, help me little, or not help me at all. Nobody has promised me a result. A result "
            "may fade, above all if I gain much weight.",
            "What to expect afterwards. Most people have some of these: burning for 15 to 20 minutes, discomfort for "
            "10 to 15 minutes, a heavy feeling in the area, swelling for up to 5 days, soreness for some days, small "
            "bruises, and some discolouration, which can take weeks to fade.",
            "What happens seldom. Allergic reactions, which can be severe; infection of the skin; lumps or dents; "
            "small wounds that leave a scar; dark or light marks, more often on brown or dark skin.",
            "What can come late. A rare infection by slow-growing bacteria shows as a lump, a red spot or an abscess "
            "weeks or months after an injection, even when the course is over. I tell the clinic about anything new at "
            "a treated place, however late it comes.",
            "When to call at once. Trouble breathing, swelling of the face, a rash over the whole body, fever, strong "
            "or growing pain, or skin that turns dark or pale: I call the emergency number first and the clinic next.",
            "What I have told. I have answered the questions about my health fully. I say so before the next session "
            "if something changes, above all a pregnancy, a new medicine, a fever or an infection.",
            "Other ways. I know that I may leave things as they are, and that there are other treatments. I could ask "
            "about them.",
            "My right to stop. I may stop at any time, also during a session, and I need give no reason. I may take "
            "this consent back; what was done until then stays in my record.",
            "Photographs are not part of this consent. They are asked about separately, and I may refuse them and "
            "still be treated.",
        ],
    ),
    (
        "photo-record",
        "Consent to photographs for my record",
        None,
        [
            "The clinic photographs the areas that are treated, before the course and in the course of it, so that I "
            "and those who treat me can compare.",
            "The photographs belong to my medical record. They are kept as long as the record is, and only people who "
            "work with my record see them. My face is in them only when the face is treated.",
            "They are shown to nobody else, and not used for teaching or for marketing. For that I would be asked "
            "separately.",
            "I may refuse and still be treated. I may take this consent back: then no more photographs are taken. "
            "Those taken until then stay in the record, as the rest of it does.",
        ],
    ),
    (
        "photo-teaching",
        "Consent to the use of my photographs for teaching",
        None,
        [
            "The clinic may show photographs of my treated areas to people who learn or practise a health profession: "
            "in courses, at meetings, and in professional publications.",
            "My name, my birth date and my face are not shown, nor anything else that tells who I am. Somebody who "
            "knows me well may still recognise me by a mark on the skin.",
            "I am not paid, and my treatment does not depend on this. I may take this consent back: from then on the "
            "photographs are shown no more. What was printed or given out until then cannot be called back.",
        ],
    ),
    (
        "photo-marketing",
        "Consent to the use of my photographs for marketing",
        24,
        [
            "The clinic may show photographs of my treated areas, before and after, on its website, in its social "
            "media and in printed matter, to show what it does.",
            "My name, my birth date and my face are not shown. Somebody who knows me well may still recognise me by a "
            "mark on the skin. What is on the internet can be copied by others, and the clinic cannot prevent it.",
            "I am not paid, and my treatment and its price do not depend on this. I may take this consent back: from "
            "then on the clinic uses the photographs no more and takes them off its own pages. Copies made by others "
            "and printed matter given out until then cannot be called back.",
        ],
    ),
    (
        "contact",
        "Consent to messages",
        None,
        [
            "The clinic may write to me or call me about my appointments, my treatment and the follow-up some months "
            "after it, by the way I prefer.",
            "E-mail and text messages can be read by others who use my phone or my mailbox. The clinic writes in them "
            "no more about my health than is needed.",
            "I get no advertising. I may take this consent back at any time, and I am treated as before.",
        ],
    ),
]

FIXED = ["purpose", "language", "number", "title", "text", "published_at"]
SAYS = "A published consent form is not reworded."


def _changed(differs):
    return " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in FIXED)


def load(apps, schema_editor):
    forms = apps.get_model("patients", "ConsentForm").objects.using(schema_editor.connection.alias)
    for purpose, title, valid_months, paragraphs in FORMS:
        forms.create(
            purpose=purpose,
            title=title,
            text="\n\n".join(paragraphs),
            valid_months=valid_months,
            published_at=PUBLISHED_AT,
        )


def unload(apps, schema_editor):
    apps.get_model("patients", "ConsentForm").objects.using(schema_editor.connection.alias).all().delete()


def guard(apps, schema_editor):
    """Let the database itself refuse to reword a published form, whoever asks.

    SQLite drops this with the table whenever a later migration makes the table anew: call it again there.
    """
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE FUNCTION refuse_to_reword_consent_form() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$BEGIN RAISE EXCEPTION '{SAYS}' USING ERRCODE = 'integrity_constraint_violation'; END$$"
        )
        schema_editor.execute(
            "CREATE TRIGGER consent_form_is_fixed BEFORE UPDATE ON patients_consentform FOR EACH ROW "
            f"WHEN (OLD.published_at IS NOT NULL AND ({_changed('IS DISTINCT FROM')})) "
            "EXECUTE FUNCTION refuse_to_reword_consent_form()"
        )
    elif schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(
            "CREATE TRIGGER consent_form_is_fixed BEFORE UPDATE ON patients_consentform FOR EACH ROW "
            f"WHEN OLD.published_at IS NOT NULL AND ({_changed('IS NOT')}) "
            f"BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
        )


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER IF EXISTS consent_form_is_fixed ON patients_consentform")
        schema_editor.execute("DROP FUNCTION IF EXISTS refuse_to_reword_consent_form()")
    elif schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER IF EXISTS consent_form_is_fixed")


class Migration(migrations.Migration):
    replaces = [("patients", "0006_consent_forms")]
    dependencies = [("patients", "0004_screening_questions")]

    operations = [migrations.RunPython(load, unload), migrations.RunPython(guard, unguard)]
