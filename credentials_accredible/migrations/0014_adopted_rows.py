import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from credentials_accredible.database import widen_tables


class Migration(migrations.Migration):

    dependencies = [
        ("credentials_accredible", "0013_told_at"),
    ]

    operations = [
        migrations.CreateModel(
            name="AdoptedRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("config", "API configuration"), ("group", "group"), ("requirement", "requirement"), ("penalty", "penalty"), ("progress", "progress"), ("fulfillment", "fulfilment"), ("badge", "badge")], max_length=16)),
                ("builtin_id", models.BigIntegerField()),
                ("own_id", models.BigIntegerField()),
                ("made", models.BooleanField()),
                ("before", models.JSONField(default=dict)),
                ("created", models.DateTimeField(default=django.utils.timezone.now)),
                ("above", models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="below", to="credentials_accredible.adoptedrow")),
            ],
            options={
                "verbose_name": "row taken over from the built-in integration",
                "verbose_name_plural": "rows taken over from the built-in integration",
                "default_permissions": (),
                "indexes": [models.Index(fields=["kind", "own_id"], name="accredible_adopted_own")],
                "constraints": [models.UniqueConstraint(fields=("kind", "builtin_id"), name="accredible_adopted_once")],
            },
        ),
        migrations.RunPython(widen_tables, migrations.RunPython.noop),
    ]
