from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("credentials_accredible", "0009_badge_environment"),
    ]

    operations = [
        migrations.AddField(
            model_name="accrediblebadge",
            name="showing_sent_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="accrediblebadge",
            name="revoking_sent_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
