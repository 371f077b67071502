from django.conf import settings

from clinic.vault import Vault

ZIP = ".zip"


def vault() -> Vault:
    """Return where dossiers wait: as private as the photos, and in no backup, since they are made anew at any time."""
    return Vault(settings.DOSSIER_ROOT)
