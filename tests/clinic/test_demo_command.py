"""The demo runs its worker beside the server, for as long as the server runs."""

import signal
import subprocess
import sys

import pytest

from clinic.management.commands import demo


@pytest.fixture
def started(monkeypatch):
    """Keep what the demo starts, which is something harmless here."""
    started = []
    real = subprocess.Popen

    def start(command, **options):
        started.append((command[1:], real([sys.executable, "-c", "import time; time.sleep(60)"], **options)))
        return started[-1][1]

    monkeypatch.setattr(demo.subprocess, "Popen", start)
    before = signal.getsignal(signal.SIGTERM)
    yield started
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("end", [None, KeyboardInterrupt, SystemExit])
def test_worker_ends_with_the_server_however_that_ends(started, end):
    try:
        with demo.worker():
            [(command, process)] = started
            assert command[1:] == ["run_huey", "--quiet"]
            assert process.poll() is None
            if end:
                raise end
    except (KeyboardInterrupt, SystemExit):
        pass

    assert process.poll() is not None


def test_server_that_is_told_to_stop_ends_the_worker(started):
    with pytest.raises(SystemExit), demo.worker():
        signal.raise_signal(signal.SIGTERM)

    assert started[0][1].poll() is not None
