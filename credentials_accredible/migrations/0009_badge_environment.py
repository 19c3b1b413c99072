from typing import Any

from django.db import migrations, models


def fill(apps: Any, schema_editor: Any) -> None:
    """Badges are of the environment of their configuration; where that is gone, a snapshot of the group may know it."""
    models_of = apps.get_app_config("credentials_accredible").get_model
    using = schema_editor.connection.alias
    badges = models_of("AccredibleBadge").objects.using(using)
    for pk, environment in models_of("AccredibleAPIConfig").objects.using(using).values_list("pk", "environment"):
        badges.filter(api_config=pk).update(environment=environment)
    snapshots = models_of("GroupSnapshot").objects.using(using)
    orphans = badges.filter(api_config=None).order_by()
    for number in orphans.values_list("accredible_group_id", flat=True).distinct():
        of_number = orphans.filter(accredible_group_id=number)
        for name in set(of_number.values_list("group_name", flat=True)):
            known = snapshots.filter(accredible_id=number, name=name).order_by()
            places = set(known.values_list("environment", flat=True))
            if len(places) == 1:
                of_number.filter(group_name=name).update(environment=places.pop())


class Migration(migrations.Migration):

    dependencies = [
        ("credentials_accredible", "0008_sent_at"),
    ]

    operations = [
        migrations.AddField(
            model_name="accrediblebadge",
            name="environment",
            field=models.CharField(blank=True, default="", editable=False, max_length=32, verbose_name="environment"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
