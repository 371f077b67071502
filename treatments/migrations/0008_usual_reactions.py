from django.db import migrations


def mark_expected(apps, schema_editor):
    """Take for usual what nobody has to look at each time; an admin may say otherwise, kind by kind."""
    kinds = apps.get_model("treatments", "SideEffectKind").objects.using(schema_editor.connection.alias)
    kinds.filter(always_review=False, is_urgent=False).update(is_expected=True)


class Migration(migrations.Migration):
    replaces = [("treatments", "0043_signals")]
    dependencies = [("treatments", "0007_late_infection_catalogue")]

    operations = [migrations.RunPython(mark_expected, migrations.RunPython.noop)]
