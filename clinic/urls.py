from django.contrib import admin
from django.urls import include, path

from clinic.views import (
    accounts,
    backups,
    health,
    joining,
    own_sign_ins,
    second_factor_resets,
    security,
    sign_ins,
    staff,
    switching,
)

urlpatterns = [
    path("", include("treatments.urls")),
    path("", include("patients.urls")),
    path("accounts/email/", accounts.closed, name="account_email"),
    path("accounts/confirm-email/", accounts.closed, name="account_email_verification_sent"),
    path("accounts/confirm-email/<str:key>/", accounts.closed, name="account_confirm_email"),
    path("accounts/2fa/", include("clinic.second_factor.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("account/here/", sign_ins.sign_in_state, name="sign-in-state"),
    path("account/other/", sign_ins.other_person, name="sign-in-other"),
    path("account/sign-ins/", own_sign_ins.sign_in_list, name="sign-in-list"),
    path("account/sign-ins/end/", own_sign_ins.end_sign_in, name="sign-in-end"),
    path("account/pin/", own_sign_ins.own_pin, name="own-pin"),
    path("account/device/", own_sign_ins.share, name="device-share"),
    path("staff/", staff.staff_list, name="staff-list"),
    path("staff/invite/", staff.invite, name="staff-invite"),
    path("staff/<uuid:public_id>/", staff.person, name="staff-person"),
    path("staff/<uuid:public_id>/password-link/", staff.password_link, name="staff-password-link"),
    path("staff/<uuid:public_id>/active/", staff.active, name="staff-active"),
    path("invitations/<uuid:public_id>/send/", staff.resend, name="invitation-send"),
    path("invitations/<uuid:public_id>/withdraw/", staff.withdraw, name="invitation-withdraw"),
    path("join/<str:token>/", joining.accept, name="invitation-accept"),
    path("switch/", switching.switch_person, name="switch-person"),
    path("switch/leave/", switching.leave, name="switch-leave"),
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
handler400 = "clinic.views.faults.bad_request"
handler500 = "clinic.views.faults.server_error"
