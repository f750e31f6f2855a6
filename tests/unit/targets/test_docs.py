from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from penguin_compile.targets.flowchart import MOST_EDGES, flowchart
from penguin_compile.targets.markdown_text import block, cell_code, code, paragraph, prose, table
from tests.models import PLACEMENT, ROOT, example_app, read_app, render

PATH = "docs/reference.md"
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
NASTY = "a | b `c` \\| <b>x</b> &amp; *s* _e_ [l](u) ~~d~~ #1 $x$ https://e.org/a_b_c www.e.org"


def words(inline):
    """What a reader of a paragraph or cell sees; code in HTML is code, as on GitHub."""
    seen = []
    for token in inline.children:
        if token.type in {"text", "code_inline", "text_special"}:
            seen.append(token.content)
        elif token.type == "html_inline" and token.content == "<br>":
            seen.append("\n")
        else:
            assert token.content in {"<code>", "</code>"}, f"markup in {inline.content!r}"
    return "".join(seen)


def tables(text):
    """Each table as rows of texts, by the heading that it stands under."""
    found, heading = [], None
    tokens = READER.parse(text)
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = words(tokens[index + 1])
        elif token.type == "table_open":
            found.append((heading, []))
        elif token.type == "tr_open":
            found[-1][1].append([])
        elif token.type in {"th_open", "td_open"}:
            found[-1][1][-1].append(words(tokens[index + 1]))
    assert all(len(row) == len(rows[0]) for _, rows in found for row in rows)
    return found


def page(app):
    return render("docs", app)[PATH].text


def rows_of(text, heading):
    return [rows for name, rows in tables(text) if name == heading]


def seen(text):
    """As HTML shows it: white space is one space."""
    return " ".join(text.split())


cells = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"]) | st.just("\n"))
pieces = st.lists(st.sampled_from([*"|`\\<>&*_[]()!#~$- \n", "a", "b", "&amp;", "www.a"]))


@given(cells | pieces.map("".join), cells)
def test_any_text_comes_back_from_a_cell(first, second):
    lines = list(table(("A", "B"), [(prose(first), prose(second)), ("x", "y")]))
    ((_, rows),) = tables("\n".join(lines))
    assert [seen(one) for one in rows[1]] == [seen(first), seen(second)]
    assert rows[2] == ["x", "y"]


@pytest.mark.parametrize("shown", [code, cell_code])
@given(text=cells | pieces.map("".join))
def test_any_code_comes_back_from_a_cell(shown, text):
    ((_, rows),) = tables("\n".join(table(("A", "B"), [(shown(text), "y")])))
    assert [seen(one) for one in rows[1]] == [seen(text.replace("\n", "?")), "y"]


@given(cells | pieces.map("".join))
def test_a_paragraph_stays_one(text):
    tokens = READER.parse(f"# head\n\n{paragraph(text)}\n\n| A |\n| --- |\n")
    blocks = [one.type for one in tokens if one.level == 0 and one.nesting == 1]
    between = ["paragraph_open"] if seen(text) else []
    assert blocks == ["heading_open", *between, "table_open"]
    assert not between or seen(words(tokens[4])) == seen(text)


@given(st.text(st.sampled_from("`~a \n")))
def test_a_block_ends_where_it_ends(text):
    tokens = READER.parse("\n".join([*block(text, "json"), "after"]))
    assert [one.type for one in tokens][:2] == ["fence", "paragraph_open"]
    assert tokens[0].content.splitlines() == text.splitlines()


def test_settings_by_category():
    text = page(example_app())
    headings = [name for name, _ in tables(text) if name.startswith("Settings: ")]
    assert headings == [
        f"Settings: {one}" for one in ("email", "integration", "security", "system")
    ]
    ((head, *rows),) = rows_of(text, "Settings: email")
    assert head == ["Key and variable", "Type", "Default", "Description"]
    assert rows[1:] == [
        ["smtp_port\nSMTP_PORT", "integer\nformat port", "587", "SMTP server port"],
        ["smtp_user\nSMTP_USER", "string", "", "SMTP username"],
        ["smtp_pass\nSMTP_PASS", "string", "secret, required", "SMTP password"],
    ]
    ((_, minutes),) = rows_of(text, "Settings: security")
    assert minutes[1] == "integer\nmin 5\nmax 1440"


