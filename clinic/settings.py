"""Settings of the clinic, by environment.

`manage.py` runs a developer's machine unless told otherwise; the WSGI application runs production, where every
secret must come from the environment. Each value can be set by the variable of the same name.
"""

import base64
import re
import secrets
import sqlite3
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

try:
    # Many systems ship an SQLite inside the range of the WAL-reset fault (fixed in 3.51.3); the wheel carries a newer
    # one. Where there is no wheel, the system's is used and a check warns.
    import pysqlite3
    import pysqlite3.dbapi2
except ImportError:
    SQLITE_VERSION = sqlite3.sqlite_version_info
else:
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2
    SQLITE_VERSION = pysqlite3.sqlite_version_info

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

PRODUCTION = env.str("MESOTRACK_ENV", default="production") == "production"
DEBUG = env.bool("DEBUG", default=not PRODUCTION)
VAR_DIR = Path(env.str("MESOTRACK_VAR", default=str(BASE_DIR / "var")))
VERSION = re.findall(r"^## (\d\S*)", (BASE_DIR / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)[0]


def local_secret(name: str, made: str) -> str:
    """Return a secret of this developer's machine, made once and kept beside the local database."""
    path = VAR_DIR / name
    if not path.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(made, encoding="ascii")
    return path.read_text(encoding="ascii").strip()


SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if PRODUCTION:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Put a long random value into the environment, "
            "or set MESOTRACK_ENV=development on a developer's machine."
        )
    SECRET_KEY = local_secret("secret_key", secrets.token_urlsafe(50))

