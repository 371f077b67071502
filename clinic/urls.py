from django.contrib import admin
from django.urls import include, path

from clinic.views import accounts, backups, health, second_factor_resets, security

urlpatterns = [
    path("", include("treatments.urls")),
    path("", include("patients.urls")),
    path("accounts/email/", accounts.closed, name="account_email"),
    path("accounts/2fa/", include("clinic.second_factor.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("account/security/", security.security, name="security"),
    path("account/security/set-up/", security.choose, name="second-factor-choice"),
    path("account/security/done/", security.done, name="second-factor-done"),
    path("staff/<uuid:public_id>/second-factor/", second_factor_resets.reset, name="staff-second-factor"),
    path("settings/theme/", accounts.set_theme, name="set-theme"),
    path("settings/location/", accounts.switch_location, name="switch-location"),
    path("backups/", backups.backup_list, name="backup-list"),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("favicon.ico", health.favicon, name="favicon"),
]

# Where Django leads whatever nobody caught, in a view or around it.
handler500 = "clinic.views.faults.server_error"
