
import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('sites', '0002_alter_domain_unique'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccredibleAPIConfig',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('modified', models.DateTimeField(auto_now=True)),
                ('name', models.CharField(max_length=255, null=True)),
                ('api_key', models.CharField(max_length=255)),
            ],
        ),
        migrations.CreateModel(
            name='UserCredential',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('modified', models.DateTimeField(auto_now=True)),
                ('credential_id', models.PositiveIntegerField(db_index=True)),
                ('username', models.CharField(db_index=True, max_length=255)),
                ('status', models.CharField(default='awarded', max_length=255)),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='BadgeTemplate',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('modified', models.DateTimeField(auto_now=True)),
                ('is_active', models.BooleanField(default=False)),
                ('uuid', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('name', models.CharField(max_length=255)),
                ('description', models.TextField(blank=True, null=True)),
                ('icon', models.CharField(blank=True, max_length=255, null=True)),
                ('origin', models.CharField(blank=True, max_length=128, null=True)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sites.site')),
            ],
        ),
        migrations.CreateModel(
            name='AccredibleBadge',
            fields=[
                ('usercredential_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='badges.usercredential')),
                ('state', models.CharField(default='created', max_length=100)),
                ('external_id', models.IntegerField(blank=True, null=True, unique=True)),
            ],
            bases=('badges.usercredential',),
        ),
        migrations.CreateModel(
            name='BadgeProgress',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('username', models.CharField(max_length=255)),
                ('template', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to='badges.badgetemplate')),
            ],
        ),
        migrations.CreateModel(
            name='BadgeRequirement',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_type', models.CharField(max_length=255)),
                ('description', models.TextField(blank=True, null=True)),
                ('blend', models.CharField(blank=True, max_length=255, null=True)),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='requirements', to='badges.badgetemplate')),
            ],
        ),
        migrations.CreateModel(
            name='BadgePenalty',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_type', models.CharField(max_length=255)),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='badges.badgetemplate')),
                ('requirements', models.ManyToManyField(to='badges.badgerequirement')),
            ],
        ),
        migrations.CreateModel(
            name='Fulfillment',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('blend', models.CharField(blank=True, max_length=255, null=True)),
                ('progress', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='badges.badgeprogress')),
                ('requirement', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='fulfillments', to='badges.badgerequirement')),
            ],
        ),
        migrations.CreateModel(
            name='AccredibleGroup',
            fields=[
                ('badgetemplate_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='badges.badgetemplate')),
                ('api_config', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='badges.accredibleapiconfig')),
            ],
            bases=('badges.badgetemplate',),
        ),
        migrations.CreateModel(
            name='DataRule',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('data_path', models.CharField(max_length=255)),
                ('operator', models.CharField(default='eq', max_length=32)),
                ('value', models.CharField(max_length=255)),
                ('requirement', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='badges.badgerequirement')),
            ],
            options={
                'unique_together': {('requirement', 'data_path', 'operator', 'value')},
            },
        ),
        migrations.CreateModel(
            name='PenaltyDataRule',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('data_path', models.CharField(max_length=255)),
                ('operator', models.CharField(default='eq', max_length=32)),
                ('value', models.CharField(max_length=255)),
                ('penalty', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='badges.badgepenalty')),
            ],
            options={
                'unique_together': {('penalty', 'data_path', 'operator', 'value')},
            },
        ),
    ]
