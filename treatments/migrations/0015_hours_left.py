from django.db import migrations


class Migration(migrations.Migration):
    """Find the hours that moved appointments left without reading the history of years.

    Django knows no such index. On SQLite it goes with the table whenever a later migration makes that anew, and such a
    migration creates it again as its last step: `test_histories` looks for it.
    """

    dependencies = [("treatments", "0014_quantities_held")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX appointment_stood ON treatments_historicalappointment (location_id, starts_at)",
            "DROP INDEX appointment_stood",
        ),
    ]