def test_tiers_against_features_and_limits():
    features, limits = rows_of(page(example_app()), "License")
    assert features[0] == ["Feature", "community", "professional", "enterprise", "Description"]
    assert ["sso", "", "✓", "✓", "SSO and OAuth2"] in features
    assert ["ai_training", "", "", "✓", "Training of own models (AI)"] in features
    assert len(features) == 10
    assert limits == [
        ["Limit", "community", "professional", "enterprise"],
        ["users", "5", "unlimited", "unlimited"],
        ["teams", "1", "unlimited", "unlimited"],
    ]


def test_variables_of_containers():
    text = page(example_app("prod"))
    ((head, *rows),) = rows_of(text, "Variables of flask-api")
    assert head == ["Variable", "Value", "Description"]
    given_ = {row[0]: row[1:] for row in rows}
    assert list(given_) == list(example_app("prod").deployment.containers["flask-api"])
    assert given_["FLASK_ENV"] == ["production, fixed", ""]
    template = "postgresql://${DB_USER}:${DB_PASS}@db:5432/myapp"
    assert given_["DATABASE_URL"] == [template, ""]
    assert given_["SMTP_HOST"][0] == "smtp.prod.example.com"
    assert given_["SMTP_PASS"] == ["secret, required", "SMTP password"]
    ((_, *own),) = rows_of(text, "Variables of db")
    assert own[1] == [
        *("POSTGRES_PASSWORD", "secret, required\nset by DB_PASS", "Database password")
    ]


def test_services_and_routes():
    services, routes = rows_of(page(example_app()), "Services and routes")
    address = "flask-backend:8080"
    assert services[1] == ["flask-api", address, "http", "jwt", "/healthz every 30 s"]
    assert services[4] == ["db", "inside only", "", "", ""]
    described = "External REST API access"
    assert routes[1] == ["external-api", "external", "flask-api", "https 443", "/api/v1", described]


SPEC = {
    "penguin": 1,
    "app": {"name": "nasty", "version": "1 #", "description": f"- {NASTY}", "owners": ["<a>@b"]},
    "categories": ["a | b #"],
    "config": {
        "text": {"default": "a|`b`\\", "description": NASTY, "category": "a | b #"},
        "lines": {"default": "one\ntwo"},
        "empty": {"default": "", "description": "first\nsecond"},
        "long": {"type": "json", "default": {"key": ["```", "|" * 50]}},
        "api.key": {"sensitive": True, "description": "<!-- secret"},
        "level": {"enum": ["a|b", "c"], "manage": "enforce"},
    },
    "license": {
        "tiers": {"fr|ee": {"limits": {"users": 1}}},
        "features": {"x|y": {"tier": "fr|ee", "description": NASTY}},
    },
    "services": {
        "end": {"port": 1, "config": "all", "container": {"image": "x", "depends_on": ["db"]}},
        "a_b": {"port": 2, "requires_feature": "x|y"},
        "a-b": {"port": 3},
        "db": {"gateway": False, "container": {"image": "y"}},
    },
    "routes": {
        "all": {
            "from": ["external", "other/api"],
            "to": ["end", "a_b"],
            "path_prefix": '/"|]}#;',
            "description": NASTY,
        }
    },
}


def nasty_app():
    return read_app(json.dumps(SPEC))


def test_nothing_in_a_spec_becomes_markup():
    text = page(nasty_app())
    ((_, setting),) = rows_of(text, "Settings: a | b #")
    assert setting[2] == "a|`b`\\"
    assert setting[3] == NASTY
    ((_, *system),) = rows_of(text, "Settings: system")
    assert [row[2] for row in system] == ['"one\\ntwo"', '""', "see below", "secret", ""]
    assert system[1][3] == "first\nsecond"
    assert system[4][1] == 'string\nenum ["a|b", "c"]\nmanage enforce'
    features, limits = rows_of(text, "License")
    assert features == [["Feature", "fr|ee", "Description"], ["x|y", "✓", NASTY]]
    assert limits[1] == ["users", "1"]
    _, routes = rows_of(text, "Services and routes")
    assert routes[1][4:] == ['/"|]}#;', NASTY]
    tokens = READER.parse(text)
    assert [one.content for one in tokens if one.type == "html_block"] == [
        "<!-- Generated by penguin-compile from spec/myapp.yaml; edit the spec instead. -->\n"
    ]
    blocks = {one.info: one.content for one in tokens if one.type == "fence"}
    assert json.loads(blocks["json"]) == SPEC["config"]["long"]["default"]
    assert not [one for one in tokens if one.type in {"bullet_list_open", "blockquote_open"}]


