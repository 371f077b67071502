"""Django as the clinic runs it, on the database that DATABASE_URL names, without the debugger's bookkeeping."""

import os
import sys

import django


def start():
    if not os.environ.get("DATABASE_URL"):
        sys.exit("DATABASE_URL is not set. Name the benchmark's own database, never the clinic's.")
    os.environ.update(DJANGO_SETTINGS_MODULE="clinic.settings", MESOTRACK_ENV="development", DEBUG="false")
    os.environ.setdefault("SECRET_KEY", "only-for-benchmarks")
    django.setup()


def say(line=""):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
