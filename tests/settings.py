"""The clinic's settings, made quick and kept away from anything real."""

import atexit
import os
import shutil
import tempfile
from importlib.util import find_spec

# Before the clinic's settings are read: no test may touch the real folder, mailbox or key.
scratch = tempfile.mkdtemp(prefix="mesotrack-tests-")
atexit.register(shutil.rmtree, scratch, ignore_errors=True)
os.environ["MESOTRACK_ENV"] = "development"
os.environ["MESOTRACK_VAR"] = scratch
os.environ["SECRET_KEY"] = "only-for-tests"
os.environ["MFA_REQUIRED_ROLES"] = ""  # what asks for a second factor sets it: tests/clinic/test_second_factor_gate.py
for name in (
    "ALLOWED_HOSTS",
    "BACKUP_HOUR",
    "BACKUP_KEEP",
    "BACKUP_TO",
    "BOUNCE_ADDRESS",
    "BOUNCE_MAILBOX",
    "DEBUG",
    "EMAIL_URL",
    "ERASURE_GRACE_HOURS",
    "MESOTRACK_AUDIT_KEY",
    "MESOTRACK_BACKUP_KEY",
    "MESSAGE_REPORTS",
    "MESOTRACK_FIELD_KEYS",
    "PHOTO_ACCEL_PREFIX",
    "PHOTO_ROOT",
    "PUBLIC_URL",
    "QUEUE_URL",
    "SMS_URL",
    "TRUSTED_PROXY_COUNT",
    "WHATSAPP_URL",
):
    os.environ.pop(name, None)

from clinic.settings import *  # noqa: E402, F403
from clinic.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE, VAR_DIR  # noqa: E402

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "worker": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}
# A slow machine's test is not to find the use of its sign-in noted in between.
SESSION_NOTED_AFTER_SECONDS = 55
# Work in the background is done on the spot; tests/treatments/test_photo_worker.py starts a worker of its own.
HUEY = {"huey_class": "huey.MemoryHuey", "name": "tests", "results": False, "immediate": True}
WHITENOISE_AUTOREFRESH = True  # finds each file when it is asked for: nothing has been collected
WHITENOISE_USE_FINDERS = True

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, since a live server's threads would share one connection to a database in memory and collide.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"

# Fails a test whose page asks the database once a row. A development requirement: the suite runs without it too.
if find_spec("zeal"):
    INSTALLED_APPS = [*INSTALLED_APPS, "zeal"]
    MIDDLEWARE = ["zeal.middleware.zeal_middleware", *MIDDLEWARE]
    ZEAL_RAISE = True
    # simple_history reads a record anew for its row and again for its areas, however many areas there are.
    ZEAL_ALLOWLIST = [
        {"model": "treatments.Course", "field": "get()"},
        # A session whose password is another one by now is read again to be ended.
        {"model": "sessions.Session", "field": "get()"},
        {"model": "treatments.Session", "field": "get()"},
        # The last second factor takes the recovery codes with it, and each that goes ends the other sign-ins.
        {"model": "clinic.SignIn", "field": "get()"},
        # The birth date and the answer typed before it are kept one after the other, each under its own lock.
        {"model": "treatments.AftercareLink", "field": "get()"},
        # A link for a new password finds its person again to keep the password.
        {"model": "clinic.User", "field": "get()"},
        # The worker takes one photo at a time, so that another may take the next.
        {"model": "treatments.Photo", "field": "get()"},
    ]
