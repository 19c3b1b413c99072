"""What was delivered today is counted by an index alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("credentials_accredible", "0018_adopt_permission")]

    operations = [
        migrations.AddIndex(
            "accrediblebadge",
            models.Index(fields=["delivered_at", "api_config"], name="accredible_badge_by_delivery"),
        ),
        migrations.RemoveIndex("accrediblebadge", "accredible_badge_delivered"),
    ]
