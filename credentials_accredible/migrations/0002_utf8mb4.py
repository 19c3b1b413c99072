"""Give the tables four-byte characters where the database was made without them."""

from django.db import migrations

from credentials_accredible.database import widen_tables


class Migration(migrations.Migration):
    dependencies = [("credentials_accredible", "0001_initial")]

    operations = [migrations.RunPython(widen_tables, migrations.RunPython.noop)]
