"""An OSCP 2.0 party of the Python family, on nothing but the standard library.

Its habits are those of the rows that protocol/oscp-2.0.md section 12 gives for PY: it calls back inside the handler, takes a
Register without correlation for a new one, spells the acknowledgement its own way, sends naive local times, short ids, and
answers 400 where others answer 501. Control is by lines of JSON on stdin, answered by lines on stdout.
"""

import datetime
import json
import secrets
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Party:
    def __init__(self, role, routes):
        self.role = role
        self.routes = routes | {"register", "handshake", "handshake_acknowledgment", "handshake_acknowledge", "heartbeat"}
        self.received = []
        self.issued = set()
        self.theirs = None
        self.mine_sent = set()
        self.online = False
        self.interval = None
        self.lock = threading.RLock()
        party = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                party.serve(self)

            do_PUT = do_DELETE = do_POST

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/oscp/{role}/2.0"

    # What others send us.

    def serve(self, handler):
        length = int(handler.headers.get("Content-Length") or 0)
        raw = handler.rfile.read(length)
        status, message = self.answer(handler, raw)
        body = b"" if message is None else json.dumps({"message": message, "errors": []}).encode()
        handler.send_response(status)
        if body:
            handler.send_header("Content-Type", "application/json")
        if status != 204:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if body:
            handler.wfile.write(body)

    def answer(self, handler, raw):
        name = handler.path.rsplit("/", 1)[1]
        entry = {"method": handler.command, "name": name, "headers": {k.lower(): v for k, v in handler.headers.items()}}
        self.received.append(entry)
        if name not in self.routes:
            return self.note(entry, 404, "not found")
        authorization = handler.headers.get("Authorization")
        if authorization is None:
            return self.note(entry, 401, "no token")
        if authorization.removeprefix("Token ") not in self.issued:
            return self.note(entry, 403, "wrong token")
        if handler.command == "DELETE":
            self.theirs = None
            return self.note(entry, 204)
        try:
            body = json.loads(raw)
        except ValueError:
            return self.note(entry, 400, "not json")
        entry["body"] = body
        try:
            return self.note(entry, *self.react(handler, name, body))
        except (KeyError, TypeError) as error:
            return self.note(entry, 500, f"internal: {error!r}")

    def note(self, entry, status, message=None):
        entry["status"] = status
        return status, message

    def react(self, handler, name, body):
        request = handler.headers.get("X-Request-ID")
        if name == "register":
            return self.react_register(handler, body, request)
        if name == "handshake":
            # Without the interval there is nothing to echo: the family answers 500 then.
            interval = body["required_behaviour"]["heartbeat_interval"]
            self.interval = interval
            threading.Timer(0.05, self.acknowledge, [interval]).start()
        if name.startswith("handshake_ack"):
            self.online = True
        return (204,)

    def react_register(self, handler, body, request):
        chosen = [entry for entry in body["version_url"] if entry["version"] == "2.0"]
        if not chosen:
            return 400, "no supported version"
        with self.lock:
            self.theirs = {"token": body["token"], "url": chosen[0]["base_url"]}
        is_new = handler.headers.get("X-Correlation-ID") not in self.mine_sent
        if handler.command == "POST" and is_new:
            # The token that it came with is deleted before the answer is known to have arrived.
            self.issued.discard(handler.headers["Authorization"].removeprefix("Token "))
            self.call("POST", "register", self.own_register(), correlation=request)
        return (204,)

    # What we send to others.

    def issue(self):
        token = secrets.token_urlsafe(32)
        self.issued.add(token)
        return token

    def own_register(self):
        return {"token": self.issue(), "version_url": [{"version": "2.0", "base_url": self.url}]}

    def acknowledge(self, interval):
        # No correlation, and no measurement_configuration although it is mandatory.
        self.call("POST", "handshake_acknowledgment", {"required_behaviour": {"heartbeat_interval": interval}})
        self.online = True

    def heartbeat(self, interval):
        at = datetime.datetime.now() + datetime.timedelta(seconds=3 * interval)
        return self.call("POST", "heartbeat", {"offline_mode_at": at.strftime("%Y-%m-%d %H:%M:%S")})

    def call(self, method, name, body, correlation=None):
        request = secrets.token_urlsafe(8)
        self.mine_sent.add(request)
        data = None if body is None else json.dumps(body).encode()
        message = urllib.request.Request(f"{self.theirs['url']}/{name}", data=data, method=method)
        message.add_header("Authorization", f"Token {self.theirs['token']}")
        message.add_header("X-Request-ID", request)
        message.add_header("Content-Type", "application/json")
        if correlation is not None:
            message.add_header("X-Correlation-ID", correlation)
        try:
            with urllib.request.urlopen(message, timeout=10) as answer:
                return {"status": answer.status, "body": answer.read().decode()}
        except urllib.error.HTTPError as error:
            return {"status": error.code, "body": error.read().decode()}

    # What the test asks of us.

    def run(self, extra=None):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        print(json.dumps({"url": self.url}), flush=True)
        for line in sys.stdin:
            order = json.loads(line)
            print(json.dumps(self.obey(order, extra or {})), flush=True)

    def obey(self, order, extra):
        what = order["do"]
        if what == "issue":
            return self.issue()
        if what == "begin":
            self.theirs = {"token": order["token"], "url": order["url"]}
            return self.call("POST", "register", self.own_register())
        if what == "handshake":
            demands = {"heartbeat_interval": order.get("interval", 60), "measurement_configuration": ["CONTINUOUS"]}
            return self.call("POST", "handshake", {"required_behaviour": demands})
        if what == "heartbeat":
            return self.heartbeat(order.get("interval", 60))
        if what == "unregister":
            return self.call("DELETE", "register", None)
        if what == "state":
            return {"online": self.online, "theirs": self.theirs, "received": self.received}
        return extra[what](order)
