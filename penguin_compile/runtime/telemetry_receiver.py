"""Requests to KillKrill's receivers, in both dialects, and what their failures mean.

Today's receivers read one JSON object per request and keep no credentials (`single`); those of the
standards read `{"logs": [...], "metrics": [...]}` (`batch`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from penguin_compile.runtime.telemetry_catalogue import BATCH
from penguin_compile.runtime.telemetry_entries import Entry, LogEntry, MetricEntry
from penguin_compile.runtime.telemetry_records import (
    Origin,
    combine_metrics,
    encode,
    make_log_record,
    make_metric_record,
    make_single_record,
)

if TYPE_CHECKING:
    import httpx

_LOG_PORT: Final = 8081
_METRIC_PORT: Final = 8082
_MOST_FAILURES: Final = 5
_BATCH_SIZE: Final = 500


class ReceiverDown(Exception):
    """No answer, or one that says to come again; what is not delivered is to be kept."""


class CredentialsRefused(Exception):
    """The receiver doesn't take who we are."""


class EntryRefused(Exception):
    """The receiver doesn't take what was sent, and wouldn't the next time."""


class Receiver:
    """Where entries go. `send` is for one thread; `check_health` for any."""

    def __init__(
        self,
        url: str,
        origin: Origin,
        *,
        dialect: str,
        credentials: tuple[str, str] | None = None,
        seconds: float = 5.0,
    ) -> None:
        """Open nothing yet. `seconds` bound one request."""
        self.url = url.rstrip("/")
        self.sent = 0
        self.refused = 0
        self._metrics_url = _find_metrics(self.url)
        self._origin = origin
        self._is_batch = dialect == BATCH
        self._credentials = credentials if self._is_batch else None
        self._seconds = seconds
        self._client: httpx.Client | None = None

    def send(self, entries: Sequence[Entry], go_on: Callable[[], bool]) -> list[Entry]:
        """Deliver them, as long as `go_on` says so; what is left.

        ReceiverDown and CredentialsRefused carry what is left as their second argument.
        """
        parts = list(self._divide(entries))
        for position, (group, url, body) in enumerate(parts):
            left = [entry for later, _, _ in parts[position:] for entry in later]
            if not go_on():
                return left
            try:
                self._post(url, body)
                self.sent += len(group)
            except EntryRefused:
                self.refused += len(group)
            except CredentialsRefused as error:
                raise CredentialsRefused(str(error), left) from None
            except ReceiverDown as error:
                raise ReceiverDown(str(error), left) from None
            except _Failed as error:
                if self._give_up(group):
                    self.refused += len(group)
                    continue
                raise ReceiverDown(str(error), left) from None
        return []

    def check_health(self, seconds: float = 2.0) -> bool:
        """Whether the receiver answers."""
        import httpx

        try:
            return httpx.get(f"{self.url}/healthz", timeout=seconds).is_success
        except (httpx.HTTPError, httpx.InvalidURL):
            return False

    def close(self) -> None:
        """Close the connection; another `send` opens one again."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def forget(self) -> None:
        """Leave a parent process its connection."""
        self._client = None

    def _divide(self, entries: Sequence[Entry]) -> Iterator[tuple[list[Entry], str, bytes]]:
        """The requests: what each delivers, where to, and its body."""
        logs = [one for one in entries if isinstance(one, LogEntry)]
        metrics = combine_metrics(one for one in entries if isinstance(one, MetricEntry))
        if self._is_batch:
            for start in range(0, max(len(logs), len(metrics)), _BATCH_SIZE):
                some_logs = logs[start : start + _BATCH_SIZE]
                some_metrics = metrics[start : start + _BATCH_SIZE]
                yield (
                    [*some_logs, *some_metrics],
                    self._log_url,
                    self._pack(some_logs, some_metrics),
                )
            return
        for log in logs:
            yield [log], self._log_url, encode(make_single_record(log, self._origin))
        for metric in metrics:
            url = f"{self._metrics_url}/api/v1/metrics"
            yield [metric], url, encode(make_metric_record(metric))

    @property
    def _log_url(self) -> str:
        return f"{self.url}/api/v1/logs"

    def _pack(self, logs: Sequence[LogEntry], metrics: Sequence[MetricEntry]) -> bytes:
        packed_logs = [encode(make_log_record(one, self._origin)) for one in logs]
        packed_metrics = [encode(make_metric_record(one)) for one in metrics]
        return b'{"logs": [%s], "metrics": [%s]}' % (
            b", ".join(packed_logs),
            b", ".join(packed_metrics),
        )

    def _post(self, url: str, body: bytes) -> None:
        import httpx

        if self._client is None:
            auth = None if self._credentials is None else httpx.BasicAuth(*self._credentials)
            self._client = httpx.Client(timeout=self._seconds, auth=auth)
        headers = {"Content-Type": "application/json"}
        try:
            answer = self._client.post(url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Not chained: a request's headers hold the credentials.
            problem = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise ReceiverDown(f"{self.url} can't be reached: {problem}") from None
        status = answer.status_code
        if answer.is_success:
            return
        if status in (401, 403):
            raise CredentialsRefused(f"{self.url} refuses the credentials (status {status})")
        if status in (500, 501):
            raise _Failed(f"{self.url} answers with status {status}")
        if answer.is_client_error and status not in (404, 408, 425, 429):
            raise EntryRefused(str(status))
        raise ReceiverDown(f"{self.url} answers with status {status}")

    @staticmethod
    def _give_up(group: Sequence[Entry]) -> bool:
        """Whether the receiver failed so often at the same entries that it may be these."""
        for entry in group:
            entry.failures += 1
        return all(entry.failures >= _MOST_FAILURES for entry in group)


class _Failed(Exception):
    """An error inside the receiver: an outage, or something that it can't digest."""


def _find_metrics(url: str) -> str:
    """The metrics receiver stands beside the log receiver, one port further."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return url
    if port != _LOG_PORT or parts.hostname is None:
        return url
    return parts._replace(netloc=parts.netloc.replace(f":{_LOG_PORT}", f":{_METRIC_PORT}")).geturl()
