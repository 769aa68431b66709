"""People, memberships, roles, notices. One file in place of all before it: a new database is made in seconds."""

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import kernel.identifiers
from django.conf import settings
from django.db import migrations, models

from members.adapters.schema import CreateModels


class Migration(migrations.Migration):
    replaces = [("members", "0001_schema")]

    initial = True

    dependencies = [("auth", "0012_alter_user_first_name_max_length")]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Cooperative",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        ("slug", models.SlugField(unique=True)),
                        ("name", models.CharField(max_length=120)),
                        ("street", models.CharField(blank=True, max_length=120)),
                        ("postal_code", models.CharField(blank=True, max_length=16)),
                        ("city", models.CharField(blank=True, max_length=80)),
                        ("country", models.CharField(default="DE", help_text="ISO 3166 code, for example DE.", max_length=2)),
                        ("vat_id", models.CharField(blank=True, max_length=20, verbose_name="VAT id")),
                        ("iban", models.CharField(blank=True, max_length=34, verbose_name="IBAN")),
                        ("bic", models.CharField(blank=True, max_length=11, verbose_name="BIC")),
                        ("currency", models.CharField(default="EUR", help_text="ISO 4217 code, for example EUR.", max_length=3)),
                        ("email", models.EmailField(blank=True, max_length=254)),
                        ("phone", models.CharField(blank=True, max_length=40)),
                        ("emergency_phone", models.CharField(blank=True, max_length=40)),
                        ("website", models.URLField(blank=True)),
                    ],
                    options={"abstract": False},
                ),
                migrations.CreateModel(
                    name="User",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("password", models.CharField(max_length=128, verbose_name="password")),
                        ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                        (
                            "is_superuser",
                            models.BooleanField(
                                default=False,
                                help_text="Designates that this user has all permissions without explicitly assigning them.",
                                verbose_name="superuser status",
                            ),
                        ),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        ("email", models.EmailField(max_length=254, unique=True)),
                        ("name", models.CharField(blank=True, max_length=120)),
                        ("language", models.CharField(choices=[("en", "English"), ("de", "Deutsch")], default="en", max_length=5)),
                        ("is_staff", models.BooleanField(default=False, verbose_name="may use the admin")),
                        ("is_active", models.BooleanField(default=True)),
                        ("joined_at", models.DateTimeField(default=django.utils.timezone.now)),
                        (
                            "groups",
                            models.ManyToManyField(
                                blank=True,
                                help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                                related_name="user_set",
                                related_query_name="user",
                                to="auth.group",
                                verbose_name="groups",
                            ),
                        ),
                        (
                            "user_permissions",
                            models.ManyToManyField(
                                blank=True,
                                help_text="Specific permissions for this user.",
                                related_name="user_set",
                                related_query_name="user",
                                to="auth.permission",
                                verbose_name="user permissions",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(django.db.models.functions.text.Lower("email"), name="user_email_once_whatever_case")
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Member",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="members", to="members.cooperative"
                            ),
                        ),
                        ("number", models.CharField(help_text="The number on letters and transfers.", max_length=20)),
                        ("name", models.CharField(max_length=120)),
                        ("street", models.CharField(blank=True, max_length=120)),
                        ("postal_code", models.CharField(blank=True, max_length=16)),
                        ("city", models.CharField(blank=True, max_length=80)),
                        ("country", models.CharField(default="DE", max_length=2)),
                        ("email", models.EmailField(blank=True, max_length=254)),
                        ("language", models.CharField(choices=[("en", "English"), ("de", "Deutsch")], default="en", max_length=5)),
                        ("iban", models.CharField(blank=True, max_length=34, verbose_name="IBAN")),
                        (
                            "is_cooperative",
                            models.BooleanField(
                                default=False, help_text="The cooperative taking part like a member: own sites, own storages, no VAT."
                            ),
                        ),
                        (
                            "publishes_usage",
                            models.BooleanField(
                                default=False, help_text="Consents to a monthly total of their own on the chain, under a random id."
                            ),
                        ),
                        (
                            "chain_ref",
                            models.CharField(default=kernel.identifiers.random_bytes32, editable=False, max_length=66, unique=True),
                        ),
                        ("external_ref", models.CharField(blank=True, max_length=120)),
                        ("joined_date", models.DateField(blank=True, null=True)),
                        ("left_date", models.DateField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("cooperative", "number"), name="member_number_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("external_ref", ""), _negated=True),
                                fields=("cooperative", "external_ref"),
                                name="member_external_ref_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("is_cooperative", True)), fields=("cooperative",), name="cooperative_is_one_member"
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Notification",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="notifications", to=settings.AUTH_USER_MODEL
                            ),
                        ),
                        ("kind", models.CharField(help_text="own alarm, work order, ...", max_length=40)),
                        ("key", models.CharField(help_text="What it is about; once per user.", max_length=160)),
                        ("subject", models.CharField(max_length=160)),
                        ("text", models.TextField()),
                        ("path", models.CharField(blank=True, help_text="The page of the portal that shows it.", max_length=200)),
                        ("created_at", models.DateTimeField()),
                        ("seen_at", models.DateTimeField(blank=True, null=True)),
                        ("by_mail", models.BooleanField(default=False, verbose_name="by e-mail")),
                        ("claimed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("mailed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("attempts", models.PositiveSmallIntegerField(default=0, editable=False)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["user", "-created_at"], name="notifications_by_user"),
                            models.Index(
                                condition=models.Q(("by_mail", True), ("mailed_at__isnull", True)),
                                fields=["created_at"],
                                name="mails_to_send",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("user", "key"), name="told_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("mailed_at__isnull", True), ("mailed_at__gte", models.F("created_at")), _connector="OR"
                                ),
                                name="mailed_after_it_was_made",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AccessRecord",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "member",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="access_records", to="members.member"
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("looked_at", models.DateTimeField()),
                        ("what", models.CharField(help_text="bill, meter day, profile, ...", max_length=40)),
                        ("subject", models.CharField(blank=True, max_length=80)),
                    ],
                    options={"indexes": [models.Index(fields=["member", "-looked_at"], name="access_by_member")]},
                ),
                migrations.CreateModel(
                    name="Membership",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to=settings.AUTH_USER_MODEL
                            ),
                        ),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to="members.cooperative"
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="memberships",
                                to="members.member",
                            ),
                        ),
                        (
                            "role",
                            models.CharField(
                                choices=[
                                    ("member", "member"),
                                    ("producer", "producer"),
                                    ("tariff_admin", "tariff admin"),
                                    ("operator", "operator"),
                                    ("auditor", "auditor"),
                                    ("support", "support"),
                                ],
                                max_length=16,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("user", "cooperative", "member", "role"), name="membership_once", nulls_distinct=False
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("member__isnull", False), ("role__in", ["member", "producer"])),
                                    models.Q(models.Q(("role__in", ["member", "producer"]), _negated=True), ("member__isnull", True)),
                                    _connector="OR",
                                ),
                                name="personal_roles_name_their_member",
                            ),
                        ]
                    },
                ),
            ]
        )
    ]
