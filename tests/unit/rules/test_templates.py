"""`environment: {NAME: {template: …}}`: what compile doesn't fill in is told, not passed on."""

from __future__ import annotations

import pytest

from penguin_compile.rules import RULES
from tests.models import read_app

SPEC = """
penguin: 1
app: {name: app}
services: {api: {port: 80, container: {image: api}, environment: {URL: {template: 'TEXT'}}}}
variables: {NAME: {default: name}}
"""


@pytest.mark.parametrize("text", ["${NAME}", "a$$b${NAME}", "$${NAME}", "$$$${NAME}", "plain"])
def test_variables_and_doubled_dollars_are_a_template(text):
    assert list(RULES.load("PC212").check(read_app(SPEC.replace("TEXT", text)))) == []


@pytest.mark.parametrize("text", ["$NAME", "${NAME:-x}", "$5", "$$$", "${NAME", "$${NAME}$"])
def test_other_dollars_are_told(text):
    (finding,) = RULES.load("PC212").check(read_app(SPEC.replace("TEXT", text)))
    assert finding.pointer == ("services", "api", "environment", "URL", "template")
    assert "neither ${NAME} nor $$" in finding.message


def test_an_undeclared_variable_is_told():
    (finding,) = RULES.load("PC212").check(read_app(SPEC.replace("TEXT", "${OTHER}")))
    assert '"OTHER"' in finding.message
