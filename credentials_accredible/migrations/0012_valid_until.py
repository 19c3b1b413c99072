from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("credentials_accredible", "0011_early_penalties"),
    ]

    operations = [
        # Empty says that it is not known, and of the badges that are there it is not.
        migrations.AddField(
            model_name="accrediblebadge",
            name="valid_until",
            field=models.DateField(blank=True, editable=False, null=True, verbose_name="valid until"),
        ),
    ]
