"""The settings page without any script: what it shows, and what its plain forms do."""

import re

import pytest

from penguin_compile.cli.program import run
from tests.console.browsing import Person, Text
from tests.console.consoles import SECRET, running


@pytest.fixture
def person(local):
    someone = Person(local)
    assert someone.log_in().status_code == 303
    return someone


def stored(person, key):
    query = f"SELECT config_value, updated_by FROM config WHERE config_key = '{key}'"
    return person.console.sql(query)[0]


def test_a_stranger_is_sent_to_log_in(local) -> None:
    someone = Person(local)
    for path in ("/", "/settings", "/settings/theme", "/drift", "/license", "/services"):
        answer = someone.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_every_category_and_value(person) -> None:
    page = person.get("/settings")
    text = str(Text(page.text))
    for word in ("system", "email", "theme", "light", "Colours", "from the spec", "smtp_host"):
        assert word in text
    assert SECRET not in page.text
    assert "Sensitive, not shown" in text


def test_search_and_filter(person) -> None:
    found = str(Text(person.get("/settings?q=SERVER").text))
    assert "smtp_host" in found
    assert "theme" not in found
    system = str(Text(person.get("/settings?category=system").text))
    assert "theme" in system
    assert "smtp_host" not in system
    assert "No setting has" in str(Text(person.get("/settings?q=100%25").text))
    # Secrets can't be guessed by searching.
    assert "api_key" not in person.get(f"/settings?q={SECRET[:8]}", headers={}).text
    part = person.get("/settings?q=theme", headers={"HX-Request": "true", "HX-Target": "found"})
    assert "<html" not in part.text
    assert "theme" in part.text


@pytest.mark.parametrize(
    ("key", "control"),
    [
        ("theme", r"<select [^>]*id=\"value-theme\""),
        ("page_size", r"<input type=\"number\" value=\"20\" min=\"1\" max=\"500\" step=\"1\""),
        ("ratio", r"<input type=\"number\" value=\"0.5\" step=\"any\""),
        ("maintenance", r"<input type=\"checkbox\" role=\"switch\""),
        ("menu", r"<textarea "),
        ("smtp_host", r"<input type=\"text\" value=\"localhost\""),
        ("api_key", r"<input type=\"password\" autocomplete=\"new-password\""),
    ],
)
def test_each_type_has_its_control(person, key, control) -> None:
    assert re.search(control, person.get(f"/settings/{key}").text)


@pytest.mark.parametrize(
    ("key", "typed", "text"),
    [
        ("theme", "dark", "dark"),
        ("page_size", "40", "40"),
        ("maintenance", "true", "true"),
        ("menu", '{"a":\r\n 1}', '{"a": 1}'),
        ("smtp_host", "", ""),
    ],
)
def test_an_edit_by_a_plain_form(person, key, typed, text) -> None:
    page = person.get(f"/settings/{key}").text
    answer = person.send(page, f"/settings/{key}", value=typed)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/settings/{key}?saved=1")
    assert stored(person, key) == (text, "dev")
    after = str(Text(person.get(answer.headers["location"]).text))
    assert f"{key} is saved" in after
    assert "edited live" in after
    assert "update through console" in after


def test_a_switch_that_is_off_sends_false(person) -> None:
    page = person.get("/settings/maintenance").text
    person.send(page, "/settings/maintenance", value="true")
    page = person.get("/settings/maintenance").text
    assert " checked" in page
    person.send(page, "/settings/maintenance", value="false")
    assert stored(person, "maintenance")[0] == "false"


def test_what_breaks_the_spec_is_told_beside_the_field(person) -> None:
    page = person.get("/settings/page_size").text
    answer = person.send(page, "/settings/page_size", value="9000")
    assert answer.status_code == 400
    assert "The value must be at most 500" in str(Text(answer.text))
    assert 'value="9000"' in answer.text
    assert stored(person, "page_size")[0] == "20"


def test_an_edit_over_somebody_elses_is_shown_both(person) -> None:
    page = person.get("/settings/smtp_host").text
    assert person.console.put("smtp_host", "theirs.example.com").status_code == 200
    answer = person.send(page, "/settings/smtp_host", value="mine.example.com")
    assert answer.status_code == 412
    assert "Somebody changed this setting" in str(Text(answer.text))
    assert "theirs.example.com" in answer.text
    assert 'value="mine.example.com"' in answer.text
    again = person.send(answer.text, "/settings/smtp_host", value="mine.example.com")
    assert again.status_code == 303


