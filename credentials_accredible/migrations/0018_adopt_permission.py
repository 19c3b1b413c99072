from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("credentials_accredible", "0017_learner_text"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="accredibleapiconfig",
            options={
                "ordering": ["name"],
                "permissions": [
                    ("sync_accredibleapiconfig", "Can sync the groups of an Accredible API configuration"),
                    ("adopt_accredibleapiconfig", "Can take over from the built-in integration of the service"),
                ],
                "verbose_name": "Accredible API configuration",
                "verbose_name_plural": "Accredible API configurations",
            },
        ),
    ]
