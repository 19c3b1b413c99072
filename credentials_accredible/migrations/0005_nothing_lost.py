"""Awards by hand, custom attributes, scheduled syncs, what syncs changed, and snapshots of removed groups."""

import django.db.models.deletion
import django.utils.timezone
import model_utils.fields
from django.conf import settings
from django.db import migrations, models


from credentials_accredible.database import widen_tables


class Migration(migrations.Migration):

    dependencies = [
        ('credentials_accredible', '0004_delivery'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomAttribute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created', model_utils.fields.AutoCreatedField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('modified', model_utils.fields.AutoLastModifiedField(default=django.utils.timezone.now, editable=False, verbose_name='modified')),
                ('name', models.CharField(help_text='The name of the attribute in the account at Accredible.', max_length=255, verbose_name='attribute key')),
                ('source', models.CharField(choices=[('path', 'the event: a key path'), ('constant', 'a constant')], default='path', max_length=16, verbose_name='source')),
                ('value', models.CharField(help_text="Where in the event's data to look, or the text itself.", max_length=255, verbose_name='key path or text')),
            ],
            options={
                'verbose_name': 'custom attribute',
                'verbose_name_plural': 'custom attributes',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='SnapshotPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('learners', models.JSONField(default=list, verbose_name='learners')),
            ],
            options={
                'verbose_name': 'part of a snapshot',
                'verbose_name_plural': 'parts of a snapshot',
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='SyncChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(choices=[('created', 'created'), ('updated', 'updated'), ('removed', 'removed'), ('carried_over', 'carried over')], max_length=16, verbose_name='action')),
                ('accredible_id', models.BigIntegerField(verbose_name='Accredible ID')),
                ('name', models.TextField(verbose_name='name')),
                ('fields', models.JSONField(default=list, verbose_name='fields')),
            ],
            options={
                'verbose_name': 'change by a sync',
                'verbose_name_plural': 'changes by a sync',
                'ordering': ['pk'],
            },
        ),
        migrations.AlterModelOptions(
            name='accrediblebadge',
            options={'ordering': ['-created', '-pk'], 'permissions': [('award_accrediblebadge', 'Can award badges by hand'), ('revoke_accrediblebadge', 'Can revoke badges by hand'), ('deliver_accrediblebadge', 'Can have badges delivered, and retry their delivery')], 'verbose_name': 'Accredible badge', 'verbose_name_plural': 'Accredible badges'},
        ),
        migrations.AlterModelOptions(
            name='groupsnapshot',
            options={'ordering': ['-created', '-pk'], 'permissions': [('restore_groupsnapshot', 'Can restore removed groups')], 'verbose_name': 'group snapshot', 'verbose_name_plural': 'group snapshots'},
        ),
        migrations.AddField(
            model_name='accredibleapiconfig',
            name='next_sync_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='next scheduled sync'),
        ),
        migrations.AddField(
            model_name='accredibleapiconfig',
            name='sync_interval',
            field=models.PositiveIntegerField(blank=True, help_text='Minutes between two scheduled syncs; empty: none. Needs a worker with a beat, or cron.', null=True, verbose_name='sync every'),
        ),
        migrations.AddField(
            model_name='accrediblebadge',
            name='custom_attributes',
            field=models.JSONField(blank=True, default=dict, editable=False, verbose_name='custom attributes'),
        ),
        migrations.AddField(
            model_name='groupsnapshot',
            name='cause',
            field=models.CharField(choices=[('sync', 'gone at Accredible'), ('person', 'deleted by a person'), ('configuration', 'deleted with its configuration')], default='sync', max_length=16, verbose_name='cause'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='groupsnapshot',
            name='config_name',
            field=models.CharField(default='', max_length=255, verbose_name='configuration name'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='groupsnapshot',
            name='environment',
            field=models.CharField(default='', max_length=32, verbose_name='environment'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='groupsnapshot',
            name='learners',
            field=models.PositiveIntegerField(default=0, verbose_name='learners in progress'),
        ),
        migrations.AddField(
            model_name='groupsnapshot',
            name='restored_to',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='credentials_accredible.accrediblegroup', verbose_name='restored to'),
        ),
        migrations.AddField(
            model_name='groupsnapshot',
            name='user',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user'),
        ),
        migrations.AddField(
            model_name='groupsnapshot',
            name='version',
            field=models.PositiveSmallIntegerField(default=1, verbose_name='format'),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='needs_confirmation',
            field=models.BooleanField(default=False, editable=False, verbose_name='has to be confirmed'),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='stage',
            field=models.CharField(blank=True, editable=False, max_length=16, verbose_name='stage'),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='stage_done',
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='stage_total',
            field=models.PositiveIntegerField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='badgelogentry',
            name='action',
            field=models.CharField(choices=[('award', 'award'), ('revoke', 'revoke'), ('retry', 'retry'), ('issue', 'issue at Accredible'), ('search', 'search at Accredible'), ('adopt', 'adopt from Accredible'), ('publish', 'publish at Accredible'), ('expire', 'revoke at Accredible'), ('reinstate', 'reinstate at Accredible')], max_length=16, verbose_name='action'),
        ),
        migrations.AlterField(
            model_name='syncrun',
            name='status',
            field=models.CharField(choices=[('queued', 'queued'), ('running', 'running'), ('succeeded', 'succeeded'), ('failed', 'failed'), ('refused', 'refused')], default='running', max_length=16, verbose_name='status'),
        ),
        migrations.AlterField(
            model_name='syncrun',
            name='trigger',
            field=models.CharField(choices=[('admin', 'admin'), ('command', 'command'), ('api', 'API'), ('task', 'task'), ('schedule', 'schedule')], max_length=16, verbose_name='trigger'),
        ),
        migrations.AddIndex(
            model_name='groupsnapshot',
            index=models.Index(fields=['created'], name='accredible_snapshot_age'),
        ),
        migrations.AddField(
            model_name='customattribute',
            name='group',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='custom_attributes', to='credentials_accredible.accrediblegroup', verbose_name='group'),
        ),
        migrations.AddField(
            model_name='snapshotpart',
            name='snapshot',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='credentials_accredible.groupsnapshot', verbose_name='snapshot'),
        ),
        migrations.AddField(
            model_name='syncchange',
            name='group',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='changes', to='credentials_accredible.accrediblegroup', verbose_name='group'),
        ),
        migrations.AddField(
            model_name='syncchange',
            name='sync_run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='credentials_accredible.syncrun', verbose_name='sync run'),
        ),
        migrations.AddConstraint(
            model_name='customattribute',
            constraint=models.UniqueConstraint(fields=('group', 'name'), name='accredible_attribute_once_per_group'),
        ),
        migrations.AddConstraint(
            model_name='snapshotpart',
            constraint=models.UniqueConstraint(fields=('snapshot', 'number'), name='accredible_snapshot_part_once'),
        ),
        migrations.RunPython(widen_tables, migrations.RunPython.noop),
    ]
