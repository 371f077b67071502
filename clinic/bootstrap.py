"""Bring `manage.py` from a bare Python to one with the requirements; of the standard library alone."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from importlib import metadata
from itertools import cycle
from pathlib import Path
from typing import IO, NoReturn
from urllib.parse import quote

try:
    import fcntl
except ImportError:  # Windows: two first starts at the same moment are not kept apart there
    fcntl = None  # type: ignore[assignment]

BASE_DIR = Path(__file__).resolve().parent.parent
REQUIREMENTS = BASE_DIR / "requirements.txt"
VENV = BASE_DIR / ".venv"
STAMP = VENV / "mesotrack-requirements.sha256"
UNFINISHED = "unfinished"
LOG = BASE_DIR / "var" / "log" / "setup.log"
DEMO_DIR = BASE_DIR / "var" / "demo"

# The commands that install what they need; every other command says how to.
SELF_INSTALLING = {"demo", "test"}
# Set for the process that is started again, so that a broken environment cannot start itself for ever.
STARTED_AGAIN = "MESOTRACK_STARTED_AGAIN"

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;]+)\s*(?P<marker>;)?", re.MULTILINE)
PACKAGE_LINE = re.compile(r"(?:Collecting|Requirement already satisfied:) (?P<name>[A-Za-z0-9._-]+)")
UNREACHABLE = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Max retries exceeded"
    r"|Failed to establish a new connection|Temporary failure in name resolution|Connection (?:refused|broken)"
    r"|connection broken|Network is unreachable"
)


class SetupError(Exception):
    """The environment cannot be made; the message is one line that says what to do."""


def prepare(argv: list[str]) -> None:
    """Set the environment for a command and see that its requirements are there, installing them where promised."""
    command = argv[1] if len(argv) > 1 else "help"
    set_environment(command, os.environ)
    try:
        if command in SELF_INSTALLING:
            ensure_requirements(argv)
        elif not django_is_here():
            use_stamped_environment(argv)
    except SetupError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("\nStopped. The next start takes up from here.")
    except OSError as error:
        sys.exit(f"Mesotrack could not be set up: {error.strerror or error} ({error.filename or BASE_DIR}).")


def set_environment(command: str, environ: MutableMapping[str, str]) -> None:
    if command == "demo":
        use_demo_data(environ)
    elif command == "test":
        environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    environ.setdefault("MESOTRACK_ENV", "development")
    environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")


def use_demo_data(environ: MutableMapping[str, str]) -> None:
    """Point everything at the demo's own folder, whatever the shell says about the real clinic."""
    for name in (
        "ALLOWED_HOSTS",
        "BACKUP_TO",
        "EMAIL_URL",
        "MESOTRACK_BACKUP_KEY",
        "MESOTRACK_FIELD_KEYS",
        "PHOTO_ACCEL_PREFIX",
        "PHOTO_ROOT",
        "QUEUE_URL",
        "PUBLIC_URL",
        "SECRET_KEY",
        "SMS_URL",
    ):
        environ.pop(name, None)
    environ["MESOTRACK_ENV"] = "development"
    environ["MFA_REQUIRED_ROLES"] = ""  # a visitor is asked for no phone; each may set one up under Security
    environ["DEBUG"] = "false"  # a demo shows the pages that a clinic would see, those for errors included
    environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
    environ["MESOTRACK_VAR"] = str(DEMO_DIR)
    environ["DATABASE_URL"] = f"sqlite:///{quote(str(DEMO_DIR / 'mesotrack.sqlite3'))}"


def django_is_here() -> bool:
    return all(importlib.util.find_spec(name) for name in ("django", "environ"))


def use_stamped_environment(argv: list[str]) -> None:
    if not running_in_venv() and is_stamped():
        start_again(argv)
    raise SetupError(
        "Mesotrack's requirements are not installed: run `python3 manage.py demo`, "
        "or `pip install -r requirements.txt` in an environment of your own."
    )


def ensure_requirements(argv: list[str]) -> None:
    if has_requirements():
        return
    if os.environ.get(STARTED_AGAIN):
        raise SetupError(f"The requirements in {VENV} are not complete. Remove that folder and run this again.")
    if running_in_venv() or not is_stamped():
        with one_at_a_time():
            # Somebody else's start may have done the work while this one waited.
            if running_in_venv() or not is_stamped():
                install()
    # From inside .venv too: what was installed into a running interpreter is not all importable yet.
    start_again(argv, guarded=running_in_venv())


def has_requirements() -> bool:
    """Say whether this interpreter has what the lock asks for, in .venv or in an environment of the user's own."""
    try:
        return all(metadata.version(name) == version for name, version in required_here())
    except metadata.PackageNotFoundError:
        return False


def required_here() -> Iterator[tuple[str, str]]:
    """Yield the pins that hold on every platform; one with a marker may rightly be absent from this one."""
    for pin in PIN.finditer(REQUIREMENTS.read_text(encoding="utf-8")):
        if not pin["marker"]:
            yield pin["name"], pin["version"]


def running_in_venv() -> bool:
    return Path(sys.prefix).resolve() == VENV.resolve()


def venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def lock_digest() -> str:
    return hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()