def test_a_secret_is_write_only(person) -> None:
    page = person.get("/settings/api_key").text
    assert person.send(page, "/settings/api_key", value="Fresh-canary-3").status_code == 303
    after = person.get("/settings/api_key").text
    assert "Fresh-canary-3" not in after
    assert SECRET not in after
    assert "secret, not shown" in str(Text(after))
    assert "edited live" in after
    assert "/promote/" not in after


def test_a_reset_writes_what_the_spec_says(person) -> None:
    person.console.put("theme", "dark")
    page = person.get("/settings/theme").text
    answer = person.send(page, "/reset/theme")
    assert answer.headers["location"] == "/settings/theme?reset=1"
    assert stored(person, "theme") == ("light", "dev")
    assert "reset through console" in str(Text(person.get("/settings/theme").text))


def test_promoting_shows_the_change_of_the_spec_and_writes_nothing(person, capsys) -> None:
    person.console.put("page_size", 50)
    before = person.console.spec.read_bytes()
    page = person.get("/promote/page_size").text
    text = str(Text(page))
    assert "+ page_size: {default: 50}" in text or "page_size: {default: 50}" in text
    assert person.console.spec.read_bytes() == before
    command = re.search(r"penguin-compile promote ([^<]*)</code>", page)
    assert command is not None
    assert run(["promote", *command[1].split()]) == 0
    assert "default: 50" in person.console.spec.read_text()
    assert "says so already" in person.get("/promote/smtp_host").text


def test_what_can_not_be_promoted_says_why(person) -> None:
    assert "sensitive" in str(Text(person.get("/promote/api_key").text))
    assert person.get("/promote/no_such").status_code == 404


def test_drift_license_and_services(person) -> None:
    person.console.put("theme", "dark")
    person.console.call("DELETE", "/api/v1/config/ratio")
    drift = str(Text(person.get("/drift").text))
    assert "1 edited live" in drift
    assert "theme" in drift
    assert "ratio" in drift
    assert "1 edited live" in person.get("/drift/summary").text
    license_ = str(Text(person.get("/license").text))
    for word in ("community", "professional", "sso", "users", "unlimited"):
        assert word in license_
    services = person.get("/services")
    assert "external reaches by" in services.text
    picture = person.get("/services.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert "unsafe-inline" not in picture.headers["content-security-policy"]


def test_where_a_value_comes_from(person) -> None:
    console = person.console
    console.sql(
        "INSERT INTO config (config_key, config_value, config_type, category) "
        "VALUES ('own', 'x', 'string', 'own')"
    )
    assert "not in the spec" in str(Text(person.get("/settings/own").text))
    assert "from the spec" in str(Text(person.get("/settings/theme").text))
    console.spec.write_text(console.spec.read_text().replace("default: localhost", "default: mail"))
    with running(console.spec, console.spec.parent, local=True) as other:
        someone = Person(other)
        someone.log_in()
        assert "not applied yet" in str(Text(someone.get("/settings/smtp_host").text))
        assert "Set back" in str(Text(someone.get("/settings/enforced").text))
        assert "the next apply sets it back" in str(Text(someone.get("/settings/enforced").text))


def test_many_settings_are_shown_by_pages(person) -> None:
    rows = ", ".join(f"('many_{n:03}', '{n}', 'integer', 'many')" for n in range(120))
    person.console.sql(
        f"INSERT INTO config (config_key, config_value, config_type, category) VALUES {rows}"
    )
    first = person.get("/settings?category=many").text
    assert "Page 1 of 3" in str(Text(first))
    assert "many_049" in first
    assert "many_050" not in first
    assert "many_119" in person.get("/settings?category=many&page=3").text
    for page in ("0", "-1", "x", "99999999999999999999", "1e3", "²"):
        assert person.get(f"/settings?category=many&page={page}").status_code == 200


def test_logging_out_ends_the_session(person) -> None:
    old = dict(person.cookies)
    page = person.get("/settings").text
    assert person.send(page, "/logout").headers["location"] == "/login"
    person.cookies = old
    assert person.get("/settings").status_code == 303
