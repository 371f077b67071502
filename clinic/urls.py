from django.contrib import admin
from django.urls import include, path

from clinic.views import accounts, backups, health, sign_ins

urlpatterns = [
    path("", include("treatments.urls")),
    path("", include("patients.urls")),
    path("accounts/email/", accounts.closed, name="account_email"),
    path("accounts/", include("allauth.account.urls")),
    path("account/here/", sign_ins.sign_in_state, name="sign-in-state"),
    path("account/other/", sign_ins.other_person, name="sign-in-other"),
    path("settings/theme/", accounts.set_theme, name="set-theme"),
    path("settings/location/", accounts.switch_location, name="switch-location"),
    path("backups/", backups.backup_list, name="backup-list"),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("favicon.ico", health.favicon, name="favicon"),
]
