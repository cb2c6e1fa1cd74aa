"""A server that speaks the model hub's HTTP: listing, resolve with ETag and X-Repo-Commit, redirect to a store, ranges.

It is told how to misbehave: cut a transfer, send other bytes, refuse, stall. It counts what it was asked.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

COMMIT = "1234567890abcdef1234567890abcdef12345678"


@dataclass
class HubServer:
    """``files`` of each repository. ``cut_after``: bytes after which each of the next ``cuts`` transfers is cut off.
    ``status``: what everything is answered with. ``stalled``: transfers send nothing until the test ends."""

    files: dict[str, dict[str, bytes]]
    cut_after: int = 0
    cuts: int = 0
    status: int = 0
    spoilt: bool = False
    ranges_ignored: bool = False
    stalled: bool = False
    asked: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    address: str = ""
    ended: threading.Event = field(default_factory=threading.Event)

    def listing(self, repository: str) -> bytes:
        siblings = []
        for path, content in self.files[repository].items():
            blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            one: dict[str, object] = {"rfilename": path, "size": len(content), "blobId": blob}
            if path.endswith((".safetensors", ".bin")):
                sha256 = hashlib.sha256(content).hexdigest()
                one["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 134}
            siblings.append(one)
        return json.dumps({"id": repository, "sha": COMMIT, "siblings": siblings}).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: ClassVar[HubServer]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        hub = self.hub
        hub.asked.append(self.path)
        if hub.status:
            self._answer(hub.status, b"{}")
        elif found := re.fullmatch(r"/api/models/([^/]+/[^/?]+)(?:/revision/([^/?]+))?(?:\?.*)?", self.path):
            known = found[1] in hub.files and found[2] in (None, "main", COMMIT)
            self._answer(200, hub.listing(found[1])) if known else self._missing("RepoNotFound")
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self.path):
            repository, revision, path = found.groups()
            if revision not in ("main", COMMIT):
                self._missing("RevisionNotFound")
            elif path not in hub.files.get(repository, {}):
                self._missing("EntryNotFound")
            else:
                self._redirect(f"/store/{repository}/{path}", hub.files[repository][path])
        elif found := re.fullmatch(r"/store/([^/]+/[^/]+)/(.+)", self.path):
            self._send(hub.files[found[1]][found[2]])
        else:
            self._missing("EntryNotFound")

    def _redirect(self, place: str, content: bytes) -> None:
        headers = {
            "Location": self.hub.address + place,
            "X-Repo-Commit": COMMIT,
            "X-Linked-Size": str(len(content)),
            "X-Linked-ETag": f'"{hashlib.sha256(content).hexdigest()}"',
        }
        self._answer(302, b"", headers)

    def _send(self, content: bytes) -> None:
        hub = self.hub
        if hub.stalled:
            hub.ended.wait(20)
            return
        if hub.spoilt:
            content = bytes(byte ^ 1 for byte in content)
        start, status, headers = 0, 200, {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "Accept-Ranges": "bytes"}
        wanted = self.headers.get("Range")
        if wanted is not None:
            hub.ranges.append(wanted)
        if wanted is not None and not hub.ranges_ignored:
            start, status = int(wanted.removeprefix("bytes=").partition("-")[0]), 206
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        rest = content[start:]
        if hub.cuts and len(rest) > hub.cut_after:
            hub.cuts -= 1
            self._answer(status, rest[: hub.cut_after], headers, length=len(rest))
            self.close_connection = True
        else:
            self._answer(status, rest, headers)

    def _missing(self, code: str) -> None:
        self._answer(404, b"", {"X-Error-Code": code})

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None, length: int = -1) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length if length >= 0 else len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def hub_server(files: dict[str, dict[str, bytes]]) -> Iterator[HubServer]:
    hub = HubServer(files)
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