def is_stamped() -> bool:
    """Say whether .venv was completed for the lock as it is now."""
    return STAMP.is_file() and STAMP.read_text(encoding="ascii").strip() == lock_digest() and venv_python().exists()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.with_name("setup.lock").open("w") as lock:
        if fcntl:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("Another start is installing the requirements; waiting for it …")
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install() -> None:
    digest = lock_digest()
    LOG.write_text("", encoding="utf-8")
    if was_interrupted() or not venv_works():
        make_venv()
    STAMP.write_text(UNFINISHED, encoding="ascii")
    try:
        install_packages()
    except SetupError:
        # pip ended by itself, and so left whole packages: what is there can be built upon.
        STAMP.unlink()
        raise
    STAMP.write_text(digest, encoding="ascii")


def was_interrupted() -> bool:
    """Say whether an installation was cut off, which may have left a package that is there only in part."""
    return STAMP.is_file() and STAMP.read_text(encoding="ascii") == UNFINISHED


def venv_works() -> bool:
    """Say whether .venv can be installed into: an interrupted one has no pip, a moved or old one no right Python."""
    if not venv_python().exists():
        return False
    question = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([venv_python(), "-c", question], capture_output=True, check=False).returncode == 0


def make_venv() -> None:
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise SetupError(
            "Python cannot make an environment here. Install its venv part, for example "
            f"`sudo apt install python3-venv` (or python3.{sys.version_info.minor}-venv), and run this again."
        )
    with Progress("Making the environment .venv") as progress:
        # --clear: the remains of an interrupted start.
        code, output = run_logged([sys.executable, "-m", "venv", "--clear", str(VENV)], progress)
    if code:
        shutil.rmtree(VENV, ignore_errors=True)
        if "ensurepip" in output:
            raise SetupError(
                "Python could not make an environment: install python3-venv "
                f"(`sudo apt install python3-venv`) and run this again. Details are in {shown(LOG)}."
            )
        raise SetupError(f"Python could not make the environment .venv. Details are in {shown(LOG)}.")


def install_packages() -> None:
    with Progress("Installing the requirements", total=count_pins()) as progress:
        code, output = run_logged(
            [
                *(str(venv_python()), "-m", "pip", "install", "--require-hashes", "--requirement", str(REQUIREMENTS)),
                *("--disable-pip-version-check", "--no-input", "--progress-bar=off", "--retries=2"),
            ],
            progress,
        )
    if code and UNREACHABLE.search(output):
        raise SetupError(
            "The requirements could not be downloaded: the package index cannot be reached. "
            f"Check the network and run this again. Details are in {shown(LOG)}."
        )
    if code:
        raise SetupError(f"The requirements could not be installed. What pip said is in {shown(LOG)}.")


def count_pins() -> int:
    return sum(1 for _ in PIN.finditer(REQUIREMENTS.read_text(encoding="utf-8")))


def run_logged(command: list[str], progress: "Progress") -> tuple[int, str]:
    """Run a command with its output in the log, telling the progress line by line."""
    # A user's settings that would send the packages elsewhere, or keep pip from saying what it does.
    environ = {k: v for k, v in os.environ.items() if k not in {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_QUIET"}}
    environ["LC_ALL"] = "C.UTF-8"
    output = []
    with (
        LOG.open("a", encoding="utf-8") as log,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environ,
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            output.append(line)
            progress.heard(line)
    return process.returncode, "".join(output)


def start_again(argv: list[str], *, guarded: bool = False) -> NoReturn:
    """Run the same command with the Python of .venv in place of this one."""
    python = str(venv_python())
    command = [python, str(BASE_DIR / "manage.py"), *argv[1:]]
    if guarded:
        os.environ[STARTED_AGAIN] = "1"
    if os.name == "nt":  # there, exec would give the prompt back before the command has ended
        sys.exit(subprocess.call(command))
    sys.stdout.flush()
    os.execv(python, command)


def shown(path: Path) -> str:
    return str(path.relative_to(BASE_DIR))


def say(line: str) -> None:
    print(line, flush=True)


class Progress:
    """One line that moves while a long step runs; on a pipe, a plain line now and then."""

    def __init__(self, title: str, *, total: int = 0, stream: IO[str] | None = None) -> None:
        self.title = title
        self.total = total
        self.done = 0
        self.note = ""
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()
        self.started = time.monotonic()
        self.finished = threading.Event()
        self.ticker = threading.Thread(target=self.tick, daemon=True)

    def __enter__(self) -> "Progress":
        if self.live:
            self.ticker.start()
        else:
            self.write(f"{self.title} …\n")
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.finished.set()
        seconds = time.monotonic() - self.started
        if self.live:
            self.ticker.join()
            self.write(f"\r\033[K{self.title}: {seconds:.0f} s\n")

    def heard(self, line: str) -> None:
        """Take a line of pip's output into account."""
        if package := PACKAGE_LINE.match(line):
            self.done += 1
            self.note = f"{self.done} of {self.total}: {package['name']}"
            if self.done % 10 == 0:
                self.plain(self.note)
        elif line.startswith("Ignoring "):  # a pin for another platform
            self.total -= 1
        elif line.startswith("Installing collected packages"):
            self.note = f"unpacking {self.done} packages"
            self.plain(self.note)

    def plain(self, note: str) -> None:
        if not self.live:
            self.write(f"  {note}\n")

    def tick(self) -> None:
        for sign in cycle("|/-\\"):
            self.write(f"\r\033[K{sign} {self.title} {self.note}")
            if self.finished.wait(0.15):
                return

    def write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()
