from typing import Any

from django.db import migrations, models
from django.db.models import F

import credentials_accredible.database


def sent_at_latest(apps: Any, schema_editor: Any) -> None:
    """Those whose answer is not known were sent when their row was written last, or before."""
    badges = apps.get_model("credentials_accredible", "AccredibleBadge").objects.using(schema_editor.connection.alias)
    badges.filter(state__in=["no_response", "error"], external_id="").update(sent_at=F("modified"))


class Migration(migrations.Migration):

    dependencies = [
        ("credentials_accredible", "0007_orphaned_badges"),
    ]

    operations = [
        migrations.AddField(
            model_name="accrediblebadge",
            name="sent_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="sent"),
        ),
        migrations.AlterField(
            model_name="accrediblebadge",
            name="due_since",
            field=models.DateTimeField(blank=True, default=credentials_accredible.database.now, editable=False, null=True, verbose_name="due since"),
        ),
        migrations.AlterField(
            model_name="accrediblebadge",
            name="next_attempt_at",
            field=models.DateTimeField(blank=True, default=credentials_accredible.database.now, null=True, verbose_name="next attempt"),
        ),
        migrations.RunPython(sent_at_latest, migrations.RunPython.noop, elidable=True),
    ]
