import io
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.core.management import CommandError
from environ import Env

from clinic import bootstrap
from clinic.management.commands import demo
from clinic.management.commands import test as test_command

BASE_DIR = bootstrap.BASE_DIR


@pytest.fixture
def bare_copy(tmp_path):
    """What a start touches before Django is there, on its own."""
    (tmp_path / "clinic").mkdir()
    for name in ("manage.py", "requirements.txt", "clinic/__init__.py", "clinic/bootstrap.py"):
        shutil.copy(BASE_DIR / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def bare_python(tmp_path):
    """An environment without any package, for a start that has to say how to get them."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    return tmp_path / "bare" / "bin" / "python"


def manage(python, folder, *arguments, **environ):
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "MESOTRACK_", "PYTHON"))
    }
    return subprocess.run(
        [python, folder / "manage.py", *arguments],
        env={**clean, "HOME": str(folder), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def without_module(folder, name):
    """Return the PYTHONPATH of a Python that lacks a module, as a Debian without python3-venv does."""
    (folder / "sitecustomize.py").write_text(f"import sys; sys.modules[{name!r}] = None")
    return str(folder)


@pytest.mark.parametrize("version", [(2, 7), (3, 8), (3, 10)])
def test_old_python_gets_one_line(version):
    # Few machines have an old Python; this one takes itself for one.
    script = f"import sys; sys.version_info = {version}; exec(open({str(BASE_DIR / 'manage.py')!r}).read())"

    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert result.returncode == 1
    assert result.stderr == "Mesotrack needs Python 3.11 or newer; this is {}.{}.\n".format(*version)
    assert result.stdout == ""


def test_manage_py_can_be_read_by_an_old_python():
    # By the grammar of 3.7, the oldest that this Python still knows.
    compile_as_old = "import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 7))"

    subprocess.run([sys.executable, "-c", compile_as_old, BASE_DIR / "manage.py"], check=True)


def test_missing_venv_module_gets_one_line(bare_copy, bare_python, tmp_path):
    shadow = tmp_path / "shadow"
    shadow.mkdir()

    result = manage(bare_python, bare_copy, "demo", PYTHONPATH=without_module(shadow, "ensurepip"))

    assert result.returncode == 1
    assert "sudo apt install python3-venv" in result.stderr
    assert result.stderr.count("\n") == 1


def test_missing_network_gets_one_line_and_the_next_start_tries_again(bare_copy, bare_python):
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0"}

    for _ in range(2):
        result = manage(bare_python, bare_copy, "test", **nowhere)

        assert result.returncode == 1
        assert "the package index cannot be reached" in result.stderr
        assert result.stderr.count("\n") == 1
    assert "apprise" in (bare_copy / "var" / "log" / "setup.log").read_text()
    assert not (bare_copy / ".venv" / "mesotrack-requirements.sha256").exists()


@pytest.mark.parametrize("arguments", [["migrate"], ["help"], []])
def test_other_commands_say_how_to_install(bare_copy, bare_python, arguments):
    result = manage(bare_python, bare_copy, *arguments)

    assert result.returncode == 1
    assert result.stderr.startswith(
        "Mesotrack's requirements are not installed: run `python3 manage.py demo`, or `pip"
    )
    assert result.stderr.count("\n") == 1
    assert not (bare_copy / ".venv").exists()


def test_folder_that_cannot_be_written_gets_one_line(bare_copy, bare_python):
    (bare_copy / "var").write_text("a file where a folder should be")

    result = manage(bare_python, bare_copy, "demo")

    assert result.returncode == 1
    assert result.stderr.startswith("Mesotrack could not be set up: ")
    assert result.stderr.count("\n") == 1


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """The bootstrap at work in a folder of the test's own."""
    monkeypatch.setattr(bootstrap, "REQUIREMENTS", tmp_path / "requirements.txt")
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / ".venv" / "stamp")
    monkeypatch.setattr(bootstrap, "LOG", tmp_path / "var" / "setup.log")
    monkeypatch.setattr(bootstrap, "BASE_DIR", tmp_path)
    monkeypatch.delenv(bootstrap.STARTED_AGAIN, raising=False)
    (tmp_path / "requirements.txt").write_text("django==0.1 \\\n    --hash=sha256:00\n")
    return tmp_path


