"""What is right, before and between, hides nothing that is wrong, and isn't told itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from penguin_compile.core.pointer import Pointer
from penguin_compile.core.span import Source
from penguin_compile.pipeline import check_spec
from penguin_compile.report.diagnostics_text import render_diagnostics
from penguin_compile.rules.container_ports import Clash, find_clashes
from penguin_compile.rules.containers import Container, environment_entries
from penguin_compile.source.load import load_text

HEAD = "penguin: 1\napp: {name: shop}\n"
CROWDED = {
    "PC202": """\
services: {api: {port: 80}, web: {port: 81}}
routes:
  anywhere: {from: [external], to: [api]}
  open: {from: [external], to: [api], listen: {port: 443}}
  typed: {from: [external], to: [web], listen: {port: 443, protocol: https}}
  twice: {from: [external], to: [web], listen: {port: 443}}
  again: {from: [external], to: [api], listen: {port: 443, protocol: https}, path_prefix: /}
  apart: {from: [external], to: [api], listen: {port: 443}, path_prefix: /api}
""",
    "PC203": """\
services:
  gateway-only: {port: 80}
  db: {port: 5432, gateway: false, container: {image: db}}
  api: {port: 81, container: {image: api, depends_on: [db, dbb, gateway-only]}}
  web: {port: 82, container: {image: web, depends_on: {
    db: {condition: service_started}, cache: {condition: service_started}}}}
""",
    "PC204": """\
license: {features: {export: {tier: pro}}}
environments: {dev: {tier: free}}
""",
    "PC205": """\
services:
  api: {port: 80}
  web: {port: 81, requires_feature: export}
""",
    "PC207": """\
variables:
  NAME: {default: many}
  EMPTY: {type: integer, required: true}
  RIGHT: {type: integer, default: "5"}
  COUNT: {type: integer, default: many}
  FLAG: {type: boolean, default: maybe}
""",
    "PC208": """\
services:
  api: {port: 80, container: {image: a}, environment: {HOST: {secret: "env:HOST"}}}
variables:
  ALONE: {default: a}
  PORT: {type: integer, default: "80"}
  HOST: {default: localhost}
  FLAG: {type: boolean, default: "true"}
config:
  flag: {description: d, type: boolean, default: true, env: FLAG}
  other: {description: d, default: a}
  port: {description: d, type: integer, default: 81, env: PORT}
  same_port: {description: d, type: integer, default: 80, env: PORT}
  theme: {description: d, default: light, env: THEME}
  skin: {description: d, default: dark, env: THEME}
  cover: {description: d, type: integer, default: 1, env: THEME}
""",
    "PC209": """\
variables: {PORT: {default: "8080"}}
services:
  a: {port: 1, container: {image: a, ports: ["${UNKNOWN}:1", "8080:1"]}}
  b: {port: 1, container: {image: b, ports: ["9000:1", "${PORT}:1"]}}
  c: {port: 1, container: {image: c, ports: ["8079-8081:1-3", "8080:1/udp"]}}
""",
    "PC210": """\
services:
  none: {port: 80, health_check: false}
  queue: {port: 81, protocol: tcp}
  right: {port: 82, health_check: {path: /healthz}}
  wrong: {port: 83, health_check: {path: healthz}}
  rpc: {port: 84, protocol: grpc, health_check: {path: /healthz}}
""",
    "PC211": """\
services: {a-x: {port: 80}, b: {port: 81}}
routes:
  inside: {from: [b], to: [b]}
  named: {from: [b, shop-a/x, shop/a-x], to: [b]}
""",
    "PC212": """\
variables: {NAME: {default: n}}
config: {theme: {description: d, default: a}, size: {description: d, default: b}}
services:
  every: {port: 80, config: all, container: {image: a}}
  some: {port: 81, config: [them*, theme, themes, "z*", "t*s"], container: {image: b}}
  filled:
    port: 82
    container: {image: "${IMAGE}", labels: ["$5"]}
    environment:
      LITERAL: text
      THEME: {config: theme}
      COLOUR: {config: tehme}
      OTHER: {variable: NMAE}
      FULL: {template: "$$ ${NAME} ${NAMES}"}
      BROKEN: {template: "${NAME}$"}
  more: {port: 83, container: {image: c}, environment: {LAST: {config: sizes}}}
""",
    "PC309": """\
telemetry:
  metrics:
    orders: {type: counter, description: d}
    orders.open: {type: counter, description: d}
    a.b.c: {type: counter, description: d}
    a.b: {type: counter, description: d}
    x.y: {type: counter, description: d}
    x_y: {type: counter, description: d}
""",
    "PC310": """\
