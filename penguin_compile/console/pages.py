"""The settings page and what stands beside it: drift, license, services.

Server-rendered; HTMX swaps a row in place where scripts run, plain forms and links do without.
"""

from __future__ import annotations

import shlex
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from penguin_compile.console.browsing import PAGE, Wish
from penguin_compile.console.drift import Drift, count_edits, find_console_drift
from penguin_compile.console.entry import Entry
from penguin_compile.console.forms import make_control, plain_breaks, read_form
from penguin_compile.console.principal import Denied
from penguin_compile.console.promoting import propose
from penguin_compile.console.sessions import LoggedIn
from penguin_compile.console.store import Author, Moved, NotHere, Page, tell
from penguin_compile.console.values import InvalidValue
from penguin_compile.console.views import (
    events,
    feature_rows,
    limit_rows,
    settled_text,
    show_value,
    templates,
)
from penguin_compile.core.errors import PenguinError
from penguin_compile.live.config.row import KIND
from penguin_compile.model.setting import Manage
from penguin_compile.report.graph import build_graph
from penguin_compile.report.graph_svg import render_graph_svg

if TYPE_CHECKING:
    from penguin_compile.console.application import Console

_MOST_SHOWN: Final = 200  # whole lists, as one session saw them
_MOST_RENDERED: Final = 20_000  # rows of a list, a kilobyte each
NO_SESSION: Final = "no session"
_MOVED: Final = (
    "Somebody changed this setting while you were editing it. What is there now is shown below; "
    "your value is still in the field."
)


