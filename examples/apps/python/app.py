"""A page served by Python's standard library."""

import html
import os
import platform
import signal
import socket
import string
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

PAGE = string.Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
GREETING = os.environ.get("GREETING", "Hello")
INSTANCE = os.environ.get("HOSTNAME", socket.gethostname())
requests = count(1)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/":
            self.send_error(404)
            return
        values = {
            "app": "python",
            "language": "Python",
            "runtime": f"Python {platform.python_version()}, standard library only",
            "greeting": GREETING,
            "instance": INSTANCE,
            "requests": str(next(requests)),
        }
        body = PAGE.substitute({name: html.escape(value) for name, value in values.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass  # one line per request would hide the lines that matter


class Server(ThreadingHTTPServer):
    daemon_threads = False  # open requests are finished before the process ends


def main():
    server = Server(("", int(os.environ.get("PORT", "8080"))), Handler)

    def stop(number, frame):
        print(f"python: {signal.Signals(number).name}, stopping", flush=True)
        threading.Thread(target=server.shutdown).start()

    # The platform asks an instance to stop with SIGTERM: finish what is open, then go.
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"python: listening on port {server.server_port}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()


if __name__ == "__main__":
    sys.exit(main())
