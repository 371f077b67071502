from django.db import migrations


def start_series(apps, schema_editor):
    apps.get_model("patients", "RecordNumberSeries").objects.using(schema_editor.connection.alias).get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_tables")]

    operations = [migrations.RunPython(start_series, migrations.RunPython.noop)]
