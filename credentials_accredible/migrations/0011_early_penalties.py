import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from credentials_accredible.database import widen_tables


class Migration(migrations.Migration):

    dependencies = [
        ("credentials_accredible", "0010_late_changes"),
    ]

    operations = [
        migrations.CreateModel(
            name="EarlyPenalty",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("learner", models.CharField(max_length=160)),
                ("time", models.DateTimeField()),
                ("modified", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ("requirement", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="credentials_accredible.badgerequirement")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("learner", "requirement"), name="accredible_early_penalty_once")],
            },
        ),
        migrations.RunPython(widen_tables, migrations.RunPython.noop),
    ]