@pytest.fixture
def starts(monkeypatch, elsewhere):
    """Record what would be started and installed."""
    seen = []

    def stop(argv, *, guarded=False):
        seen.append("start again")
        raise SystemExit

    def install():
        seen.append("install")
        complete_venv(elsewhere)

    monkeypatch.setattr(bootstrap, "start_again", stop)
    monkeypatch.setattr(bootstrap, "install", install)
    return seen


def complete_venv(folder):
    bootstrap.venv_python().parent.mkdir(parents=True, exist_ok=True)
    bootstrap.venv_python().touch()
    bootstrap.STAMP.write_text(bootstrap.lock_digest())


def test_first_start_installs_and_starts_again(starts):
    with pytest.raises(SystemExit):
        bootstrap.ensure_requirements(["manage.py", "demo"])

    assert starts == ["install", "start again"]


def test_second_start_only_starts_again(starts, elsewhere):
    complete_venv(elsewhere)

    with pytest.raises(SystemExit):
        bootstrap.ensure_requirements(["manage.py", "demo"])

    assert starts == ["start again"]


def test_changed_lock_is_installed(starts, elsewhere):
    complete_venv(elsewhere)
    (elsewhere / "requirements.txt").write_text("django==0.2\n")

    with pytest.raises(SystemExit):
        bootstrap.ensure_requirements(["manage.py", "demo"])

    assert starts == ["install", "start again"]


def test_interpreter_that_has_the_lock_is_used_as_it_is(starts, elsewhere):
    version = bootstrap.metadata.version("django")
    (elsewhere / "requirements.txt").write_text(
        f"django=={version} \\\n    --hash=sha256:00\nnot-for-here==1.0 ; sys_platform == 'win32' \\\n"
    )

    bootstrap.ensure_requirements(["manage.py", "demo"])

    assert starts == []


def test_broken_environment_does_not_start_itself_for_ever(starts, elsewhere, monkeypatch):
    monkeypatch.setenv(bootstrap.STARTED_AGAIN, "1")

    with pytest.raises(bootstrap.SetupError, match="Remove that folder"):
        bootstrap.ensure_requirements(["manage.py", "demo"])


def test_installed_development_environment_is_used_for_other_commands(starts, elsewhere):
    complete_venv(elsewhere)

    with pytest.raises(SystemExit):
        bootstrap.use_stamped_environment(["manage.py", "migrate"])

    assert starts == ["start again"]


def test_environment_without_pip_is_not_taken_for_whole(elsewhere):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bootstrap.VENV], check=True)

    assert not bootstrap.venv_works()


@pytest.mark.parametrize(
    ("ending", "made_anew"),
    [
        (bootstrap.SetupError("no network"), False),  # pip said so itself: it leaves whole packages
        (KeyboardInterrupt(), True),  # cut off in the middle of who knows what
    ],
)
def test_environment_left_half_done_is_never_taken_for_whole(elsewhere, monkeypatch, ending, made_anew):
    complete_venv(elsewhere)
    bootstrap.LOG.parent.mkdir()
    monkeypatch.setattr(bootstrap, "venv_works", lambda: True)
    monkeypatch.setattr(bootstrap, "install_packages", Mock(side_effect=[ending, None]))
    monkeypatch.setattr(bootstrap, "make_venv", Mock())

    with pytest.raises(type(ending)):
        bootstrap.install()

    assert not bootstrap.is_stamped()
    bootstrap.install()
    assert bootstrap.is_stamped()
    assert bootstrap.make_venv.called is made_anew


def test_progress_counts_packages_on_a_pipe():
    stream = io.StringIO()

    with bootstrap.Progress("Installing", total=11, stream=stream) as progress:
        progress.heard("Ignoring colorama: markers do not match\n")
        for number in range(10):
            progress.heard(f"Collecting package-{number}==1.0\n")
        progress.heard("Installing collected packages: a, b\n")

    assert stream.getvalue() == "Installing …\n  10 of 10: package-9\n  unpacking 10 packages\n"


def test_the_lock_can_be_read():
    names = dict(bootstrap.required_here())

    assert names["django"].startswith("5.2.")
    assert "colorama" not in names


