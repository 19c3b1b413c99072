"""Delivery of badges to Accredible."""

import django.db.models.deletion
import django.utils.timezone
import model_utils.fields
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

from credentials_accredible.database import widen_tables


def send_what_waits(apps, schema_editor):
    """Badges that were decided before there was delivery are due now."""
    badges = apps.get_model("credentials_accredible", "AccredibleBadge").objects
    badges.exclude(state="created", status="awarded").update(due_since=None)
    badges.filter(state="created", status="awarded").update(next_attempt_at=timezone.now())


class Migration(migrations.Migration):

    dependencies = [
        ('credentials_accredible', '0003_events'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BadgeLogEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created', model_utils.fields.AutoCreatedField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('modified', model_utils.fields.AutoLastModifiedField(default=django.utils.timezone.now, editable=False, verbose_name='modified')),
                ('action', models.CharField(choices=[('revoke', 'revoke'), ('retry', 'retry'), ('issue', 'issue at Accredible'), ('search', 'search at Accredible'), ('adopt', 'adopt from Accredible'), ('publish', 'publish at Accredible'), ('expire', 'revoke at Accredible'), ('reinstate', 'reinstate at Accredible')], max_length=16, verbose_name='action')),
                ('succeeded', models.BooleanField(verbose_name='succeeded')),
                ('detail', models.TextField(blank=True, verbose_name='detail')),
            ],
            options={
                'verbose_name': 'badge log entry',
                'verbose_name_plural': 'badge log entries',
                'ordering': ['-created', '-pk'],
            },
        ),
        migrations.AlterModelOptions(
            name='accrediblebadge',
            options={'ordering': ['-created', '-pk'], 'permissions': [('deliver_accrediblebadge', 'Can retry the delivery of badges')], 'verbose_name': 'Accredible badge', 'verbose_name_plural': 'Accredible badges'},
        ),
        migrations.RemoveIndex(
            model_name='accrediblebadge',
            name='accredible_badge_due',
        ),
        migrations.AddField(
            model_name='accredibleapiconfig',
            name='held_until',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='waits until'),
        ),
        migrations.AddField(
            model_name='accredibleapiconfig',
            name='outages',
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='accredibleapiconfig',
            name='pause_reason',
            field=models.TextField(blank=True, editable=False, verbose_name='reason of the pause'),
        ),
        migrations.AddField(
            model_name='accredibleapiconfig',
            name='paused_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='delivery paused'),
        ),
        migrations.AddField(
            model_name='accrediblebadge',
            name='claim',
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='accrediblebadge',
            name='delivered_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='delivered'),
        ),
        migrations.AddField(
            model_name='accrediblebadge',
            name='due_since',
            field=models.DateTimeField(blank=True, default=django.utils.timezone.now, editable=False, null=True, verbose_name='due since'),
        ),
        migrations.AddField(
            model_name='accrediblebadge',
            name='failures',
            field=models.PositiveIntegerField(default=0, editable=False, verbose_name='failures in a row'),
        ),
        migrations.AddField(
            model_name='accrediblebadge',
            name='problem',
            field=models.CharField(blank=True, choices=[('', 'none'), ('recipient', "the learner's name or e-mail address"), ('refused', 'refused by Accredible'), ('taken', 'the learner already has a credential of this group that is not ours'), ('exhausted', 'failed for too long')], default='', max_length=16, verbose_name='problem'),
        ),
        migrations.AddField(
            model_name='accrediblebadge',
            name='refused_recipient',
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AlterField(
            model_name='accrediblebadge',
            name='next_attempt_at',
            field=models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True, verbose_name='next attempt'),
        ),
        migrations.AlterField(
            model_name='accrediblebadge',
            name='state',
            field=models.CharField(choices=[('created', 'created: decided, nothing is at Accredible yet'), ('no_response', 'no response: sent, the answer is not known'), ('accepted', 'accepted: published at Accredible'), ('unpublished', 'unpublished: created at Accredible, but not visible'), ('error', 'error: not delivered, needs a person'), ('expired', 'expired: revoked at Accredible')], default='created', max_length=16, verbose_name='state'),
        ),
        migrations.AddIndex(
            model_name='accrediblebadge',
            index=models.Index(fields=['api_config', 'next_attempt_at'], name='accredible_badge_due_by_config'),
        ),
        migrations.AddIndex(
            model_name='accrediblebadge',
            index=models.Index(fields=['state', 'problem'], name='accredible_badge_state'),
        ),
        migrations.AddIndex(
            model_name='accrediblebadge',
            index=models.Index(fields=['delivered_at'], name='accredible_badge_delivered'),
        ),
        migrations.AddField(
            model_name='badgelogentry',
            name='badge',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='log', to='credentials_accredible.accrediblebadge', verbose_name='badge'),
        ),
        migrations.AddField(
            model_name='badgelogentry',
            name='user',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user'),
        ),
        migrations.AddIndex(
            model_name='badgelogentry',
            index=models.Index(fields=['created'], name='accredible_badge_log_age'),
        ),
        migrations.RunPython(send_what_waits, migrations.RunPython.noop),
        migrations.RunPython(widen_tables, migrations.RunPython.noop),
    ]
