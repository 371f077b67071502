from django.db import migrations

CREATE = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX patient_search_trigrams ON patients_patient USING gin (search_text gin_trgm_ops)",
    "ANALYZE patients_patient",
]


def create_trigram_index(apps, schema_editor):
    """Let PostgreSQL find a part of a name without reading every row. SQLite reads its one column fast enough."""
    if schema_editor.connection.vendor == "postgresql":
        for statement in CREATE:
            schema_editor.execute(statement)


def drop_trigram_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS patient_search_trigrams")


class Migration(migrations.Migration):
    dependencies = [("patients", "0002_record_number_series")]

    operations = [migrations.RunPython(create_trigram_index, drop_trigram_index)]
