"""What keeps the house in order: rules that a person forgets and a machine does not."""

import ast
import re
import sys
from importlib.metadata import packages_distributions

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from clinic.bootstrap import BASE_DIR

STATIC_TAG = re.compile(r"""\{%\s*static\s+['"](?P<path>[^'"]+)['"]""")
REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)")


def read(name):
    return (BASE_DIR / name).read_text(encoding="utf-8")


def static_paths():
    folders = [BASE_DIR / "templates", *BASE_DIR.glob("*/templates")]
    pages = [page for folder in folders for page in folder.rglob("*.*")]
    return sorted({tag["path"] for page in pages for tag in STATIC_TAG.finditer(page.read_text(encoding="utf-8"))})


def requirement_blocks():
    """Yield the lines of requirements.in that name a package, each with the comment of its paragraph."""
    comment = ""
    for line in read("requirements.in").splitlines():
        if not line.strip():
            comment = ""
        elif line.startswith("#"):
            comment = line
        else:
            yield line, comment


def names_imported(path):
    """Return the first part of every name that a module cannot be read without."""
    imports = [line for line in ast.parse(path.read_text(encoding="utf-8")).body if hasattr(line, "names")]
    named = [
        line.module if isinstance(line, ast.ImportFrom) else alias.name for line in imports for alias in line.names
    ]
    return {name.partition(".")[0] for name in named}


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration(capsys):
    try:
        call_command("makemigrations", check=True, dry_run=True)
    except SystemExit:
        pytest.fail(f"run `python3 manage.py makemigrations`:\n{capsys.readouterr().out}")


def test_migration_that_is_cut_off_leaves_nothing_behind():
    """Each is one transaction, of tables too, on the databases that we run on: whatever stopped it, it begins anew."""
    ours = [
        migration
        for (app, _name), migration in MigrationLoader(None).disk_migrations.items()
        if app in {"clinic", "patients", "treatments"}
    ]

    assert len(ours) >= 30
    assert connection.features.can_rollback_ddl
    assert [migration.name for migration in ours if not migration.atomic] == []


def test_static_files_of_the_templates_exist():
    missing = [path for path in static_paths() if not finders.find(path)]

    assert missing == []


def test_every_requirement_says_why():
    silent = [line for line, of_paragraph in requirement_blocks() if "#" not in line and not of_paragraph]

    assert silent == []


def test_every_requirement_is_locked_with_a_hash():
    locked = dict(
        re.findall(
            r"^([a-z0-9._-]+)(?:\[.*\])?==\S+.*\\\n    --hash=(sha256):", read("requirements.txt"), re.MULTILINE
        )
    )

    named = {REQUIREMENT.match(line)["name"].lower() for line, _ in requirement_blocks()}

    assert named - set(locked) == set()


def test_every_test_is_found_with_the_requirements_that_the_readme_installs():
    locked = set(re.findall(r"^([a-z0-9._-]+)(?:\[.*\])?==", read("requirements.txt"), re.MULTILINE))
    ours = {"clinic", "patients", "treatments", "tests", *sys.stdlib_module_names}
    whose = packages_distributions()
    missing = {
        f"{path.relative_to(BASE_DIR)}: {name}"
        for path in (BASE_DIR / "tests").rglob("*.py")
        for name in names_imported(path) - ours
        if not locked & {re.sub(r"[-_.]+", "-", package).lower() for package in whose.get(name, [])}
    }

    assert missing == set()


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_lock_names_no_package_index(lock):
    assert not re.search(r"https?://|--index-url|--find-links|file:", read(lock))


def test_version_is_the_newest_heading_of_the_changelog(settings):
    headings = re.findall(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)

    assert headings[0] == settings.VERSION


@pytest.mark.parametrize(
    ("repository", "package"),
    [("ruff-pre-commit", "ruff"), ("djade-pre-commit", "djade"), ("rtts/djhtml", "djhtml")],
)
def test_a_commit_is_checked_with_the_tools_of_ci(repository, package):
    revision = re.search(rf"{repository}\n    rev: v?(\S+)", read(".pre-commit-config.yaml"))[1]

    assert f"\n{package}=={revision} " in read("requirements-dev.txt")


@pytest.mark.parametrize("script", [".ci/run", ".ci/lint", "manage.py"])
def test_script_can_be_run(script):
    assert (BASE_DIR / script).stat().st_mode & 0o111 == 0o111


def test_views_look_records_up_where_the_trail_sees_it():
    shortcuts = re.compile(r"^from django\.shortcuts import .*get_(?:object|list)_or_404", re.MULTILINE)
    views = [path for app in ("patients", "treatments") for path in (BASE_DIR / app / "views").rglob("*.py")]

    assert len(views) > 30
    assert [path.name for path in views if shortcuts.search(path.read_text(encoding="utf-8"))] == []


def test_text_that_is_searched_for_is_called_q_so_that_no_event_repeats_it():
    filters = [path for app in ("patients", "treatments") for path in (BASE_DIR / app / "filters").rglob("*.py")]
    typed = [line.strip() for path in filters for line in path.read_text().splitlines() if "CharFilter(" in line]

    assert typed
    assert {line.partition(" = ")[0] for line in typed} == {"q"}


def test_no_form_puts_what_is_searched_for_into_an_address():
    forms = re.compile(r"<form\b.*?</form>", re.DOTALL)
    searched = re.compile(r'type="search"|\.form\.q\b|name="q"|role="search"')
    found = {
        f"{path.relative_to(BASE_DIR)}": 'method="post"' in form
        for path in (BASE_DIR / "templates").rglob("*.html")
        for form in forms.findall(path.read_text(encoding="utf-8"))
        if searched.search(form)
    }

    assert len(found) >= 9
    assert {path for path, is_sent in found.items() if not is_sent} == set()