# Seals the secrets of second factors in the database; see clinic/field_keys.py. Several, with commas: the first seals.
FIELD_KEYS = env.str("MESOTRACK_FIELD_KEYS", default="")
if not FIELD_KEYS:
    if PRODUCTION:
        raise ImproperlyConfigured(
            "MESOTRACK_FIELD_KEYS is not set, and second factors are not kept without it. Make one as "
            "docs/operations.md says, and keep a copy away from this machine and from the backups."
        )
    FIELD_KEYS = local_secret("field_keys", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii"))

SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # earlier ones, for what they sealed

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Where patients reach us. The addresses in messages and QR codes begin with it, whatever host a request names.
PUBLIC_URL = env.str("PUBLIC_URL", default=f"https://{ALLOWED_HOSTS[0]}" if PRODUCTION else "http://127.0.0.1:8000")

INSTALLED_APPS = [
    "clinic.apps.ClinicConfig",
    "patients.apps.PatientsConfig",
    "treatments.apps.TreatmentsConfig",
    "clinic.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_filters",
    "django_htmx",
    "django_include_bootstrap",
    "django_tasks",
    "huey.contrib.djhuey",
    "import_export",
    "simple_history",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "clinic.middleware.reject_other_methods",
    "clinic.middleware.reject_nul",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "clinic.middleware.end_what_is_unused",
    "clinic.middleware.SignInRequired",
    "clinic.second_factor.gate.SecondFactorRequired",
    "allauth.account.middleware.AccountMiddleware",
    "clinic.middleware.at_location",
    "patients.emergencies.with_emergencies",
    "clinic.trail.leave_trail",
    "clinic.middleware.no_store",
    "clinic.middleware.name_the_refusal",
    "patients.middleware.FollowMerges",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.context.clinic",
                "patients.emergencies.emergencies",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{quote(str(VAR_DIR / 'mesotrack.sqlite3'))}")}
database = DATABASES["default"]
if database["ENGINE"] == "django.db.backends.sqlite3":
    # Writers queue instead of failing "locked", and an acknowledged write survives a power cut.
    database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=134217728;",
    }
    database["CONN_MAX_AGE"] = None
    Path(database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
else:
    database["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    database["CONN_HEALTH_CHECKS"] = True
    # A server that is not there, or a row that somebody holds, ends in a page that says so, and not in waiting.
    database["OPTIONS"] = {"connect_timeout": 5, "options": "-c lock_timeout=20s"} | database.get("OPTIONS", {})

# The sign-in rate limits are counted in the first, so every worker must see the same numbers. The other is each
# worker's own, for what may be some seconds old.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "clinic_cache",
        # Beyond this, entries that still count are thrown out. With Django's 300 a stranger could have the count of an
        # account forgotten, by trying some hundred addresses that nobody has.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    "worker": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "clinic.User"
AUTHENTICATION_BACKENDS = ["clinic.accounts.RoleBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "today"
ACCOUNT_ADAPTER = "clinic.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "clinic.accounts.display_name"
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by an admin who knows the person
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Beside allauth's own. A patient's link: forms sent through one, birth dates tried from one address, in all from one.
ACCOUNT_RATE_LIMITS = {
    # A clinic is behind one address: what one account tries too often must not keep the others out. So the account is
    # counted first, and the address only for tries that its account still had.
    "login": "120/m/ip",
    "login_failed": "5/5m/key,60/m/ip",
    "aftercare_answer": "10/10m/key,60/10m/ip",
    "aftercare_danger": "10/10m/key",  # beyond those: a danger sign is not turned away for what came before it
    "aftercare_birth_date": "20/h/ip",
    "emergency": "10/h/user",  # birth dates are guessed; a person in an emergency knows the one
}
EMERGENCY_MINUTES = env.int("EMERGENCY_MINUTES", default=60)  # that a record of another location stays open
ACCOUNT_FORMS = {
    "change_password": "clinic.password_forms.NewPasswordForm",
    "reset_password": "clinic.password_forms.ForgottenPasswordForm",
    "reset_password_from_key": "clinic.password_forms.PasswordByLinkForm",
    "reauthenticate": "clinic.password_forms.PasswordAgainForm",
}
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password or second factor is told to whose it is
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

# The second step; see clinic/second_factor. Roles of which one is asked, by name, with commas.
MFA_REQUIRED_ROLES = {name.strip().lower() for name in env.list("MFA_REQUIRED_ROLES", default=["clinician", "admin"])}
MFA_REQUIRED_ROLES.discard("")
if unknown := MFA_REQUIRED_ROLES - {"staff", "clinician", "admin"}:
    raise ImproperlyConfigured(
        f"MFA_REQUIRED_ROLES names no role: {', '.join(sorted(unknown))}. The roles are staff, clinician and admin."
    )
MFA_ADAPTER = "clinic.second_factor.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are an admin's word
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
MFA_FORMS = {
    "authenticate": "clinic.second_factor.forms.SignInCodeForm",
    "reauthenticate": "clinic.second_factor.forms.ConfirmCodeForm",
    "activate_totp": "clinic.second_factor.forms.AppSetUpForm",
    "add_webauthn": "clinic.second_factor.forms.NewPasskeyForm",
    "edit_webauthn": "clinic.second_factor.forms.PasskeyNameForm",
    "authenticate_webauthn": "clinic.second_factor.forms.SignInPasskeyForm",
    "login_webauthn": "clinic.second_factor.forms.PasskeyAloneForm",
    "reauthenticate_webauthn": "clinic.second_factor.forms.ConfirmPasskeyForm",
}

# A sign-in ends when nobody has used it for so long, and after so many hours however much it is used.
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", default=15)
SESSION_HOURS = env.int("SESSION_HOURS", default=12)
SESSION_NOTED_AFTER_SECONDS = 15  # an act sooner after the last one is not noted: not every page writes its session
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = False
DEVICE_COOKIE_NAME = "device"  # of a tablet that several people use in turn
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
if PRODUCTION:
    SESSION_COOKIE_NAME = "__Host-sessionid"
    DEVICE_COOKIE_NAME = "__Host-device"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ALLAUTH_TRUSTED_PROXY_COUNT else None

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
# Of the pages for patients; each but the first has its file in treatments/locale.
PATIENT_LANGUAGES = ["en", "fr", "es"]
USE_TZ = True
TIME_ZONE = "UTC"  # each request is shown in its location's own zone

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None  # where `collectstatic` puts them
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

WHITENOISE_USE_FINDERS = not PRODUCTION  # without `collectstatic`, each file where its app keeps it

# Photos are kept where no server hands them out by itself; a page asks who wants one. A proxy that can send files
# itself (nginx, X-Accel-Redirect) is told the internal address under which it finds PHOTO_ROOT.
PHOTO_ROOT = Path(env.str("PHOTO_ROOT", default=str(VAR_DIR / "photos")))
PHOTO_ACCEL_PREFIX = env.str("PHOTO_ACCEL_PREFIX", default="")
PHOTO_MAX_BYTES = env.int("PHOTO_MAX_MEGABYTES", default=40) * 1024 * 1024
PHOTO_MAX_MEGAPIXELS = env.int("PHOTO_MAX_MEGAPIXELS", default=25)
# What a patient is given of the own record waits here for whoever asked, so many hours.
DOSSIER_ROOT = Path(env.str("DOSSIER_ROOT", default=str(VAR_DIR / "dossiers")))
DOSSIER_HOURS = env.int("DOSSIER_HOURS", default=24)
# So long an erasure waits, and may be withdrawn, after it was decided; 0 is at once.
ERASURE_GRACE_HOURS = env.int("ERASURE_GRACE_HOURS", default=24)
if not 0 <= ERASURE_GRACE_HOURS <= 28 * 24:
    raise ImproperlyConfigured(
        "ERASURE_GRACE_HOURS is 0 to 672: a patient is answered within a month (GDPR Art. 12(3)), and one has 28 days."
    )
# Who was erased, by public id: outside the database, so that a restored backup forgets them again.
TOMBSTONES = VAR_DIR / "tombstones.jsonl"
# While they arrive they wait beside it, not in a folder that everyone on the machine may list.
FILE_UPLOAD_TEMP_DIR = str(VAR_DIR / "uploads")
Path(FILE_UPLOAD_TEMP_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)

# Work that no page waits for; see clinic/background.py. One worker takes one photo at a time.
TASKS = {"default": {"BACKEND": "huey.contrib.djhuey.tasks_backend.HueyBackend"}}
HUEY: dict[str, Any] = {
    "name": "mesotrack",
    "results": False,
    "immediate": False,
    "consumer": {"workers": 1, "periodic": True},
}
QUEUE_URL = env.str("QUEUE_URL", default="")
if QUEUE_URL.startswith("redis"):
    HUEY |= {"huey_class": "huey.RedisHuey", "url": QUEUE_URL}
elif QUEUE_URL:
    HUEY |= {"huey_class": "huey.PostgresHuey", "dsn": QUEUE_URL}
else:
    HUEY |= {"huey_class": "huey.SqliteHuey", "filename": str(VAR_DIR / "tasks.sqlite3"), "fsync": True}

# Backups; see docs/operations.md. Each day at this hour (UTC) the worker makes one there, where both are set.
BACKUP_KEY = env.str("MESOTRACK_BACKUP_KEY", default="")
BACKUP_TO = env.str("BACKUP_TO", default="")
BACKUP_HOUR = env.int("BACKUP_HOUR", default=2)
BACKUP_KEEP = env.int("BACKUP_KEEP", default=14)

# What the audit trail is sealed with; see clinic/seals.py. Kept apart from the database; without it, SECRET_KEY seals.
AUDIT_KEY = env.str("MESOTRACK_AUDIT_KEY", default="")

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

EMAIL_FILE_PATH = str(VAR_DIR / "mail")
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
if env.str("EMAIL_URL", default=""):
    vars().update(env.email("EMAIL_URL"))
EMAIL_TIMEOUT = 60  # seconds for each answer of the mail server, far less than a reminder's lease
# By whom text messages go; see clinic/sms.py. Without it none is sent, and on a developer's machine they are printed.
SMS_URL = env.str("SMS_URL", default="" if PRODUCTION else "console://")
# The same for WhatsApp, whose messages are templates; only Meta's own interface takes those of apprise (whatsapp://).
WHATSAPP_URL = env.str("WHATSAPP_URL", default="")
# How it is known that a message came back; see docs/operations.md. Mail returns to BOUNCE_ADDRESS, with the message's
# reference in it, and is read from BOUNCE_MAILBOX. MESSAGE_REPORTS names who reports by webhook, each with a secret.
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", default="")
BOUNCE_MAILBOX = env.str("BOUNCE_MAILBOX", default="")
MESSAGE_REPORTS = env.dict("MESSAGE_REPORTS", default={})
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Mesotrack <mesotrack@localhost>")

IMPORT_EXPORT_USE_TRANSACTIONS = True
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
        "server": {"()": "django.utils.log.ServerFormatter", "format": "[{server_time}] {message}", "style": "{"},
    },
    "filters": {"private": {"()": "clinic.logs.HidePrivateAddresses"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["private"]},
        "server": {"class": "logging.StreamHandler", "formatter": "server"},
    },
    "loggers": {
        # Django's own would mail faults to ADMINS, with all that was typed.
        "django": {"handlers": [], "level": "INFO"},
        # Without this the worker would write a line of its own beside each of ours, for every task.
        "huey": {"level": env.str("LOG_LEVEL", default="WARNING"), "handlers": ["console"], "propagate": False},
        # Their own handlers come before the root's.
        "django.request": {"filters": ["private"]},
        "django.security.csrf": {"filters": ["private"]},
        "django.server": {"filters": ["private"], "handlers": ["server"], "level": "INFO", "propagate": False},
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
}
