"""Somebody signed in who opens pages of the WSGI application, behind all its middlewares or the few it must have."""

import io

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client, override_settings

from clinic.models import Location, User
from clinic.roles import Role

BARE_MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
]


def viewer(places):
    """Return a clinician of the first so many places, who sees every list and count."""
    email = f"viewer{places}@clinic.example"
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, None, role=Role.CLINICIAN, first_name="Ada", last_name="Viewer")
        user.locations.set(Location.objects.order_by("pk")[:places])
    return user


class Browser:
    def __init__(self, user, *, bare=False):
        settings.ROOT_URLCONF = "tests.benchmarks.urls"
        settings.MFA_REQUIRED_ROLES = set()  # the gate asks nothing of the database of those who have passed it
        with override_settings(MIDDLEWARE=BARE_MIDDLEWARE if bare else settings.MIDDLEWARE):
            self.application = WSGIHandler()
        self.cookie = f"{settings.SESSION_COOKIE_NAME}={self.sign_in(user)}"

    def sign_in(self, user):
        client = Client()
        client.force_login(user)
        return client.session.session_key

    def get(self, address):
        """Return the page at an address; the header HX-Request goes with one that starts with "htmx:"."""
        address, is_htmx = address.removeprefix("htmx:"), address.startswith("htmx:")
        path, _separator, query = address.partition("?")
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "HTTP_COOKIE": self.cookie,
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
        }
        if is_htmx:
            environ["HTTP_HX_REQUEST"] = "true"
        answer = []
        response = self.application(environ, lambda status, _headers: answer.append(status))
        try:
            body = b"".join(response)
        finally:
            response.close()
        if not answer[0].startswith("200"):
            raise RuntimeError(f"{address} answered {answer[0]}")
        return body
