# SPDX-License-Identifier: ISC
"""gRPC and gRPC-Web through the daemon: what was called, how it ended, and how much
was said either way, by the library of Python's programs and by curl."""

import base64
import json
import os
import struct
import subprocess
import unittest

from harness import SOURCE, Daemon, Forwarder, Process, Test, get, wait_for

PEER = os.path.join(SOURCE, "t", "e2e", "peers", "grpc_peer.py")
PYTHON = "/usr/bin/python3"  # the one that Debian's modules are of


def message(content, flag=0):
    return struct.pack("!BI", flag, len(content)) + content


class Calls(Test):
    def play(self, *names, settings=()):
        """The calls' records by method, once each has been made and has ended."""
        ca = self.certificates()
        server = Process(self, [PYTHON, PEER, "serve", *ca.server()], "server")
        port = int(wait_for(server.output, "the server to listen").split()[0])
        daemon = Daemon(self, *settings, trust=ca.ca)
        port = Forwarder(self, daemon, port).port
        done = subprocess.run(
            [PYTHON, PEER, "ask", str(port), daemon.path("ca", "sightglass-ca.pem"),
             *names], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.said = dict(line.split(" ", 1) for line in done.stdout.splitlines())
        http = [r for r in daemon.stop()
                if r["event"]["dataset"] == "sightglass.http"]
        self.assertEqual(len(http), len(names), http)
        for record in http:
            self.assertEqual(get(record, "grpc.service"), "sight.Glass")
        return {get(r, "grpc.method"): r for r in http}

    def check(self, record, status, request, response):
        """Status, and (messages, bytes, largest) either way."""
        code, name = status
        self.assertEqual(get(record, "grpc.status_code"), code)
        self.assertEqual(get(record, "grpc.status"), name)
        for side, (count, length, largest) in (("request", request),
                                               ("response", response)):
            said = get(record, "grpc." + side)
            self.assertEqual(
                (said["messages"], said["bytes"], said.get("largest")),
                (count, length, largest), record["grpc"])
            self.assertNotIn("error", said)

    def test_calls_and_streams_are_counted(self):
        calls = self.play("say", "count", "add", "echo")
        self.assertEqual(self.said, {"say": "said: hello", "count": "44850",
                                     "add": "70002", "echo": "onetwo"})
        ok = (0, "OK")
        self.check(calls["Say"], ok, (1, 5, 5), (1, 11, 11))
        self.check(calls["Count"], ok, (1, 3, 3), (300, 44850, 299))
        self.check(calls["Add"], ok, (3, 70002, 70000), (1, 5, 5))
        self.check(calls["Echo"], ok, (2, 6, 3), (2, 6, 3))
        self.assertEqual(get(calls["Say"], "http.response.trailers.x-end"), ["said"])
        self.assertEqual(get(calls["Say"], "http.response.trailers.grpc-status"),
                         ["0"])
        body = get(calls["Say"], "http.response.body")
        self.assertEqual(base64.b64decode(body["content"]) if
                         body["encoding"] == "base64" else body["content"].encode(),
                         message(b"said: hello"))
        # More than is captured, and yet all of it is counted.
        self.assertIs(get(calls["Add"], "http.request.body.truncated"), True)

    def test_nothing_need_be_captured_to_be_counted(self):
        calls = self.play("count", settings=["capture.body=0"])
        self.check(calls["Count"], (0, "OK"), (1, 3, 3), (300, 44850, 299))
        self.assertNotIn("content", get(calls["Count"], "http.response.body"))

    def test_compressed_messages_say_so(self):
        calls = self.play("zip")
        self.assertEqual(self.said["zip"], "said: z")
        request = get(calls["Say"], "grpc.request")
        self.assertEqual(request["encoding"], "gzip")
        self.assertEqual((request["messages"], request["compressed"]), (1, 1))
        self.assertLess(request["bytes"], 10000)

    def test_how_a_call_failed_is_told(self):
        calls = self.play("deny", "none")
        self.assertIn("PERMISSION_DENIED '100% denied: grüße", self.said["deny"])
        self.assertEqual(get(calls["Deny"], "grpc.status_code"), 7)
        self.assertEqual(get(calls["Deny"], "grpc.status"), "PERMISSION_DENIED")
        self.assertEqual(get(calls["Deny"], "grpc.message"), "100% denied: grüße\n")
        # An answer that is but a head.
        self.assertEqual(get(calls["None"], "grpc.status"), "UNIMPLEMENTED")
        self.assertIsNone(get(calls["None"], "http.response.trailers"))
        self.assertEqual(get(calls["None"], "grpc.response.messages"), 0)

    def test_a_redacted_message_is_in_no_place(self):
        calls = self.play("deny",
                          settings=["capture.redact_headers=grpc-message"])
        self.assertEqual(get(calls["Deny"], "grpc.message"), "[redacted]")
        self.assertNotIn("denied: gr", str(calls["Deny"]))

    def test_a_call_that_is_cancelled_has_no_status(self):
        calls = self.play("cancel")
        self.assertIn("first, then CANCELLED", self.said["cancel"])
        self.assertEqual(get(calls["Wait"], "sightglass.reset"),
                         {"by": "client", "error": "CANCEL"})
        self.assertIsNone(get(calls["Wait"], "grpc.status_code"))
        self.assertEqual(get(calls["Wait"], "grpc.response"),
                         {"messages": 1, "bytes": 5, "largest": 5})


WEB = message(b"hello web") + message(
    b"grpc-status: 5\r\ngrpc-message: no%20such%20thing\r\n", 0x80)
ANSWERS = {
    "binary": ("application/grpc-web+proto", WEB),
    "text": ("application/grpc-web-text", base64.b64encode(WEB[:14])
             + base64.b64encode(WEB[14:])),
    "broken": ("application/grpc-web", message(b"one") + b"<html>no gRPC</html>"),
}
SERVER = """
const answers = JSON.parse(process.argv[1]);
require("http").createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    const [type, body] = answers[request.url.split("/").pop()];
    response.setHeader("content-type", type);
    // In pieces, so that nothing comes whole.
    const bytes = Buffer.from(body, "base64");
    for (let i = 0; i < bytes.length; i += 7) response.write(bytes.subarray(i, i + 7));
    response.end();
  });
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); });
"""


class Web(Test):
    def ask(self, method, content_type, body):
        """The record of one call over HTTP/1.1; what curl got passed unchanged."""
        answers = {m: (t, base64.b64encode(b).decode())
                   for m, (t, b) in ANSWERS.items()}
        server = Process(self, ["node", "-e", SERVER, json.dumps(answers)], "server")
        port = int(wait_for(server.output, "node to listen").split()[0])
        daemon = Daemon(self)
        port = Forwarder(self, daemon, port).port
        done = subprocess.run(
            ["curl", "-sS", "-H", f"Content-Type: {content_type}", "--data-binary",
             "@-", f"http://localhost:{port}/behind/sight.Glass/{method}"],
            input=body, capture_output=True, timeout=60, check=False)
        self.assertEqual(done.stdout, ANSWERS[method][1], done.stderr)
        record = self.one(daemon.stop(), event__dataset="sightglass.http")
        self.assertEqual(get(record, "grpc.service"), "sight.Glass")
        self.assertEqual(get(record, "grpc.method"), method)
        return record

    def check(self, record):
        self.assertEqual(record["grpc"], {
            "service": "sight.Glass", "method": get(record, "grpc.method"),
            "status_code": 5, "status": "NOT_FOUND", "message": "no such thing",
            "request": {"messages": 1, "bytes": 5, "largest": 5},
            "response": {"messages": 1, "bytes": 9, "largest": 9}})
        self.assertEqual(get(record, "http.response.trailers"),
                         {"grpc-status": ["5"], "grpc-message": ["no%20such%20thing"]})

    def test_trailers_in_the_body_are_read(self):
        self.check(self.ask("binary", "application/grpc-web+proto",
                            message(b"world")))

    def test_text_is_read(self):
        self.check(self.ask("text", "application/grpc-web-text",
                            base64.b64encode(message(b"world"))))

    def test_broken_framing_says_so_and_passes(self):
        record = self.ask("broken", "application/grpc-web", message(b"world"))
        self.assertEqual(get(record, "grpc.response"),
                         {"messages": 1, "bytes": 3, "largest": 3,
                          "error": "wrong_flag"})
        self.assertIsNone(get(record, "grpc.status"))
        self.assertIsNone(get(record, "sightglass.incomplete"))


if __name__ == "__main__":
    unittest.main()
