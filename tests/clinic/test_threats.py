"""The tables of what is tried against us, and of what is asked of us, name tests that there are."""

import ast
import re

import pytest

from clinic.bootstrap import BASE_DIR

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
MEASURED = re.compile(r"`python -m (tests\.benchmarks\.\w+)[^`]*`")
THREATS = range(1, 49)


def functions_of(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def table():
    return (BASE_DIR / "docs" / "threats.md").read_text(encoding="utf-8")


def rows():
    """Return of every row its number, and the tests or programs that it names."""
    lines = [line for line in table().splitlines() if re.match(r"\| (\d+|–) \|", line)]
    return [(line.split("|")[1].strip(), NAMED.findall(line) + MEASURED.findall(line)) for line in lines]


def test_every_threat_has_a_row_and_every_row_is_tried():
    tried = {number for number, by in rows() if by}

    assert {number for number, by in rows() if not by} == set()
    assert sorted(map(int, tried - {"–"})) == list(THREATS)
    assert "–" in tried


def test_every_program_that_the_table_of_threats_names_is_there():
    named = MEASURED.findall(table())

    assert named
    assert [name for name in named if not (BASE_DIR / f"{name.replace('.', '/')}.py").exists()] == []


@pytest.mark.parametrize(("file", "least"), [("threats.md", 50), ("security.md", 20)])
def test_every_test_that_the_tables_name_is_there(file, least):
    named = NAMED.findall((BASE_DIR / "docs" / file).read_text(encoding="utf-8"))

    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (BASE_DIR / file).exists() or name not in functions_of(BASE_DIR / file)
    ]

    assert len(named) > least
    assert missing == []
