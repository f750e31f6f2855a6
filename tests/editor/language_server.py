"""Drives yaml-language-server, the server behind YAML support in editors, over its standard input.

It is installed from tests/editor/package-lock.json.
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.node_packages import installed_packages

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
SERVER = "node_modules/yaml-language-server/bin/yaml-language-server"
PATIENCE = 20.0  # seconds that one answer may take


class LanguageServer:
    """One running server: requests that wait for their answer, and what it tells by itself."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        self._in = process.stdin
        self._process = process
        self._messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self._told: list[dict[str, Any]] = []
        self._number = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        output = self._process.stdout
        assert output is not None
        while line := output.readline():
            length = int(line.split(b":")[1])
            while output.readline().strip():
                pass
            self._messages.put(json.loads(output.read(length)))

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._in.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._in.flush()

    def notify(self, method: str, parameters: dict[str, Any]) -> None:
        self._send({"method": method, "params": parameters})

    def ask(self, method: str, parameters: dict[str, Any]) -> Any:
        """The result of a request; the server's own questions are answered on the way."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": parameters})
        while True:
            message = self._next()
            if message.get("id") == self._number and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def _next(self) -> dict[str, Any]:
        message = self._messages.get(timeout=PATIENCE)
        if "method" in message and "id" in message:
            wanted = message.get("params", {}).get("items", [])
            self._send({"id": message["id"], "result": [None for _ in wanted] or None})
        elif "method" in message:
            self._told.append(message)
        return message

    def diagnostics(self, uri: str) -> list[dict[str, Any]]:
        """What the server says of a document, as soon as it does."""
        while True:
            for message in self._told:
                told = message["params"]
                if message["method"].endswith("publishDiagnostics") and told["uri"] == uri:
                    self._told.remove(message)
                    return list(told["diagnostics"])
            self._next()

    def open(self, path: Path, text: str) -> str:
        """Open a document; its URI."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return path.as_uri()

    def at(self, method: str, uri: str, line: int, character: int) -> Any:
        """Ask about a place; lines and characters count from 0."""
        place = {"line": line, "character": character}
        return self.ask(method, {"textDocument": {"uri": uri}, "position": place})


@contextmanager
def running_server(folder: Path, settings: dict[str, Any]) -> Iterator[LanguageServer]:
    """A server that was greeted, and given the settings of an editor."""
    process = subprocess.Popen(
        ["node", str(installed_packages(HERE, "editor") / SERVER), "--stdio"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        server = LanguageServer(process)
        formats = {"contentFormat": ["markdown", "plaintext"]}
        capabilities = {"textDocument": {"hover": formats, "completion": {}}}
        server.ask(
            "initialize",
            {"processId": None, "rootUri": folder.as_uri(), "capabilities": capabilities},
        )
        server.notify("initialized", {})
        server.notify("workspace/didChangeConfiguration", {"settings": settings})
        yield server
        server.ask("shutdown", {})
        server.notify("exit", {})
        process.wait(10)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