config:
  theme: {description: d, default: a, env: THEME}
  size: {description: d, default: b, env: SIZE}
  token: {description: d, sensitive: true, secret: "env:TOKEN", env: TOKEN}
services:
  none: {port: 80, container: {image: a}, environment: {OTHER: b, THEME: {config: theme}}}
  named: {port: 81, config: [theme], container: {image: a, environment: {THEME: dark}}}
  globbed: {port: 82, config: ["t*"], container: {image: a}, environment: {
    OTHER: c, SIZE: big, THEME: dark, TOKEN: {variable: TOKEN}}}
""",
    "PC402": """\
variables: {DB_PASSWORD: {default: "", sensitive: true}, DB_USER: {default: shop}}
config:
  nested: {type: json, description: d, default: {names: [a, b], tokens: [hunter2, hunter3]}}
services:
  listed: {port: 80, container: {image: a, environment: ["A=b=c", "API_TOKEN=hunter=2", BARE]}}
  mapped: {port: 81, container: {image: b, environment: {
    URL: "${DB_PASSWORD:-hunter2}", SMTP_PASSWORD: "${DB_USER:-hunter2}",
    MIXED_PASSWORD: "x${DB_USER:-shop}", PLAIN_PASSWORD: "hunter2$$", AGE_PASSWORD: 5}}}
""",
    "PC403": """\
variables: {URL: {}, COUNT: {type: integer}}
license: {product: shop, server_url: "https://a:hunter2@license.test"}
telemetry:
  killkrill: {api_url: "https://a:hunter2@kill.test", grpc_url: "https://a:hunter2@krill.test"}
integrations: {waddleai: {url: "http://a:hunter2@waddle.test"}}
environments:
  dev:
    database: {url: "postgresql://a:hunter2@db.test/shop"}
    state: {url: "postgresql://a:hunter2@state.test/shop"}
    marchproxy: {url: "http://a:hunter2@proxy.test"}
services:
  api: {port: 80, container: {image: a}, environment: {
    OWN: {variable: URL, default: "redis://a:hunter2@cache.test"},
    FEW: {variable: COUNT, default: "5"}}}
""",
    "PC404": """\
services:
  right: {port: 80, container: {image: a, build: ./marchproxy-client}}
  built: {port: 81, container: {build: ../marchproxy/api-server}}
  within: {port: 82, container: {build: {context: "./marchproxy"}}}
  marchproxy: {port: 83, container: {image: b}}
  pulled: {port: 84, container: {image: "ghcr.io/house/MarchProxy:1"}}
""",
}


@pytest.mark.parametrize("code", CROWDED)
def test_each_is_told_where_it_stands(code: str, snapshot: SnapshotAssertion) -> None:
    source = Source("shop.yaml", HEAD + CROWDED[code])
    findings = check_spec(load_text(source, Path("shop.yaml"), [])).findings
    told = [one for one in findings if one.code == code]
    assert not [one for one in findings if one.code < "PC2"], render_diagnostics(findings)
    assert render_diagnostics(told) == snapshot


@pytest.mark.parametrize(
    ("one", "other", "clashes"),
    [
        ([], [], True),
        (["debug"], [], True),
        ([], ["debug"], True),
        (["debug"], ["test"], False),
        (["debug", "test"], ["test"], True),
    ],
)
def test_profiles_that_are_never_chosen_together_may_share_a_port(
    one: list[str], other: list[str], clashes: bool
) -> None:
    assert bool(find(container("a", one), container("b", other))) is clashes


def test_an_environment_is_read_in_both_of_its_forms() -> None:
    def read(stated: object) -> list[tuple[Pointer, str, str]]:
        one = Container(name="a", pointer=("a",), keys={"environment": stated})
        return [tuple(entry) for entry in environment_entries(one)]

    at = ("a", "environment")
    assert read(["A=b=c", "BARE", 5]) == [((*at, 0), "b=c", "A"), ((*at, 1), "", "BARE")]
    mapped = {"x-allow": "b", "A": "b=c", "N": 5, "NONE": None}
    assert read(mapped) == [((*at, "A"), "b=c", "A"), ((*at, "N"), "5", "N")]


def test_a_container_that_publishes_a_port_twice_is_alone_with_itself() -> None:
    (clash,) = find(container("a", ["debug"], "8080:1", "8080:2"))
    assert clash.containers[0] is clash.containers[1]


def container(name: str, profiles: list[str], *ports: str) -> Container:
    keys = {"profiles": profiles, "ports": list(ports or ["8080:80"])}
    return Container(name=name, pointer=("services", name, "container"), keys=keys)


def find(*containers: Container) -> list[Clash]:
    return list(find_clashes(containers, lambda _: None))
