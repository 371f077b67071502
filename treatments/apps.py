from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TreatmentsConfig(AppConfig):
    name = "treatments"
    verbose_name = _("Treatments")

    def ready(self) -> None:
        from clinic import closures, navigation, next_page, tombstones  # noqa: PLC0415 -- needs the app registry
        from clinic.backup import afterwards, files  # noqa: PLC0415 -- needs the app registry
        from treatments import freed, photo_files, work  # noqa: PLC0415 -- needs the app registry
        from treatments.actions import privacy  # noqa: PLC0415 -- needs the app registry
        from treatments.privacy import erasing_again  # noqa: PLC0415 -- needs the app registry

        files.keep("photos", lambda: photo_files.vault().root, photo_files.named_by_rows)
        navigation.count_with("side-effects", work.lately(work.side_effect_counts))
        navigation.count_with("follow-ups", work.lately(work.follow_up_counts))
        tombstones.erase_with(erasing_again.erase_again)
        afterwards.settle_with(privacy.begin_grace_anew)
        closures.when_lifted(freed.tell_of_lifted)
        next_page.name_with(freed.names_of)
