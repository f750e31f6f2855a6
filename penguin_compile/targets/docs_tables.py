"""The parts of the reference page that the config table and the license bring."""

from __future__ import annotations

import json
from collections.abc import Iterator

from penguin_compile.model.app import App
from penguin_compile.model.license import License
from penguin_compile.model.setting import JsonValue, Manage, Setting, Unset, stored_text
from penguin_compile.targets.license import entitlements
from penguin_compile.targets.markdown_text import block, cell_code, code, prose, table
from penguin_compile.targets.runtime import check_fields

_LONG = 40  # characters of a default that still fit into a cell
_YES = "✓"


def settings_lines(app: App) -> Iterator[str]:
    """A table for each category, and below it the defaults that no cell holds."""
    categories: dict[str, list[Setting]] = {}
    for setting in app.settings.values():
        categories.setdefault(setting.category, []).append(setting)
    heads = ("Key and variable", "Type", "Default", "Description")
    for category, members in categories.items():
        yield from ("", f"## Settings: {prose(category, ' ')}", "")
        yield from table(heads, map(_setting_row, members))
        for setting in members:
            if (text := _shown_default(setting)) is not None and len(text) > _LONG:
                yield from ("", f"Default of {code(setting.key)}:", "")
                yield from _default_block(setting, text)


def _setting_row(setting: Setting) -> tuple[str, ...]:
    """Few columns: a table that is wider than the page hides what stands on the right."""
    return (
        f"{code(setting.key)}<br>{code(setting.variable)}",
        "<br>".join((setting.type.value, *_checks(setting), *_managed(setting))),
        _default(setting),
        prose(setting.description or ""),
    )


def _managed(setting: Setting) -> list[str]:
    """How apply treats it, where that is not the usual way."""
    return [] if setting.manage is Manage.MERGE else [f"manage {code(setting.manage.value)}"]


def _default(setting: Setting) -> str:
    if setting.sensitive:
        return "secret, required" if setting.required else "secret"
    text = _shown_default(setting)
    if text is None:
        return "required" if setting.required else ""
    return cell_code(text) if len(text) <= _LONG else "see below"


def _shown_default(setting: Setting) -> str | None:
    if setting.sensitive or isinstance(setting.default, Unset):
        return None
    if isinstance(setting.default, str) and setting.type.stored == "string":
        return visible(setting.default)
    return stored_text(setting.type, setting.default)


def _default_block(setting: Setting, text: str) -> Iterator[str]:
    if setting.type.stored != "json":
        return block(text)
    return block(json.dumps(setting.default, indent=2, ensure_ascii=False), "json")


def _checks(setting: Setting) -> Iterator[str]:
    fields = {} if setting.check is None else check_fields(setting.check)
    for name, value in fields.items():
        if name == "schema":
            yield "JSON Schema"
        else:
            yield f"{name} {cell_code(value if isinstance(value, str) else _json(value))}"


def visible(text: str) -> str:
    """A text as it is, or in quotes where one could not see what it is."""
    return text if text.isprintable() and text.strip() == text != "" else _json(text)


def _json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)


def license_lines(app: App) -> Iterator[str]:
    """Features and limits against tiers; nothing for an app without a license."""
    if app.license is None:
        return
    mode = "on: a missing license is an error" if app.license.release_mode else "off"
    yield from ("", "## License", "")
    server = f"{code(app.license.product)} at {code(app.license.server_url)}"
    yield f"Product {server}; release mode is {mode}."
    yield from _features(app.license)


def _features(license_: License) -> Iterator[str]:
    tiers = entitlements(license_)["tiers"]
    names = [prose(one["name"], " ") for one in tiers]
    granted = [set(one["features"]) for one in tiers]
    if license_.features:
        rows = (
            (
                code(one.name),
                *(_YES if one.name in features else "" for features in granted),
                prose(one.description or "") + (" (AI)" if one.ai else ""),
            )
            for one in license_.features
        )
        yield from ("", *table(("Feature", *names, "Description"), rows))
    limits = dict.fromkeys(name for one in tiers for name in one["limits"])
    if limits:
        cells = (
            (code(name), *(str(one["limits"].get(name, "")) for one in tiers)) for name in limits
        )
        yield from ("", *table(("Limit", *names), cells))
