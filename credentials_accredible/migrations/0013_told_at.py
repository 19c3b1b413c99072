from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("credentials_accredible", "0012_valid_until"),
    ]

    operations = [
        migrations.AddField(
            model_name="accredibleapiconfig",
            name="told_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
