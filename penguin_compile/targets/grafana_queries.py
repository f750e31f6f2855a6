"""What a panel of the dashboard asks in PromQL, and in which unit it shows the answer."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.model.prometheus import prometheus_label, prometheus_name, unit_word
from penguin_compile.model.telemetry import Metric

_QUANTILES = ("0.5", "0.95", "0.99")
# A service is what Prometheus calls a job: every series that it collects has that label.
_SELECTOR = '{job=~"$service"}'
_UNITS = {
    "nanoseconds": "ns",
    "microseconds": "µs",
    "milliseconds": "ms",
    "seconds": "s",
    "minutes": "m",
    "hours": "h",
    "days": "d",
    "bytes": "bytes",
    "kilobytes": "deckbytes",
    "megabytes": "decmbytes",
    "gigabytes": "decgbytes",
    "kibibytes": "kbytes",
    "mebibytes": "mbytes",
    "gibibytes": "gbytes",
    "bits": "bits",
    "percent": "percent",
    "ratio": "percentunit",
    "celsius": "celsius",
    "bytes_per_second": "binBps",
    "bits_per_second": "binbps",
}
_RATES = {"bytes": "binBps", "bits": "binbps"}


def queries(metric: Metric) -> Iterator[tuple[str, str]]:
    """What a panel asks in PromQL, and how it calls the answer."""
    name = prometheus_name(metric)
    labels = [prometheus_label(one) for one in metric.labels]
    by = f" by ({', '.join(labels)})" if labels else ""
    legend = " ".join(f"{{{{{one}}}}}" for one in labels) or metric.name
    match metric.type:
        case "counter":
            yield f"sum{by} ({_rate(name)})", legend
        case "histogram":
            for quantile in _QUANTILES:
                buckets = f"sum by (le) ({_rate(f'{name}_bucket')})"
                yield f"histogram_quantile({quantile}, {buckets})", _percentile(quantile)
        case "summary":
            average = f"sum{by} ({_rate(f'{name}_sum')}) / sum{by} ({_rate(f'{name}_count')})"
            yield average, f"mean {legend}"
            yield f"{name}{_SELECTOR}", f"{{{{quantile}}}} {legend}"
        case _:
            each = " ".join(f"{{{{{one}}}}}" for one in ("instance", *labels))
            yield f"{name}{_SELECTOR}", each


def _rate(series: str) -> str:
    return f"rate({series}{_SELECTOR}[$__rate_interval])"


def _percentile(quantile: str) -> str:
    return f"p{float(quantile) * 100:.0f}"


def unit(metric: Metric) -> str:
    """Grafana's id of a unit; a counter is seen as its rate."""
    word = unit_word(metric.unit)
    if metric.type == "counter":
        return "cps" if word is None else _RATES.get(word, f"suffix:{metric.unit}/s")
    return "short" if word is None else _UNITS.get(word, f"suffix:{metric.unit}")
