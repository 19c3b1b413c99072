"""Runs say until when Accredible's rate limit keeps them back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("credentials_accredible", "0021_badges_are_found")]

    operations = [
        migrations.AddField("syncrun", "kept_back_until", models.DateTimeField(editable=False, null=True)),
    ]
