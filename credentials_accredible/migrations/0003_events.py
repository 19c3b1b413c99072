"""Failed events, the version of the rules, and the times that order a learner's events."""

import uuid

import django.utils.timezone
import model_utils.fields
from django.db import migrations, models

from credentials_accredible.database import widen_tables


class Migration(migrations.Migration):
    dependencies = [("credentials_accredible", "0002_utf8mb4")]

    operations = [
        migrations.CreateModel(
            name='FailedEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created', model_utils.fields.AutoCreatedField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('modified', model_utils.fields.AutoLastModifiedField(default=django.utils.timezone.now, editable=False, verbose_name='modified')),
                ('event_type', models.CharField(max_length=255, verbose_name='event type')),
                ('event_id', models.CharField(blank=True, db_index=True, max_length=64, verbose_name='event ID')),
                ('event_time', models.DateTimeField(verbose_name='time of the event')),
                ('payload', models.JSONField(default=dict, verbose_name='payload')),
                ('error', models.TextField(verbose_name='reason')),
                ('attempts', models.PositiveIntegerField(default=1, verbose_name='attempts')),
                ('resolved_at', models.DateTimeField(blank=True, null=True, verbose_name='processed')),
            ],
            options={
                'verbose_name': 'failed event',
                'verbose_name_plural': 'failed events',
                'ordering': ['-created', '-pk'],
                'permissions': [('process_failedevent', 'Can process failed events again')],
            },
        ),
        migrations.CreateModel(
            name='RulesVersion',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('token', models.UUIDField(default=uuid.uuid4)),
            ],
        ),
        migrations.AddField(
            model_name='badgeprogress',
            name='last_event_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='latest event'),
        ),
        migrations.AddField(
            model_name='badgeprogress',
            name='resets',
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.RunPython(widen_tables, migrations.RunPython.noop),
    ]
