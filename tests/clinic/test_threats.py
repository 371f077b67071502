"""The tables of what is tried against us, and of what is asked of us, name tests that there are."""

import ast
import re

import pytest

from clinic.bootstrap import BASE_DIR

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def functions_of(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


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