def test_the_first_line_stays_a_comment():
    place = replace(PLACEMENT, spec="spec/a--><script>x</script>.yaml")
    first, _, _ = render("docs", example_app(), place)[PATH].text.partition("\n")
    assert first.index(">") == len(first) - 1


NODE = re.compile(r'(\w+)(\[|\(\[|\{\{)"([^"]*)"(\]|\]\)|\}\})(:::inside)?')
EDGE = re.compile(r'(\w+(?: & \w+)*) (?:-->\|"([^"]*)"\||-\.->) (\w+(?: & \w+)*)')


def drawn(app):
    """Nodes by id, and edges, of a diagram of which every line is understood."""
    first, *lines = flowchart(app).splitlines()
    assert first == "flowchart LR"
    nodes, edges = {}, []
    for line in (one.strip() for one in lines):
        if node := NODE.fullmatch(line):
            assert node[1] not in nodes
            nodes[node[1]] = unquoted(node[3]) + (node[5] or "")
        elif edge := EDGE.fullmatch(line):
            ends = [one.split(" & ") for one in (edge[1], edge[3])]
            edges += [(a, b, unquoted(edge[2] or "")) for a in ends[0] for b in ends[1]]
        else:
            assert line == "classDef inside stroke-dasharray: 4 4"
    assert {one for a, b, _ in edges for one in (a, b)} <= nodes.keys()
    named = [(nodes[a].split("<br>")[0], nodes[b].split("<br>")[0], text) for a, b, text in edges]
    return list(nodes.values()), named


def unquoted(text):
    """Mermaid's entities: `#34;` is a quote."""
    assert re.fullmatch(r"(?:[A-Za-z0-9 ./:-]|<br>|#[0-9]+;)*", text)
    return re.sub(r"#([0-9]+);", lambda match: chr(int(match[1])), text)


def test_the_diagram_shows_services_routes_and_what_containers_need():
    nodes, edges = drawn(example_app())
    assert "outside" in nodes
    assert "flask-api<br>http 8080" in nodes
    assert "db:::inside" in nodes
    assert edges == [
        ("outside", "flask-api", "external-api<br>https 443 /api/v1"),
        ("outside", "webui", "webui-access<br>https 443 /"),
        ("flask-api", "db:::inside", ""),
        ("flask-api", "WaddleAI", ""),
    ]


def test_names_that_mermaid_could_mistake():
    nodes, edges = drawn(nasty_app())
    assert nodes == [
        *("outside", "other/api", "end<br>http 1"),
        *("a_b<br>http 2<br>with x|y", "a-b<br>http 3", "db:::inside"),
    ]
    label = 'all<br>/"|]}#;'
    assert edges == [
        *(("outside", to, label) for to in ("end", "a_b")),
        *(("other/api", to, label) for to in ("end", "a_b")),
        ("end", "db:::inside", ""),
    ]


def test_a_diagram_that_mermaid_would_not_draw_is_left_out():
    names = [f"s{index}" for index in range(MOST_EDGES + 1)]
    spec = {
        "penguin": 1,
        "app": {"name": "large"},
        "services": {name: {"port": 80} for name in names},
        "routes": {"all": {"from": ["external"], "to": names}},
    }
    app = read_app(json.dumps(spec))
    assert flowchart(app) is None
    assert "too many of them for a diagram" in page(app)
    assert len(rows_of(page(app), "Services and routes")[0]) == MOST_EDGES + 2


def test_what_a_tier_leaves_out_is_not_on_the_page():
    text = (ROOT / "spec" / "myapp.yaml").read_text(encoding="utf-8")
    text = text.replace("  webui:\n", "  webui:\n    requires_feature: custom_saml\n")
    assert "with custom#95;saml" in page(read_app(text, "dev"))
    left = page(read_app(text, "prod"))
    assert "webui" not in left
    assert "license tier `professional`" in left


@pytest.mark.parametrize("text", ["penguin: 1\napp: {name: bare}\n"])
def test_an_app_of_nothing_has_a_page(text):
    assert page(read_app(text)).splitlines()[2:] == ["# bare 0.0.0", "", "Environment `default`."]
