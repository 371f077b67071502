"""The table of what is tried against us names tests that there are."""

import ast
import re

from clinic.bootstrap import BASE_DIR

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def functions_of(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_test_that_the_table_of_threats_names_is_there():
    named = NAMED.findall((BASE_DIR / "docs" / "threats.md").read_text(encoding="utf-8"))

    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (BASE_DIR / file).exists() or name not in functions_of(BASE_DIR / file)
    ]

    assert len(named) > 50
    assert missing == []
