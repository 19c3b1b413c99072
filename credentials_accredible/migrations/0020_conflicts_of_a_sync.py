"""Runs name the groups that another configuration holds."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("credentials_accredible", "0019_counted_by_index")]

    operations = [
        migrations.AddField(
            "syncrun", "conflicts", models.JSONField(blank=True, default=list, editable=False, verbose_name="conflicts")
        ),
    ]
