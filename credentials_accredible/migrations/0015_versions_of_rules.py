from django.db import migrations, models


def forget_versions(apps, schema_editor):
    """The former column is too narrow for the keys of many configurations; a version that is missing is made again."""
    apps.get_model("credentials_accredible", "RulesVersion").objects.using(schema_editor.connection.alias).all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ("credentials_accredible", "0014_adopted_rows"),
    ]

    operations = [
        migrations.AlterField(
            model_name="rulesversion",
            name="id",
            field=models.BigIntegerField(primary_key=True, serialize=False),
        ),
        migrations.RunPython(migrations.RunPython.noop, forget_versions),
    ]
