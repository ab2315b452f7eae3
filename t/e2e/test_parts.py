# SPDX-License-Identifier: ISC
"""Bodies that are told in parts: those that are longer than one record holds, and
those that take long. What was logged of them, put together, is what passed."""

import base64
import gzip
import hashlib
import http.client
import json
import os
import subprocess
import time
import unittest

from fields import read as read_records
from harness import (CLI, Daemon, Forwarder, Nginx, Process, Test, ThreadServer, get,
                     wait_for)

MIB = 1 << 20
EVENTS = """
const server = require("http").createServer((request, response) => {
  response.writeHead(200, {"content-type": "text/event-stream"});
  let number = 0;
  const timer = setInterval(() => response.write(`data: event ${++number}\\n\\n`), 20);
  request.on("close", () => clearInterval(timer));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
"""


def raw(body):
    """What a record has of a body's content, as bytes."""
    content = body.get("content", "")
    return (base64.b64decode(content) if body.get("encoding") == "base64"
            else content.encode())


class Parts(Test):
    def start(self, port, *settings, **options):
        self.daemon = Daemon(self, *settings, **options)
        return Forwarder(self, self.daemon, port).port

    def curl(self, *arguments):
        done = subprocess.run(["curl", "-sS", "--max-time", "60", *arguments],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def logged(self):
        """The records so far, of a daemon that runs."""
        shown = self.run_cli("show", "-o", "json", "-d", self.daemon.directory)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        return read_records(shown.stdout)

    def of(self, records, dataset):
        return [r for r in records if r["event"]["dataset"] == "sightglass." + dataset]

    def joined(self, records, which):
        """The content of the one body there is: that in the first http record of its
        request, and the parts."""
        https = self.of(records, "http")
        whole = https[-1]
        whole_body = get(whole, f"http.{which}.body")
        content = raw(get(https[0], f"http.{which}.body"))
        parts = [r for r in self.of(records, "body") if get(r, f"http.{which}.body")]
        self.assertEqual(whole_body["parts"], len(parts))
        for number, part in enumerate(parts, 1):
            body = get(part, f"http.{which}.body")
            self.assertEqual(get(part, "sightglass.part"), number)
            self.assertEqual(body["offset"], len(content))
            self.assertEqual(body["bytes"], len(raw(body)))
            self.assertLessEqual(body["bytes"], 64 << 10)
            self.assertEqual(get(part, "sightglass.last"),
                             True if number == len(parts) else None)
            for name in "http.request.id", "sightglass.flow", "sightglass.stream":
                self.assertEqual(get(part, name), get(whole, name))
            content += raw(body)
        self.assertNotIn("truncated", whole_body)
        self.check_body(get(whole, "event.id"), which, content)
        return content

    def check_body(self, event, which, content):
        """The command puts them together, too."""
        done = subprocess.run([CLI, "body", f"--{which}", "-d", self.daemon.directory,
                               event], capture_output=True, check=False, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.check_same(done.stdout, content)

    def check_same(self, content, sent):
        """Without megabytes in the failure's words."""
        self.assertEqual(len(content), len(sent))
        self.assertEqual(hashlib.sha256(content).hexdigest(),
                         hashlib.sha256(sent).hexdigest())


class All(Parts):
    def fetched(self, sent, *options, nginx=None):
        nginx = nginx or Nginx(self)
        nginx.put("file", sent)
        port = self.start(nginx.port, "capture.body=all")
        self.assertEqual(self.curl(*options, f"http://localhost:{port}/file"), sent)
        records = self.daemon.stop()
        self.assertEqual(len(self.of(records, "http")), 1)
        return records

    def test_a_file_of_bytes(self):
        sent = os.urandom(5 * MIB + 12345)
        self.check_same(self.joined(self.fetched(sent), "response"), sent)

    def test_a_file_of_text(self):
        sent = "".join(f"{i}: größer, 大きい, 🔎\n" for i in range(160000)).encode()
        self.assertGreater(len(sent), 5 * MIB)
        records = self.fetched(sent)
        self.check_same(self.joined(records, "response"), sent)
        for part in self.of(records, "body"):
            self.assertEqual(get(part, "http.response.body.encoding"), "utf-8")

    def test_a_compressed_file(self):
        sent = "".join(f"line {i} of many\n" for i in range(300000)).encode()
        nginx = Nginx(self, locations="location /file { gzip on; gzip_types *; }")
        records = self.fetched(sent, "--compressed", nginx=nginx)
        self.check_same(self.joined(records, "response"), sent)
        body = get(self.of(records, "http")[0], "http.response.body")
        self.assertEqual(body["content_encoding"], "gzip")
        self.assertEqual(body["decoded_bytes"], len(sent))
        self.assertLess(body["bytes"], len(sent) // 2)

    def test_what_a_client_sends(self):
        nginx = Nginx(self, locations="location /up { return 204; }")
        port = self.start(nginx.port, "capture.body=all", "capture.inline=1 KiB")
        sent, path = os.urandom(MIB), os.path.join(self.directory, "sent")
        for name, bytes_ in (path, sent), (path + ".gz", gzip.compress(sent)):
            with open(name, "wb") as out:
                out.write(bytes_)
        self.curl("-H", "Expect:", "-H", "Content-Encoding: gzip", "--data-binary",
                  f"@{path}.gz", f"http://localhost:{port}/up")
        records = self.daemon.stop()
        self.check_same(self.joined(records, "request"), sent)
        self.assertNotIn("parts", get(self.of(records, "http")[0],
                                      "http.response.body"))

    def test_streams_beside_each_other(self):
        certificates = self.certificates()
        nginx = Nginx(self, tls=certificates.server(), http2=True)
        sent = {f"/{i}": os.urandom(300000 + i) for i in range(8)}
        for path, content in sent.items():
            nginx.put(path[1:], content)
        port = self.start(nginx.port, "capture.body=all", trust=certificates.ca)
        self.curl("--http2", "-Z", "--cacert",
                  self.daemon.path("ca", "sightglass-ca.pem"), *(
                      word for path in sent
                      for word in (f"https://localhost:{port}{path}", "-o", "/dev/null")))
        records = self.daemon.stop()
        for path, content in sent.items():
            one = self.one(self.of(records, "http"), url__path=path)
            self.assertEqual(one["http"]["version"], "2")
            mine = [r for r in records if get(r, "http.request.id")
                    == one["http"]["request"]["id"]]
            self.check_same(self.joined(mine, "response"), content)

    def test_secrets_stay_out_wherever_they_are(self):
        """Each somewhere else in its part, and some in two."""
        rows = [{"n": i, "password": f"hunter{i:05}", "more": "x" * (i % 97)}
                for i in range(20000)]
        sent = json.dumps(rows).encode()
        nginx = Nginx(self)
        nginx.put("secrets.json", sent)
        port = self.start(nginx.port, "capture.body=all",
                          "capture.redact_fields=password")
        self.assertEqual(self.curl(f"http://localhost:{port}/secrets.json"), sent)
        records = self.daemon.stop()
        self.assertNotIn("hunter", json.dumps(records))
        told = json.loads(self.joined(records, "response"))
        self.assertEqual(told, [dict(row, password="[redacted]") for row in rows])
        for part in self.of(records, "body"):
            self.assertIn("http.response.body.password",
                          get(part, "sightglass.redacted"))


class Long(Parts):
    """Exchanges that are not over for long."""

    def events(self, *settings):
        """A stream of events that is under way: who reads it."""
        server = Process(self, ["node", "-e", EVENTS], "server")
        port = self.start(int(wait_for(server.output, "node to listen").split()[0]),
                          "capture.interval=200 ms", *settings)
        return Process(self, ["curl", "-sSN", f"http://localhost:{port}/events"],
                       "curl")

    def parts_of(self, count):
        """So many of them, as soon as they are there."""
        def found():
            parts = self.of(self.logged(), "body")
            return len(parts) >= count and parts
        return wait_for(found, "parts of the stream in the log")

    def test_events_are_told_while_they_come(self):
        curl = self.events()
        wait_for(lambda: sum(raw(get(r, "http.response.body")).count(b"event")
                             for r in self.parts_of(3)) > 20, "more than twenty events")
        self.assertIsNone(curl.process.poll())
        records = self.logged()
        first = self.one(records, event__dataset="sightglass.http")
        self.assertEqual(get(first, "sightglass.incomplete"), "continues")
        self.assertEqual(get(first, "http.response.status_code"), 200)
        self.assertTrue(get(first, "http.response.body.content").startswith(
            "data: event 1\n\n"))
        self.assertEqual(get(first, "url.path"), "/events")
        curl.end()
        records = self.daemon.stop()
        whole = self.of(records, "http")[1]
        self.assertEqual(get(whole, "sightglass.incomplete"), "cut_response")
        self.assertEqual(get(whole, "sightglass.partials"), 1)
        self.assertEqual(get(whole, "http.request.id"), get(first, "http.request.id"))
        self.assertNotIn("content", get(whole, "http.response.body"))
        said = self.joined(records, "response").decode()
        self.assertEqual(get(whole, "http.response.body.bytes"), len(said))
        events = said.split("\n\n")[:-1]
        self.assertGreater(len(events), 20)
        self.assertEqual(events, [f"data: event {i + 1}" for i in range(len(events))])
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.exchanges"), 1)

    def test_a_worker_that_is_killed_leaves_what_was_told(self):
        self.events()
        told = self.parts_of(2)
        for worker in self.daemon.control("status")["workers"]:
            os.kill(worker["pid"], 9)
        records = self.daemon.stop()
        self.assertEqual([get(r, "sightglass.incomplete")
                          for r in self.of(records, "http")][:1], ["continues"])
        parts = self.of(records, "body")
        self.assertEqual(parts[:len(told)], told)

    def test_so_much_of_them_is_told_in_each_interval(self):
        curl = self.events("capture.body=100 B")
        parts = self.parts_of(3)
        curl.end()
        records = self.daemon.stop()
        first, whole = self.of(records, "http")
        self.assertEqual(get(first, "http.response.body.content")[:7], "data: e")
        self.assertIs(get(whole, "http.response.body.truncated"), True)
        for part in parts:
            self.assertLessEqual(get(part, "http.response.body.bytes"), 100)

    def test_a_slow_body_is_told_up_to_its_limit(self):
        """Its parts too are no more than the limit in all."""
        daemon_sees = []

        def answer(s):
            s.recv(65536)
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"a" * 800)
            for letter in b"b", b"c":
                daemon_sees.append(wait_for(lambda: self.told_bytes(), "it to be told"))
                s.sendall(letter * 700)
            s.sendall(b"d" * 800)

        server = ThreadServer(self, answer)
        port = self.start(server.port, "capture.interval=200 ms",
                          "capture.body=2000 B")
        self.curl(f"http://localhost:{port}/")
        records = self.daemon.stop()
        first, whole = self.of(records, "http")
        self.assertEqual(get(first, "http.response.body.content"), "a" * 800)
        self.assertEqual(get(whole, "http.response.body.bytes"), 3000)
        self.assertIs(get(whole, "http.response.body.truncated"), True)
        told = "".join(get(r, "http.response.body.content", )
                       for r in self.of(records, "body"))
        self.assertEqual(told, "b" * 700 + "c" * 500)

    def told_bytes(self):
        return self.of(self.logged(), "http")

    def test_short_exchanges_are_told_once(self):
        """Over one connection that lasts longer than each of them may."""
        nginx = Nginx(self)
        nginx.put("file", b"x" * 5000)
        port = self.start(nginx.port, "capture.interval=3 s")
        client = http.client.HTTPConnection("localhost", port, timeout=60)
        self.addCleanup(client.close)
        began, asked = time.monotonic(), 0
        while time.monotonic() < began + 4:
            client.request("GET", f"/file?{asked}")
            self.assertEqual(client.getresponse().read(), b"x" * 5000)
            asked += 1
            time.sleep(0.1)
        client.close()
        records = self.daemon.stop()
        self.assertEqual(len(self.of(records, "http")), asked)
        self.assertEqual(self.of(records, "body"), [])
        self.assertEqual(len(self.of(records, "flow")), 1)


if __name__ == "__main__":
    unittest.main()