def test_demo_never_touches_the_real_clinic():
    environ = {
        "BACKUP_TO": "/backup",
        "DATABASE_URL": "postgres://clinic@db/real",
        "DJANGO_SETTINGS_MODULE": "somewhere.else",
        "EMAIL_URL": "smtp://mail",
        "MESOTRACK_BACKUP_KEY": "real",
        "MESOTRACK_FIELD_KEYS": "real",
        "MESOTRACK_ENV": "production",
        "MESOTRACK_VAR": "/srv/clinic",
        "SECRET_KEY": "real",
    }

    bootstrap.set_environment("demo", environ)

    database = Env.db_url_config(environ.pop("DATABASE_URL"))
    assert database["ENGINE"] == "django.db.backends.sqlite3"
    assert database["NAME"] == str(BASE_DIR / "var" / "demo" / "mesotrack.sqlite3")
    assert environ == {
        "DEBUG": "false",
        "DJANGO_SETTINGS_MODULE": "clinic.settings",
        "MESOTRACK_ENV": "development",
        "MESOTRACK_VAR": str(BASE_DIR / "var" / "demo"),
        "MFA_REQUIRED_ROLES": "",
    }


def test_demo_database_keeps_an_odd_path(monkeypatch):
    monkeypatch.setattr(bootstrap, "DEMO_DIR", Path("/home/ada/50% off #1 + more?/var/demo"))
    environ = {}

    bootstrap.use_demo_data(environ)

    assert Env.db_url_config(environ["DATABASE_URL"])["NAME"] == str(bootstrap.DEMO_DIR / "mesotrack.sqlite3")


@pytest.mark.parametrize(
    "database",
    [
        {"ENGINE": "django.db.backends.postgresql", "NAME": "real"},
        {"ENGINE": "django.db.backends.sqlite3", "NAME": str(BASE_DIR / "var" / "mesotrack.sqlite3")},
    ],
)
def test_demo_refuses_any_other_database(database):
    with pytest.raises(CommandError, match="database of its own"):
        demo.require_demo_database(database)


def test_other_commands_keep_the_environment():
    environ = {"DATABASE_URL": "postgres://clinic@db/real", "MESOTRACK_ENV": "production"}

    bootstrap.set_environment("migrate", environ)

    assert environ == {
        "DATABASE_URL": "postgres://clinic@db/real",
        "DJANGO_SETTINGS_MODULE": "clinic.settings",
        "MESOTRACK_ENV": "production",
    }


def test_port_in_use_is_said_with_another_to_try():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(CommandError) as caught:
            demo.require_free_port("127.0.0.1", port)

    assert str(caught.value).startswith(f"Port {port} on 127.0.0.1 cannot be used (address already in use).")
    assert "--addrport 127.0.0.1:" in str(caught.value)


@pytest.mark.parametrize(
    ("addrport", "expected"),
    [
        ("8001", ("127.0.0.1", 8001)),
        ("localhost:8001", ("localhost", 8001)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),  # noqa: S104 -- nothing is served
        ("[::1]:8001", ("::1", 8001)),
    ],
)
def test_addrport_is_split(addrport, expected):
    assert demo.split_addrport(addrport) == expected


@pytest.mark.parametrize(
    "addrport", ["", "localhost", "localhost:", "localhost:http", "localhost:0", "127.0.0.1:70000"]
)
def test_addrport_without_a_port_is_refused(addrport):
    with pytest.raises(CommandError, match=r"such as 127\.0\.0\.1:8001"):
        demo.split_addrport(addrport)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("192.168.0.7", False)],  # noqa: S104
)
def test_only_this_machine_is_loopback(host, expected):
    assert demo.is_loopback(host) is expected


def test_importing_the_bootstrap_imports_no_django():
    script = "import sys, clinic.bootstrap; sys.exit('django' in sys.modules)"

    subprocess.run([sys.executable, "-c", script], cwd=BASE_DIR, check=True)


def test_test_command_hands_its_arguments_to_pytest(monkeypatch):
    calls = []
    monkeypatch.setattr(test_command.subprocess, "call", lambda command, cwd: calls.append((command, cwd)) or 5)

    with pytest.raises(SystemExit) as caught:
        test_command.Command().run_from_argv(["manage.py", "test", "-x", "-k", "follow_up", "--lf", "--help"])

    assert caught.value.code == 5
    assert calls == [([sys.executable, "-m", "pytest", "-x", "-k", "follow_up", "--lf", "--help"], BASE_DIR)]
