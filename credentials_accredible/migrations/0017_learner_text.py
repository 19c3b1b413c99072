import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from credentials_accredible.database import widen_tables


class Migration(migrations.Migration):

    dependencies = [
        ("credentials_accredible", "0016_learners_who_leave"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LearnerText",
            fields=[
                ("user", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="accredible_text", serialize=False, to=settings.AUTH_USER_MODEL)),
                ("name", models.TextField(blank=True)),
                ("name_here", models.TextField(blank=True)),
                ("email", models.TextField(blank=True)),
                ("email_here", models.TextField(blank=True)),
            ],
            options={
                "verbose_name": "name that the service cannot hold",
                "verbose_name_plural": "names that the service cannot hold",
                "default_permissions": (),
            },
        ),
        migrations.RunPython(widen_tables, migrations.RunPython.noop),
    ]
