# SPDX-License-Identifier: ISC
"""capture.rules: what is logged with its bodies, what without, and what is only
counted, by what real clients and servers say to each other."""

import http.client
import json
import os
import ssl
import subprocess
import unittest

from harness import (DAEMON, SOURCE, Daemon, Forwarder, Nginx, Process, Test, get,
                     wait_for)

# Below /said/ the request's body is read before it is answered.
LOCATIONS = """
    location /said/ {
        rewrite ^/said(/.*)$ $1 break;
        proxy_pass https://127.0.0.1:$server_port;
    }
    location /picture { default_type image/png; return 200 'not really one'; }
    location /page { default_type 'text/html; charset=utf-8'; return 200 'a page'; }
    location /broken { return 503 'no'; }
"""
SOCKETS = os.path.join(SOURCE, "t", "e2e", "peers", "websocket.js")
LIBRARIES = dict(os.environ, NODE_PATH="/usr/share/nodejs:/usr/lib/node_modules")


class Capture(Test):
    def start(self, *rules, http2=False, **options):
        """The daemon with these rules, and nginx behind it."""
        self.ca = self.certificates()
        nginx = Nginx(self, self.ca.server(), locations=LOCATIONS, http2=http2)
        quoted = " ".join(f'"{rule}"' for rule in rules)
        settings = [f"capture.rules={quoted}"] if rules else []
        self.daemon = Daemon(self, *settings, trust=self.ca.ca, **options)
        self.port = nginx.port
        self.curl_port = Forwarder(self, self.daemon, nginx.port).port

    def curl(self, *paths, options=(), port=None, version="--http1.1"):
        """Asks for all of them in one connection; what came passed unchanged."""
        port = port or self.curl_port
        done = subprocess.run(
            ["curl", "-sS", version, "--cacert",
             self.daemon.path("ca", "sightglass-ca.pem"), *options,
             *(f"https://localhost:{port}{path}" for path in paths)],
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def logged(self, records):
        """Of each exchange its path, and whether its answer has content."""
        return {get(r, "url.path"): (get(r, "http.response.body.content"),
                                     get(r, "sightglass.capture"))
                for r in records if r["event"]["dataset"] == "sightglass.http"}

    def counted(self, records):
        flow = self.one(records, event__dataset="sightglass.flow")
        return get(flow, "sightglass.exchanges"), get(flow, "sightglass.counted")


class Answers(Capture):
    def test_by_type_and_status(self):
        for version in "--http1.1", "--http2":
            with self.subTest(version):
                self.start("body status=5xx", "head type=image/*", "count type=text/*",
                           http2=version == "--http2")
                said = self.curl("/said/picture", "/said/page", "/said/broken",
                                 "/said/page", options=["-d", "a=b"],
                                 version=version)
                self.assertEqual(said, "not really onea pagenoa page")
                records = self.daemon.stop()
                self.assertEqual(self.logged(records), {
                    "/said/picture": (None, "head"), "/said/broken": ("no", None)})
                self.assertEqual(self.counted(records), (4, {"exchanges": 2}))
                picture = self.one(records, url__path="/said/picture")
                for side, count in ("request", 3), ("response", 14):
                    body = get(picture, f"http.{side}.body")
                    self.assertEqual(body, {"bytes": count, "truncated": True})
                broken = self.one(records, url__path="/said/broken")
                self.assertEqual(get(broken, "http.request.body.content"), "a=b")
                self.doCleanups()
                self.setUp()

    def test_an_answer_that_is_counted_is_nowhere_in_the_log(self):
        self.start("count status=200 type=text/html")
        self.curl("/page?secret-of-the-test")
        records = self.daemon.stop()
        self.assertNotIn("secret-of-the-test", json.dumps(records))
        self.assertEqual(self.counted(records), (1, {"exchanges": 1}))
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertIsNone(get(flow, "sightglass.first"))
        self.assertEqual(get(flow, "sightglass.protocol"), "http")

    def test_without_rules_all_is_logged(self):
        self.start()
        self.curl("/page")
        records = self.daemon.stop()
        self.assertEqual(self.logged(records), {"/page": ("a page", None)})
        self.assertEqual(self.counted(records), (1, None))


class Requests(Capture):
    def test_by_host_and_method(self):
        self.start("count host=*.example method=GET", "head host=10.0.0.0/8",
                   "count host=127.0.0.0/8 method=HEAD,PUT")
        self.curl("/page", options=["-H", "Host: a.example"])
        self.curl("/page", options=["-H", "Host: a.example", "-d", "x"])
        self.curl("/broken", options=["-I"])
        records = self.daemon.stop()
        (logged,) = [r for r in records if "http" in r]
        self.assertEqual(get(logged, "http.request.method"), "POST")
        self.assertEqual(get(logged, "http.response.body.content"), "a page")
        flows = [get(r, "sightglass.counted") for r in records
                 if r["event"]["dataset"] == "sightglass.flow"]
        self.assertCountEqual(flows, [None, {"exchanges": 1}, {"exchanges": 1}])

    def test_by_application(self):
        self.start("head app=/opt/*", "count app=/usr/bin/test-client")
        other = Forwarder(self, self.daemon, self.port, executable=b"/opt/a b/c").port
        self.curl("/page")
        self.curl("/page", port=other)
        records = self.daemon.stop()
        self.assertEqual(self.logged(records), {"/page": (None, "head")})
        record = self.one(records, event__dataset="sightglass.http")
        self.assertEqual(get(record, "process.executable"), "/opt/a b/c")

    def test_a_reload_is_for_the_flows_that_follow(self):
        self.start(workers=1)  # whoever answers has the settings
        context = ssl.create_default_context(
            cafile=self.daemon.path("ca", "sightglass-ca.pem"))
        client = http.client.HTTPSConnection("localhost", self.curl_port, timeout=60,
                                             context=context)
        self.addCleanup(client.close)
        for path in "/page?before", "/page?after":
            client.request("GET", path)
            self.assertEqual(client.getresponse().read(), b"a page")
            with open(self.daemon.path("sightglass.yaml"), "w", encoding="ascii") as out:
                out.write("capture:\n  rules: [count]\n")
            self.assertTrue(self.daemon.control("reload")["ok"])
        self.curl("/page?elsewhere")
        client.close()
        self.assertEqual({get(r, "url.query") for r in self.daemon.stop()},
                         {"before", "after", None})


class Sockets(Capture):
    def play(self, rule):
        ca = self.certificates()
        server = Process(self, ["node", SOCKETS, "serve", *ca.server(), "on"],
                         "server", env=LIBRARIES)
        port = int(wait_for(server.output, "node to listen").split()[0])
        daemon = Daemon(self, f'capture.rules="{rule}"', trust=ca.ca)
        port = Forwarder(self, daemon, port).port
        done = subprocess.run(
            ["node", SOCKETS, "ask", f"wss://localhost:{port}/talk",
             daemon.path("ca", "sightglass-ca.pem"), "on"], env=LIBRARIES,
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.stdout.split()[-2:], ["closed", "4000"], done.stderr)
        return daemon.stop()

    def test_messages_follow_what_upgraded(self):
        records = self.play("head status=101")
        messages = [r for r in records if "websocket" in r]
        self.assertEqual(len(messages), 15)
        for message in messages:
            self.assertIsNone(get(message, "websocket.content"), message)
            self.assertEqual(get(message, "sightglass.capture"), "head")
        codes = {get(m, "websocket.close_code") for m in messages}
        self.assertEqual(codes, {None, 4000})

    def test_messages_are_counted(self):
        records = self.play("count method=GET")
        self.assertEqual([r for r in records if "websocket" in r or "http" in r], [])
        self.assertEqual(self.counted(records), (1, {"exchanges": 1, "messages": 15}))


class Wrong(Test):
    def check(self, *options):
        done = subprocess.run([DAEMON, "-n", "-d", self.directory, "-o", "user=root",
                               *options], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr

    def test_a_rule_that_is_wrong_is_named_with_its_place(self):
        path = os.path.join(self.directory, "own.yaml")
        with open(path, "w", encoding="ascii") as out:
            out.write("capture:\n  rules:\n    - count host=a.example\n"
                      "    - 'head stauts=500'\n")
        said = self.check("-c", path)
        self.assertIn("capture.rules: line 4, column 13: 'stauts=500': expected "
                      "host=, app=, method=, status= or type=", said)

    def test_one_of_the_command_line_is_named_by_its_number(self):
        said = self.check("-o", 'capture.rules="head host=a" "head status=20"')
        self.assertIn("capture.rules: rule 2, column 13: '20': expected a status, as "
                      "in 404, 5xx or 400-499", said)


if __name__ == "__main__":
    unittest.main()
