"""The settings that a server runs with, as its environment gives them."""

import os
import subprocess
import sys

import pytest

from clinic.bootstrap import BASE_DIR

PRODUCTION = {
    "MESOTRACK_ENV": "production",
    "DJANGO_SETTINGS_MODULE": "clinic.settings",
    "SECRET_KEY": "f4Kq8-w2Zx7Lr0Vt5Nc9Bj3Hm6Ys1Pd_Ge8Ua4Ti7Ow2Rk5XzQa8",
    "MESOTRACK_FIELD_KEYS": "bGFudGVybi13YXZlLWhhcmJvdXItbGFudGVybi13YXY=",
    "ALLOWED_HOSTS": "clinic.example",
    "TRUSTED_PROXY_COUNT": "1",
    "EMAIL_URL": "smtp+tls://user:password@mail.example:587",
}


def run(tmp_path, *command, **changes):
    kept = {name: os.environ[name] for name in ("PATH", "DATABASE_URL") if name in os.environ}
    environment = kept | PRODUCTION | {"MESOTRACK_VAR": str(tmp_path)} | changes
    given = {name: value for name, value in environment.items() if value is not None}
    return subprocess.run(
        [sys.executable, *command], cwd=BASE_DIR, env=given, capture_output=True, text=True, check=False
    )


def test_check_of_a_deployment_finds_nothing(tmp_path):
    found = run(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert (found.returncode, found.stderr) == (0, "")
    assert "no issues" in found.stdout


@pytest.mark.parametrize("name", ["SECRET_KEY", "MESOTRACK_FIELD_KEYS"])
def test_server_without_its_secret_does_not_start(tmp_path, name):
    found = run(tmp_path, "-c", "import clinic.wsgi", **{name: None})

    assert found.returncode == 1
    assert f"{name} is not set" in found.stderr
