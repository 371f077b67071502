import os
import shutil
from importlib.util import find_spec

import pytest
from django.core.cache import cache
from django.db import connections
from hypothesis import settings as hypothesis_settings

from tests import migrated
from tests.flushing import let_tests_flush

IN_CI = os.environ.get("CI") == "true"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

# Playwright keeps an event loop in the test's thread, where Django would otherwise refuse to ask the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# A slow machine is no failure; and CI has to fail for a change in the code, not for a new roll of the dice.
hypothesis_settings.register_profile("local", deadline=None)
hypothesis_settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis_settings.load_profile("ci" if IN_CI else "local")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    # A browser test leaves an empty database, and its fixtures would have it run before those that need a full one.
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    # In CI a missing browser is a fault of the machine and has to be seen.
    reason = None if IN_CI else why_no_browser()
    if reason:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason=reason))


def why_no_browser():
    if not all(map(find_spec, ("playwright", "pytest_playwright"))):
        return "browser tests need requirements-dev.txt"
    if not CHROMIUM:
        return "browser tests need the package chromium"
    return None


@pytest.fixture(autouse=True)
def empty_cache():
    """Sign-in attempts are counted in the cache; one test's must not lock the next one out."""
    cache.clear()


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb, django_db_modify_db_settings, django_db_blocker):
    """Begin with a copy of the migrated database where there is one: the migrations alone take most of a minute."""
    with django_db_blocker.unblock():
        return django_db_keepdb or migrated.copy_to_test_database()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Let every connection know what the migrations brought, so that a test may ask for it back.

    Once Playwright's event loop runs, Django opens another connection, and it keeps this with the first alone.
    """
    first = connections["default"]
    brought = getattr(first, "_test_serialized_contents", None)
    if brought is not None:
        type(first)._test_serialized_contents = brought
    let_tests_flush()
    with django_db_blocker.unblock():
        migrated.keep_for_the_next_run()


@pytest.fixture(scope="session")
def browser_type_launch_args():
    """How pytest-playwright starts the system's Chromium: there is none of its own to download."""
    return {
        "executable_path": CHROMIUM,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            # A camera that shows a test picture, and no question whether it may be used.
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
        ],
    }
