"""A webhook endpoint on this machine, for the demo: it can be taken down and brought back."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "127.0.0.1"


class DemoReceiver:
    """Takes events on a free port and answers 200, or 503 while it is `down`."""

    def __init__(self) -> None:
        self.down = False
        self.heard: list[str] = []
        """The `webhook-id` of each event that it took, in order."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            """Answers one request."""

            protocol_version = "HTTP/1.1"
            timeout = 10

            def do_POST(self) -> None:
                """Take it, or say that it is down."""
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                down = receiver.down
                if not down:
                    receiver.heard.append(self.headers.get("webhook-id", ""))
                said = b"down for maintenance" if down else b"thank you"
                self.send_response(503 if down else 200)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_args: object) -> None:
                """Say nothing: the desk is on the screen."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{HOST}:{self._server.server_port}/crm"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="demo-receiver", daemon=True
        )

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answers no more."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
