from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from clinic.views import accounts, health

urlpatterns = [
    path("", include("treatments.urls")),
    path("", include("patients.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("settings/theme/", accounts.set_theme, name="set-theme"),
    path("settings/location/", accounts.switch_location, name="switch-location"),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("favicon.ico", login_not_required(lambda request: RedirectView.as_view(url=static("clinic/favicon.svg"))(request)), name="favicon"),
]
