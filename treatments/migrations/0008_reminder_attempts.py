from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("treatments", "0007_follow_up_overtaken_by")]

    operations = [
        migrations.AddField(
            model_name="reminder",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=1, verbose_name="attempts"),
        )
    ]
