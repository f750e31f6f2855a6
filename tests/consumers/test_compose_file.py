"""The Compose file before Compose itself: what it resolves is what the model says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penguin_compile.model.service import FromVariable, Literal
from penguin_compile.targets.compose import PATH, WADDLEAI, health_check
from penguin_compile.targets.compose_text import can_be_default
from penguin_compile.targets.target import Placement
from penguin_compile.targets.yaml_text import yaml_text
from tests.compose_program import RefusedError, environment, resolve, resolve_text
from tests.models import example_apps, read_app, render

pytestmark = pytest.mark.slow

PLACEMENT = Placement(spec="spec/app.yaml", to_root="../..")
SECRET = 'it\'s a $ecret of ${NAME}, \\ "quoted"'
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12) | st.text(
    "${}:-?+A\"'\\` \n\r\t#=0", max_size=12
)
EXAMPLES = example_apps()
NASTY = [
    "",
    "0",
    "false",
    "null",
    "~",
    "1e3",
    " spaces ",
    "it's",
    'say "yes"',
    "back\\slash\\",
    "a\nb\n",
    "tab\tand\rreturn",
    "$HOME",
    "${X}",
    "${X:-y}",
    "$$",
    "$",
    "{}",
    '{"a": {"b": []}}',
    "}{",
    "{{x}}",
    "🐧 ü ß",
    "#no comment",
    "- x: y",
    "\u0085\u2028\x7f\x01",
]


def written(folder: Path, artifacts: dict[str, Any]) -> Path:
    """Artifacts as files, two folders below the root of a repository."""
    for path, one in artifacts.items():
        file = folder / "generated" / "x" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(one.text, encoding="utf-8", newline="")
    return folder / "generated" / "x"


def deployment(app) -> dict[str, str]:
    """What a deployment has to bring: its secrets."""
    return {
        name: f"{SECRET} {name}"
        for name, one in app.deployment.variables.items()
        if one.default is None or one.sensitive
    }


def in_containers(app, service: str, brought: dict[str, str]) -> dict[str, str]:
    """The environment of a container by the model, defaults being those of its variables."""
    values = {name: one.default or "" for name, one in app.deployment.variables.items()} | brought
    given = {}
    for name, value in app.deployment.containers[service].items():
        if isinstance(value, Literal):
            given[name] = value.text
        elif isinstance(value, FromVariable):
            own = None if value.name in brought else value.default
            given[name] = values[value.name] if own is None else own
        else:
            given[name] = re.sub(r"\$\{(\w+)\}", lambda one: values[one[1]], value.text)
    return given


def spec_of(services: dict[str, Any], **sections: Any) -> str:
    return yaml_text({"penguin": 1, "app": {"name": "shop"}, "services": services, **sections})


def container_of(variables: dict[str, Any], **container: Any) -> dict[str, Any]:
    one = {"gateway": False, "container": {"image": "x", **container}, "environment": variables}
    return {"web": one}


@pytest.mark.parametrize("app", EXAMPLES)
def test_examples_resolve_to_the_model(app, tmp_path):
    folder = written(tmp_path, render("compose", app, PLACEMENT) | render("env", app, PLACEMENT))
    template = (folder / "env/.env.example").read_text("utf-8")
    brought = deployment(app)
    filled = tmp_path / ".env"
    filled.write_text(template, encoding="utf-8")
    resolved = resolve(folder / PATH, env_file=filled, variables=brought)
    assert resolved["name"] == app.name
    containers = {name for name, one in app.services.items() if one.container is not None}
    brings_ai = app.waddleai is not None and app.waddleai.container is not None
    assert resolved["services"].keys() == containers | ({WADDLEAI} if brings_ai else set())
    for name in containers:
        told = environment(resolved, name)
        # an own default gives way to what the template sets for all
        set_for_all = {
            one: variable.default
            for one, variable in app.deployment.variables.items()
            if variable.default is not None and not variable.sensitive
        }
        assert told == in_containers(app, name, set_for_all | brought)
        needs_ai = brings_ai and name in app.waddleai.used_by
        depends = {WADDLEAI: "service_started"} if needs_ai else {}
        _check_the_rest(app.services[name], depends, resolved["services"][name])
    if brings_ai:
        waddleai = resolved["services"][WADDLEAI]
        assert waddleai["environment"]["MODEL_PATH"] == app.waddleai.model_path
        assert waddleai["environment"]["MAX_WORKERS"] == str(app.waddleai.max_workers)
        assert "ports" not in waddleai
        mounted = {one["target"]: one["source"] for one in waddleai["volumes"]}
        assert mounted[app.waddleai.model_path] == "ai-models"


def _check_the_rest(service, brought, told):
    """Ports, networks, dependencies, volumes and health check of one container.

    `brought` are dependencies that the spec's `container` has not.
    """
    own = service.container
    ports = [f"{one['published']}:{one['target']}" for one in told.get("ports", ())]
    assert ports == own.get("ports", [])
    assert list(told["networks"]) == list(own.get("networks") or ["default"])
    for settings_of_network in told["networks"].values():
        aliases = [] if service.host == service.name else [service.host]
        assert (settings_of_network or {}).get("aliases", []) == aliases
    volumes = {f"{Path(one['source']).name}:{one['target']}" for one in told.get("volumes", ())}
    assert volumes == {
        f"{Path(source).name}:{target}"
        for source, target in (one.split(":")[:2] for one in own.get("volumes", ()))
    }
    depends = {name: one["condition"] for name, one in told.get("depends_on", {}).items()}
    declared = own.get("depends_on") or {}
    if isinstance(declared, list):
        declared = {name: {"condition": "service_started"} for name in declared}
    assert depends == {name: one["condition"] for name, one in declared.items()} | brought
    if "healthcheck" in own:
        assert told["healthcheck"]["interval"] == own["healthcheck"]["interval"]
    elif (check := health_check(service)) is not None:
        assert told["healthcheck"]["test"] == check["test"]
    else:
        assert "healthcheck" not in told


@pytest.mark.parametrize("app", EXAMPLES)
def test_examples_need_their_required_secrets(app, tmp_path):
    folder = written(tmp_path, render("compose", app, PLACEMENT))
    used = (folder / PATH).read_text("utf-8")
    needed = [name for name, one in app.deployment.variables.items() if one.required]
    needed = [name for name in needed if f"${{{name}:?" in used]
    assert needed
    brought = deployment(app)
    for name in needed:
        rest = {one: value for one, value in brought.items() if one != name}
        for missing in (rest, {**rest, name: ""}):
            with pytest.raises(RefusedError, match=f"required variable {name} is missing a value"):
                resolve(folder / PATH, variables=missing)


def test_nasty_values(tmp_path):
    _check_values(NASTY, tmp_path)


@settings(max_examples=25)
@given(values=st.lists(TEXTS, min_size=1, max_size=40))
def test_any_value(values, tmp_path_factory):
    _check_values(values, tmp_path_factory.mktemp("compose"))


def _check_values(values, folder):
    """Each as a literal, a variable's default, a container's own, in a template, and brought."""
    variables: dict[str, Any] = {"SHARED": {"default": "shared"}}
    given_to_it: dict[str, Any] = {}
    expected = {}
    brought = {}
    for index, value in enumerate(values):
        variables[f"V{index}"] = {"default": value}
        variables[f"S{index}"] = {"sensitive": True, "required": True}
        given_to_it |= {
            f"LITERAL{index}": value,
            f"DEFAULT{index}": {"variable": f"V{index}"},
            f"OWN{index}": {"variable": "SHARED", "default": value},
            f"TEMPLATE{index}": {"template": f"$a{{${{V{index}}}}}${{V{index}}}-"},
            f"SECRET{index}": {"variable": f"S{index}"},
            f"URL{index}": {"template": f"db://u:${{S{index}}}@db}}"},
        }
        brought[f"S{index}"] = f"s{value}"
        expected |= {
            f"LITERAL{index}": value,
            f"DEFAULT{index}": value,
            f"OWN{index}": value,
            f"TEMPLATE{index}": f"$a{{{value}}}{value}-",
            f"SECRET{index}": f"s{value}",
            f"URL{index}": f"db://u:s{value}@db}}",
        }
    app = read_app(spec_of(container_of(given_to_it), variables=variables))
    text = render("compose", app)[PATH].text
    assert environment(resolve_text(text, folder, variables=brought), "web") == expected


@settings(max_examples=15)
@given(values=st.lists(TEXTS, min_size=1, max_size=30))
def test_a_deployment_can_set_what_has_a_default(values, tmp_path_factory):
    variables = {f"V{index}": {"default": one} for index, one in enumerate(values)}
    given_to_it = {name: {"variable": name} for name in variables}
    app = read_app(spec_of(container_of(given_to_it), variables=variables))
    text = render("compose", app)[PATH].text
    folder = tmp_path_factory.mktemp("compose")
    for value in ("", "other"):
        told = environment(
            resolve_text(text, folder, variables=dict.fromkeys(variables, value)), "web"
        )
        assert told == {
            name: value if can_be_default(one["default"], alone=True) else one["default"]
            for name, one in variables.items()
        }


PARTS = {
    "$A": "<A>",
    "${A}": "<A>",
    "$$": "$",
    "$${A}": "${A}",
    "$$A": "$A",
    "$$$A": "$<A>",
    "${A:-own}": "own",
    "${U:-p${A}q}": "p<A>q",
    "${U:-{${A}}}": "{<A>}",
    "{": "{",
    "}": "}",
    " ": " ",
    "é-": "é-",
}


@settings(max_examples=25)
@given(
    default=TEXTS,
    texts=st.lists(st.lists(st.sampled_from(list(PARTS)), max_size=5), min_size=1, max_size=30),
)
def test_composes_own_text(default, texts, tmp_path_factory):
    """A bare name in it has the spec's default, also inside another variable's."""
    if not can_be_default(default, alone=False):
        texts = [[part for part in parts if "U" not in part] for parts in texts]
    # a word character behind a bare name would make it another one
    command = [" ".join(parts) for parts in texts]
    app = read_app(
        spec_of(container_of({}, command=command), variables={"A": {"default": default}})
    )
    told = resolve_text(
        render("compose", app)[PATH].text, tmp_path_factory.mktemp("own"), may_warn=True
    )
    assert told["services"]["web"]["command"] == [
        " ".join(PARTS[part].replace("<A>", default) for part in parts) for parts in texts
    ]
