import django.db.models.deletion
import django.utils.timezone
import model_utils.fields
from django.conf import settings
from django.db import migrations, models

from credentials_accredible.database import widen_tables

AT_ACCREDIBLE = [
    ("keep", "keep: the credentials stay as they are"),
    ("unpublish", "unpublish: nobody can see them any more"),
    ("delete", "delete: they are gone for good"),
]


def delete_parted(apps, schema_editor):
    """Going back: badges that were parted from their learner have no place there; the way back asks before."""
    badges = apps.get_model("credentials_accredible", "AccredibleBadge").objects.using(schema_editor.connection.alias)
    badges.filter(user=None).delete()


class Migration(migrations.Migration):

    dependencies = [
        ("credentials_accredible", "0015_versions_of_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RetiredLearner",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created", model_utils.fields.AutoCreatedField(default=django.utils.timezone.now, editable=False, verbose_name="created")),
                ("modified", model_utils.fields.AutoLastModifiedField(default=django.utils.timezone.now, editable=False, verbose_name="modified")),
                ("lms_user_id", models.IntegerField(blank=True, null=True, unique=True, verbose_name="LMS user ID")),
                ("name_digest", models.CharField(blank=True, db_index=True, editable=False, max_length=64)),
                ("at_accredible", models.CharField(choices=AT_ACCREDIBLE, max_length=16, verbose_name="at Accredible")),
                ("account", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="account")),
                ("user", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="retired by")),
            ],
            options={
                "verbose_name": "retired learner",
                "verbose_name_plural": "retired learners",
                "ordering": ["-created", "-pk"],
                "permissions": [("retire_learner", "Can retire learners: erase what is stored of them")],
                "default_permissions": ("view",),
            },
        ),
        migrations.AddField(
            model_name="accrediblebadge",
            name="at_accredible",
            field=models.CharField(blank=True, choices=AT_ACCREDIBLE, default="", max_length=16, verbose_name="after the learner has left"),
        ),
        migrations.AddField(
            model_name="accrediblebadge",
            name="retired_learner",
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="badges", to="credentials_accredible.retiredlearner", verbose_name="retired learner"),
        ),
        migrations.AlterField(
            model_name="accrediblebadge",
            name="user",
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="learner"),
        ),
        migrations.AlterField(
            model_name="badgelogentry",
            name="action",
            field=models.CharField(choices=[("award", "award"), ("revoke", "revoke"), ("retry", "retry"), ("issue", "issue at Accredible"), ("search", "search at Accredible"), ("adopt", "adopt from Accredible"), ("publish", "publish at Accredible"), ("expire", "revoke at Accredible"), ("reinstate", "reinstate at Accredible"), ("retire", "part from the learner, who has left")], max_length=16, verbose_name="action"),
        ),
        migrations.RunPython(widen_tables, delete_parted),
    ]
