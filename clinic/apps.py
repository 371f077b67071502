from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = _("Clinic")

    def ready(self) -> None:
        from clinic import (  # noqa: F401, PLC0415 -- the first registers the system checks
            checks,
            letters_standing,
            navigation,
            receivers,
            sign_in_events,
        )
        from clinic.append_only import guard_after_migration  # noqa: PLC0415 -- needs the app registry
        from clinic.backup import standing  # noqa: PLC0415 -- needs the app registry
        from clinic.roles import create_groups  # noqa: PLC0415 -- needs the app registry

        navigation.count_with("backups", standing.counts)
        navigation.count_with("staff", letters_standing.counts)
        sign_in_events.note_factors()
        post_migrate.connect(create_groups, sender=self)
        post_migrate.connect(guard_after_migration, sender=self)


class AdminConfig(DjangoAdminConfig):
    default_site = "clinic.site.AdminSite"

    def ready(self) -> None:
        from allauth.account.models import EmailAddress  # noqa: PLC0415 -- needs the app registry
        from allauth.mfa.models import Authenticator  # noqa: PLC0415
        from django.contrib import admin  # noqa: PLC0415

        super().ready()
        # An account has the one address it is made with; a second list of them would only disagree.
        admin.site.unregister(EmailAddress)
        # Its form would show what is sealed and let it be changed; ours lists who has what.
        admin.site.unregister(Authenticator)
        from clinic.admin import second_factors  # noqa: F401, PLC0415
