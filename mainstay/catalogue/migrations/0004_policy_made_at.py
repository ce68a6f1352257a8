import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("catalogue", "0003_backups"),
    ]

    operations = [
        migrations.AddField(
            model_name="policy",
            name="made_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now, help_text="from when its first copy is awaited"
            ),
        ),
    ]
