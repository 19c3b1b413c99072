"""The history of what is configured."""

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from credentials_accredible.database import widen_tables


class Migration(migrations.Migration):

    dependencies = [
        ('credentials_accredible', '0005_nothing_lost'),
        ('sites', '0002_alter_domain_unique'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='syncchange',
            options={'ordering': ['pk'], 'verbose_name': 'change by a sync', 'verbose_name_plural': 'changes by syncs'},
        ),
        migrations.CreateModel(
            name='HistoricalAccredibleAPIConfig',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(db_index=True, help_text='How this list calls the account.', max_length=255, verbose_name='name')),
                ('environment', models.CharField(default='us', help_text='Where the account lives at Accredible.', max_length=32, verbose_name='environment')),
                ('sync_interval', models.PositiveIntegerField(blank=True, help_text='Minutes between two scheduled syncs; empty: none. Needs a worker with a beat, or cron.', null=True, verbose_name='sync every')),
                ('history_change_reason', models.CharField(max_length=255, null=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical Accredible API configuration',
                'verbose_name_plural': 'historical Accredible API configurations',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalAccredibleGroup',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('accredible_id', models.BigIntegerField(verbose_name='Accredible ID')),
                ('name', models.TextField(help_text='The title that learners see.', verbose_name='name')),
                ('is_active', models.BooleanField(default=False, help_text='Only active groups are issued to learners.', verbose_name='active')),
                ('history_change_reason', models.CharField(max_length=255, null=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('api_config', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='credentials_accredible.accredibleapiconfig', verbose_name='API configuration')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='sites.site', verbose_name='site')),
            ],
            options={
                'verbose_name': 'historical Accredible group',
                'verbose_name_plural': 'historical Accredible groups',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalBadgePenalty',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('event_type', models.CharField(max_length=255, verbose_name='event type')),
                ('description', models.TextField(blank=True, help_text='For staff: what costs the badge.', verbose_name='description')),
                ('history_change_reason', models.CharField(max_length=255, null=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('group', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='credentials_accredible.accrediblegroup', verbose_name='group')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical badge penalty',
                'verbose_name_plural': 'historical badge penalties',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalBadgePenalty_requirements',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('badgepenalty', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='credentials_accredible.badgepenalty')),
                ('badgerequirement', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='credentials_accredible.badgerequirement')),
                ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='credentials_accredible.historicalbadgepenalty')),
            ],
            options={
                'verbose_name': 'HistoricalBadgePenalty_requirements',
                'default_permissions': (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalBadgeRequirement',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('event_type', models.CharField(max_length=255, verbose_name='event type')),
                ('description', models.TextField(blank=True, help_text='For staff: what this asks of learners.', verbose_name='description')),
                ('blend', models.CharField(blank=True, choices=[('A', 'A'), ('B', 'B'), ('C', 'C'), ('D', 'D'), ('E', 'E'), ('F', 'F'), ('G', 'G'), ('H', 'H'), ('I', 'I'), ('J', 'J'), ('K', 'K'), ('L', 'L'), ('M', 'M'), ('N', 'N'), ('O', 'O'), ('P', 'P'), ('Q', 'Q'), ('R', 'R'), ('S', 'S'), ('T', 'T'), ('U', 'U'), ('V', 'V'), ('W', 'W'), ('X', 'X'), ('Y', 'Y'), ('Z', 'Z')], help_text='Same letter: any one of them is enough. Different letters, or none: all of them are needed.', max_length=1, verbose_name='group letter')),
                ('any_event', models.BooleanField(default=False, help_text='Fulfilled by every event of its type; needs no data rule.', verbose_name='any event')),
                ('history_change_reason', models.CharField(max_length=255, null=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('group', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='credentials_accredible.accrediblegroup', verbose_name='group')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical badge requirement',
                'verbose_name_plural': 'historical badge requirements',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalCustomAttribute',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(help_text='The name of the attribute in the account at Accredible.', max_length=255, verbose_name='attribute key')),
                ('source', models.CharField(choices=[('path', 'the event: a key path'), ('constant', 'a constant')], default='path', max_length=16, verbose_name='source')),
                ('value', models.CharField(help_text="Where in the event's data to look, or the text itself.", max_length=255, verbose_name='key path or text')),
                ('history_change_reason', models.CharField(max_length=255, null=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('group', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='credentials_accredible.accrediblegroup', verbose_name='group')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical custom attribute',
                'verbose_name_plural': 'historical custom attributes',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalDataRule',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('data_path', models.CharField(help_text="Where in the event's data to look.", max_length=255, verbose_name='key path')),
                ('operator', models.CharField(choices=[('eq', 'is'), ('ne', 'is not'), ('gt', 'is greater than'), ('ge', 'is at least'), ('lt', 'is less than'), ('le', 'is at most'), ('in', 'is one of (comma-separated)'), ('contains', 'contains')], default='eq', max_length=16, verbose_name='operator')),
                ('value', models.CharField(max_length=255, verbose_name='value')),
                ('history_change_reason', models.CharField(max_length=255, null=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('requirement', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='credentials_accredible.badgerequirement', verbose_name='requirement')),
            ],
            options={
                'verbose_name': 'historical data rule',
                'verbose_name_plural': 'historical data rules',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalPenaltyDataRule',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('data_path', models.CharField(help_text="Where in the event's data to look.", max_length=255, verbose_name='key path')),
                ('operator', models.CharField(choices=[('eq', 'is'), ('ne', 'is not'), ('gt', 'is greater than'), ('ge', 'is at least'), ('lt', 'is less than'), ('le', 'is at most'), ('in', 'is one of (comma-separated)'), ('contains', 'contains')], default='eq', max_length=16, verbose_name='operator')),
                ('value', models.CharField(max_length=255, verbose_name='value')),
                ('history_change_reason', models.CharField(max_length=255, null=True)),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('penalty', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='credentials_accredible.badgepenalty', verbose_name='penalty')),
            ],
            options={
                'verbose_name': 'historical penalty data rule',
                'verbose_name_plural': 'historical penalty data rules',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.RunPython(widen_tables, migrations.RunPython.noop),
    ]
