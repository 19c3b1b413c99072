"""Staff find badges by their credential, and revoked ones among many, by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("credentials_accredible", "0020_conflicts_of_a_sync")]

    operations = [
        migrations.AddIndex("accrediblebadge", models.Index(fields=["status"], name="accredible_badge_status")),
        migrations.AddIndex("accrediblebadge", models.Index(fields=["external_id"], name="accredible_badge_credential")),
    ]
