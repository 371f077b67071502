from django.db import migrations, models


class Migration(migrations.Migration):
    """After a restore the time in which an erasure can be withdrawn begins anew."""

    dependencies = [("patients", "0013_erasure_grace")]

    operations = [
        migrations.AddField(
            model_name="erasure",
            name="grace_began_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When a backup was restored in which it waited. Empty: the time of grace counts from the decision.",
                null=True,
                verbose_name="grace began anew at",
            ),
        ),
    ]