class Pages:
    """Renders pages for a session."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.store = console.store
        self._rendered: dict[tuple[Any, ...], str] = {}
        self._shown: dict[tuple[Any, ...], bytes] = {}
        self._picture = render_graph_svg(build_graph(console.store.app))

    def require(self, request: Request) -> LoggedIn:
        """The session, or Denied, which leads to the login page."""
        self.console.gate.check_client(request)
        session = self.console.gate.session(request)
        if session is None:
            raise Denied(401, "Please log in", reason=NO_SESSION)
        return session

    async def require_form(self, request: Request) -> tuple[LoggedIn, dict[str, str]]:
        """The session and the fields of a form that our own page sent."""
        session = self.require(request)
        form = dict(await read_form(request))
        self.console.gate.check_csrf(request, session, form.get("csrf"))
        return session, form

    def render(
        self, name: str, session: LoggedIn | None, status: int = 200, **said: Any
    ) -> HTMLResponse:
        """A page, or a part of one."""
        app = self.store.app
        text = (
            templates()
            .get_template(name)
            .render(
                app=app,
                environment=app.environment,
                user=None if session is None else session.principal.name,
                csrf="" if session is None else session.csrf,
                **said,
            )
        )
        return HTMLResponse(text, status)

    # Settings.

    def overview(self, session: LoggedIn, query: Any, *, part: bool) -> HTMLResponse:
        """The list, or as much of it as a search changes."""
        wish = _wish(query)
        page = self.store.page(wish)
        seen = (session.csrf, wish, part, page.seen)
        if seen not in self._shown:
            if len(self._shown) >= _MOST_SHOWN:
                self._shown.clear()
            self._shown[seen] = self._render_overview(session, wish, page, part=part)
        return HTMLResponse(self._shown[seen])

    def _render_overview(self, session: LoggedIn, wish: Wish, page: Page, *, part: bool) -> bytes:
        pages = max(1, -(-page.total // PAGE))
        name = "found.html.j2" if part else "settings.html.j2"
        answer = self.render(
            name,
            session,
            here="settings",
            wish=wish,
            page=page,
            sections=self._sections(page),
            pages=pages,
            everything=sum(page.categories.values()),
            link=lambda **changed: _link(wish, **changed),
        )
        return bytes(answer.body)

    def _sections(self, page: Page) -> list[tuple[str, list[str]]]:
        """The rows of each category, rendered: once for each state of row and ledger."""
        sections: dict[str, list[str]] = {}
        place = page.rows.names.index("category") if "category" in page.rows.names else None
        for key, row in page.rows.tuples.items():
            seen = (row, page.ledger.rows.get(f"{KIND}/{key}"))
            shown = self._rendered.get(seen)
            if shown is None:
                if len(self._rendered) >= _MOST_RENDERED:
                    self._rendered.clear()
                shown = self._row_text(self.store.entry(page, key))
                self._rendered[seen] = shown
            category = "" if place is None or row[place] is None else str(row[place])
            sections.setdefault(category, []).append(shown)
        return list(sections.items())

    def _row_text(self, entry: Entry, *, announced: str = "", fresh: bool = False) -> str:
        row = templates().get_template("row.html.j2")
        return row.render(one=entry, announced=announced, fresh=fresh)

    def show(self, session: LoggedIn, key: str, query: Any) -> HTMLResponse:
        """One setting: all about it, or a part for the list."""
        entry = self.store.find(key)
        match query.get("part"):
            case "editor":
                return self.editor(session, entry)
            case "row":
                return self.row(entry)
        said = {"saved": f"{key} is saved", "reset": f"{key} is what the spec says again"}
        announced = next((said[one] for one in said if one in query), "")
        return self.detail(session, entry, announced=announced)

    def row(self, entry: Entry, announced: str = "") -> HTMLResponse:
        """One row of the list."""
        return HTMLResponse(self._row_text(entry, announced=announced, fresh=True))

    def editor(
        self,
        session: LoggedIn,
        entry: Entry,
        *,
        status: int = 200,
        typed: str | None = None,
        problems: tuple[str, ...] = (),
    ) -> HTMLResponse:
        """The form in place of a row."""
        control = make_control(entry, typed)
        return self.render(
            "editor.html.j2",
            session,
            status,
            one=entry,
            control=control,
            problems=problems,
            inline=True,
        )

    def detail(
        self,
        session: LoggedIn,
        entry: Entry,
        *,
        status: int = 200,
        typed: str | None = None,
        problems: tuple[str, ...] = (),
        announced: str = "",
    ) -> HTMLResponse:
        """All about one setting."""
        return self.render(
            "setting.html.j2",
            session,
            status,
            here="settings",
            one=entry,
            control=make_control(entry, typed),
            problems=problems,
            announced=announced,
            settled=settled_text(entry),
            enforced=entry.setting.manage is Manage.ENFORCE,
            history=events(self.store.history(entry.key)),
            inline=False,
        )

    def save(
        self, request: Request, session: LoggedIn, key: str, form: dict[str, str]
    ) -> HTMLResponse | RedirectResponse:
        """Write a value that was typed; the form again where it can't be taken."""
        part = _is_part(request)
        typed = plain_breaks(form.get("value", ""))
        author = Author(name=session.principal.name, via="console", seen={form.get("etag", "")})
        try:
            entry = self.store.change(key, typed, author)
        except (InvalidValue, Moved, NotHere) as error:
            problems, status = _problems(error)
            entry = self.store.find(key)
            shown = None if entry.sensitive else typed
            again = self.editor if part else self.detail
            return again(session, entry, status=status, typed=shown, problems=problems)
        if part:
            return self.row(entry, announced=f"{key} is saved")
        return RedirectResponse(f"{_path(key)}?saved=1", 303)

    def reset(self, session: LoggedIn, key: str, form: dict[str, str]) -> Response:
        """Write what the spec says."""
        author = Author(name=session.principal.name, via="console", seen={form.get("etag", "")})
        try:
            self.store.reset(key, author)
        except (Moved, NotHere, InvalidValue) as error:
            problems, status = _problems(error)
            return self.detail(session, self.store.find(key), status=status, problems=problems)
        return RedirectResponse(f"{_path(key)}?reset=1", 303)

    def promote(self, session: LoggedIn, key: str, chosen: int | None) -> HTMLResponse:
        """The change of the spec."""
        entry, problem, proposal = self.store.find(key), "", None
        try:
            proposal = propose(self.store.session, self.console.spec, key, chosen)
        except PenguinError as error:
            problem = tell(error)
        words = ["penguin-compile", "promote", f"config/{key}", str(self.console.spec)]
        command = shlex.join([*words, "--env", self.store.app.environment.name])
        if proposal is not None and proposal.flags:
            command = f"{command} {proposal.flags}"
        return self.render(
            "promote.html.j2",
            session,
            here="settings",
            one=entry,
            proposal=proposal,
            problem=problem,
            command=command,
        )

    # Beside the settings.

    def drift(self, session: LoggedIn) -> HTMLResponse:
        """Every live edit."""
        found: Drift = find_console_drift(self.store)
        return self.render(
            "drift.html.j2", session, here="drift", drift=found, show_value=show_value
        )

    def summary(self, session: LoggedIn) -> HTMLResponse:
        """How many edits there are, for the head of the list."""
        return self.render("summary.html.j2", session, edits=count_edits(self.store))

    def license(self, session: LoggedIn) -> HTMLResponse:
        """Tiers and features."""
        license_ = self.store.app.license
        return self.render(
            "license.html.j2",
            session,
            here="license",
            license=license_,
            features=[] if license_ is None else feature_rows(license_),
            limits=[] if license_ is None else list(limit_rows(license_)),
        )

    def services(self, session: LoggedIn) -> HTMLResponse:
        """Services and routes."""
        description = build_graph(self.store.app).describe()
        return self.render("services.html.j2", session, here="services", described=description)

    def picture(self) -> Response:
        """The same as a picture, whose style is named by its hash."""
        begin, end = self._picture.index("<style>") + 7, self._picture.index("</style>")
        digest = b64encode(sha256(self._picture[begin:end].encode()).digest()).decode()
        policy = f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"
        return Response(
            self._picture,
            media_type="image/svg+xml",
            headers={"Content-Security-Policy": policy},
        )


def read_number(text: str) -> int | None:
    """A small number from a query; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def _wish(query: Any) -> Wish:
    text = query.get("q", "").strip()[:200].replace("\0", "")
    return Wish(
        category=query.get("category", "").replace("\0", "") or None,
        text=text,
        page=max(1, read_number(query.get("page", "")) or 1),
    )


def _link(wish: Wish, **changed: Any) -> str:
    """The list with another page or category, the search kept."""
    fields = {"q": wish.text, "category": wish.category, "page": 1} | changed
    return "/settings?" + urlencode(
        {k: v for k, v in fields.items() if v and (k, v) != ("page", 1)}
    )


def _path(key: str) -> str:
    return f"/settings/{quote(key, safe='')}"


def _is_part(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def _problems(error: Exception) -> tuple[tuple[str, ...], int]:
    if isinstance(error, InvalidValue):
        return tuple(f"The value {one}" for one in error.details), 400
    if isinstance(error, Moved):
        return (_MOVED,), 412
    return (str(error),), 409
