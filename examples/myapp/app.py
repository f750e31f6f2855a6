"""The integration standards' app: settings, license and telemetry by what its spec compiled to.

`run.py` starts it with all that stands beside it; by itself it is flask --app app run.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

from flask import Flask, Response, g, render_template, request

from penguin_compile.runtime import (
    continue_trace,
    open_license,
    open_settings,
    open_telemetry,
    requires_feature,
)

VERSION = "1.4.0"
COMPILED = Path(os.environ.get("MYAPP_COMPILED", "generated/myapp/dev"))
PUBLIC = ("page_title", "theme", "days_shown", "maintenance_mode", "smtp_host", "smtp_port")

app = Flask(__name__)
telemetry = open_telemetry(
    COMPILED / "telemetry" / "metrics.json", service="flask-api", version=VERSION
)
logging.basicConfig(level=logging.INFO, handlers=[telemetry.handler()])
settings = open_settings(COMPILED / "runtime" / "manifest.json")
license_ = open_license(
    COMPILED / "license" / "entitlements.json", version=VERSION, cache_file="license.json"
)


@app.before_request
def begin() -> tuple[str, int] | None:
    """Take up the caller's trace, and turn everyone away during maintenance."""
    g.began = time.monotonic()
    g.trace = ExitStack()
    g.trace.enter_context(continue_trace(request.headers.get("traceparent")))
    if settings.maintenance_mode and request.endpoint != "healthz":
        return render_template("maintenance.html", settings=settings.snapshot()), 503
    return None


@app.after_request
def measure(response: Response) -> Response:
    """Count the request and its time, by the metrics that the spec declares."""
    labels = {"endpoint": request.endpoint or "none", "status": str(response.status_code)}
    milliseconds = (time.monotonic() - g.began) * 1000
    telemetry.metric("http.requests.total", 1, labels=labels)
    telemetry.metric("http.request.duration_ms", milliseconds, labels=labels)
    return response


@app.teardown_request
def end(_error: BaseException | None) -> None:
    """Leave the trace that `begin` took up."""
    if trace := g.pop("trace", None):
        trace.close()


@app.get("/")
def calendar() -> str:
    """The calendar; all of a page is by the settings of one moment."""
    now = settings.snapshot()
    days = [date.today() + timedelta(days=ahead) for ahead in range(now.days_shown)]  # noqa: DTZ011
    sources = {key: settings.source(key) for key in PUBLIC}
    return render_template(
        "calendar.html", settings=now, days=days, sources=sources, license=license_
    )


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """What the gateway asks."""
    return {"status": "healthy"}


@app.get("/api/v1/settings")
def show_settings() -> dict[str, dict[str, object]]:
    """What a web page may know of the settings, and where each value is from."""
    now = settings.snapshot()
    return {key: {"value": now[key], "source": settings.source(key)} for key in PUBLIC}


@app.get("/api/v1/audit-log")
@requires_feature("audit_logs")
@telemetry.track("audit_log_read")
def audit_log() -> dict[str, object]:
    """A feature of the professional tier; 403 without it."""
    telemetry.metric("features.used", 1, labels={"feature": "audit_logs"})
    return {"entries": [{"who": "ada", "did": "moved the retrospective"}]}


@app.get("/api/v1/analytics")
@requires_feature("advanced_analytics")
@telemetry.track("analytics_read")
def analytics() -> dict[str, object]:
    """A feature of the enterprise tier; 403 without it."""
    telemetry.metric("features.used", 1, labels={"feature": "advanced_analytics"})
    return {"meetings_per_day": 2.5}
