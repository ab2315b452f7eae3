# SPDX-License-Identifier: ISC
"""A browser through the daemon: Chromium, with our CA in its own store, loads a
page of two hundred parts, and each request that the page counted is in the log."""

import collections
import json
import os
import shutil
import subprocess
import unittest

from fields import read as read_records
from harness import (CLI, NODE_LIBRARIES, PEERS, Daemon, Forwarder, Process, Test,
                     get, wait_for)

PEER = os.path.join(PEERS, "page.js")
# The program itself: what has its name on the path may be a script around it.
CHROMIUM = next((path for path in ("/usr/lib/chromium/chromium",
                                   shutil.which("chromium"),
                                   shutil.which("google-chrome"))
                 if path and os.path.exists(path)), None)
# Of a root's processes and in a namespace its own sandbox does not start. The rest
# keeps it from whatever it does by itself: nothing but localhost has an address.
OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-default-apps", "--disable-sync",
    "--disable-domain-reliability", "--disable-client-side-phishing-detection",
    "--no-pings", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"]
SAID = ["first", "grüße, " * 1000, "last"]
EVENTS = [f"event {n}" for n in range(1, 6)]


@unittest.skipUnless(CHROMIUM, "no Chromium here")
class Browser(Test):
    def setUp(self):
        super().setUp()
        self.home = os.path.join(self.directory, "home")
        self.environment = dict(os.environ, HOME=self.home)

    def serve(self, version):
        """A server of the page; (its port, the CA that it is from)."""
        ca = self.certificates()
        self.server = Process(self, ["node", PEER, *ca.server(), version], "server",
                              env=NODE_LIBRARIES)
        return int(wait_for(self.server.output, "node to listen").split()[0]), ca.ca

    def trust(self, state):
        """Puts the CA of a directory into the store of whose home this is."""
        store = os.path.join(self.home, ".pki", "nssdb")
        os.makedirs(store)
        subprocess.run(["certutil", "-d", "sql:" + store, "-N", "--empty-password"],
                       check=True)
        done = self.run_cli("ca", "trust", "--user", "-d", state, env=self.environment)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def browse(self, port, *around):
        """Loads the page; what it told when it was through."""
        browser = Process(
            self, [*around, CHROMIUM, *OPTIONS,
                   f"--user-data-dir={self.home}/profile", f"https://localhost:{port}/"],
            "chromium", env=self.environment)

        def told():
            self.assertIsNone(browser.process.poll(), "the browser has ended")
            return self.server.lines().splitlines()[1:]

        (line,) = wait_for(told, "the page to tell", 200)
        browser.end()
        return line

    def check(self, line, records, protocol):
        """That the log has what the page counted, and no other request."""
        told = json.loads(line)
        self.assertEqual((told["heard"], told["echoed"], told["ran"]),
                         (EVENTS, SAID, 50))
        self.http = [r for r in records if r["event"]["dataset"] == "sightglass.http"]
        by_itself = {"/events": "GET", "/told": "POST",
                     "/socket": "CONNECT" if protocol == "h2" else "GET"}
        counted = collections.Counter(
            (e["protocol"], e["url"], e["status"], e["bytes"])
            for e in told["entries"] if not e["url"].endswith("/events"))
        self.assertEqual(counted.total(), 202)  # the page, its parts, one that is not
        self.assertEqual(counted, collections.Counter(
            (protocol, get(r, "url.full"), get(r, "http.response.status_code"),
             get(r, "http.response.body.bytes"))
            for r in self.http if get(r, "url.path") not in by_itself))
        for path, method in by_itself.items():
            record = self.one(self.http, url__path=path)
            self.assertEqual(get(record, "http.request.method"), method)
        self.check_bodies(told["entries"])
        self.assertEqual(
            get(self.one(self.http, url__path="/told"), "http.request.body.content"),
            line)
        self.check_events(self.one(self.http, url__path="/events"))
        self.check_socket(records, self.one(self.http, url__path="/socket"))

    def check_bodies(self, entries):
        """What the browser unpacked, and what it posted."""
        decoded = {e["url"]: e["decoded"] for e in entries}
        for record in self.http:
            body = get(record, "http.response.body")
            if "content_encoding" in body:
                self.assertEqual(body["decoded_bytes"],
                                 decoded[get(record, "url.full")])
            if get(record, "http.request.method") == "POST" and \
                    get(record, "url.path") != "/told":
                n = int(get(record, "url.path").split("/")[-1].split(".")[0])
                self.assertEqual(get(record, "http.request.body.content"),
                                 f"n={n}&" + "y" * n)

    def check_events(self, record):
        self.assertEqual(get(record, "http.response.headers.content-type"),
                         ["text/event-stream"])
        self.assertEqual(get(record, "http.response.body.content"),
                         "".join(f"data: {e}\n\n" for e in EVENTS))
        self.assertEqual(get(record, "sightglass.incomplete"), "cut_response")

    def check_socket(self, records, upgrade):
        self.assertIs(get(upgrade, "sightglass.upgraded"), True)
        messages = [r for r in records
                    if r["event"]["dataset"] == "sightglass.websocket"]
        for key in "sightglass.flow", "sightglass.stream":
            self.assertEqual({get(m, key) for m in messages}, {get(upgrade, key)})
        for side in "client", "server":
            self.assertEqual([get(m, "websocket.content") for m in messages
                              if get(m, "websocket.from") == side],
                             [*SAID, "enough"])

    def through_the_bridge(self, version, protocol):
        port, ca = self.serve(version)
        daemon = Daemon(self, "capture.body=256 KiB", trust=ca)
        self.trust(daemon.directory)
        line = self.browse(Forwarder(self, daemon, port).port)
        self.check(line, daemon.stop(), protocol)

    def test_a_page_over_http_1(self):
        self.through_the_bridge("h1", "http/1.1")

    def test_a_page_over_http_2(self):
        self.through_the_bridge("h2", "h2")

    def test_a_page_in_exec_and_nothing_beside_it(self):
        port, ca = self.serve("h2")
        state = os.path.join(self.directory, "state")
        os.makedirs(state)
        with open(os.path.join(state, "sightglass.yaml"), "w", encoding="ascii") as out:
            out.write(f"upstream:\n  trust: {ca}\ncapture:\n  body: 256 KiB\n")
        self.environment.pop("SSL_CERT_FILE", None)
        around = [CLI, "exec", "-q", "-d", state, "--"]
        subprocess.run([*around, "true"], env=self.environment, check=True)
        self.trust(state)
        line = self.browse(port, *around)
        shown = self.run_cli("show", "-d", state, "-o", "json")
        records = read_records(shown.stdout)
        self.check(line, records, "h2")
        self.assertEqual({get(r, "process.executable") for r in self.http}, {CHROMIUM})
        for record in records:
            if record["event"]["dataset"] == "sightglass.flow":
                self.assertIn(get(record, "destination.ip"), ("127.0.0.1", "::1"))
                self.assertEqual(get(record, "destination.port"), port)


if __name__ == "__main__":
    unittest.main()
