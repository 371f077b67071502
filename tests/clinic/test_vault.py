"""Files that only the program reads."""

import pytest

from clinic.vault import Vault, new_name


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path / "photos")


def test_file_comes_back_as_it_was_kept(vault):
    name = new_name()
    vault.write(name, ".jpg", b"one")
    vault.write(name, ".jpg", b"two")

    assert vault.read(name, ".jpg") == b"two"
    assert [path.name for path in vault.files()] == [f"{name}.jpg"]


def test_nobody_else_on_the_machine_reads_it(vault):
    name = new_name()
    vault.write(name, ".jpg", b"one")
    path = vault.path(name, ".jpg")

    assert (path.stat().st_mode & 0o077, path.parent.stat().st_mode & 0o077) == (0, 0)


def test_names_are_never_the_same():
    assert len({new_name() for _number in range(100)}) == 100


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 31, "A" * 32, "a" * 32 + "\n", ""])
def test_a_name_of_somebody_elses_making_leads_nowhere(vault, name):
    with pytest.raises(ValueError, match=r".*"):
        vault.path(name, ".jpg")


def test_what_is_not_there_is_removed_without_a_word(vault):
    vault.remove(new_name(), ".jpg")
