# SPDX-License-Identifier: ISC
"""capture.sample: flows that are left out pass unread, each with the records that say
so; which ones they are follows from their ids."""

import hashlib
import json
import subprocess
import unittest

from harness import DAEMON, Daemon, Forwarder, Nginx, Test, get

SECRET = "s3cr3t-of-the-test"


def is_taken(flow, one_of):
    """As sightglass.yaml(5) has it."""
    digest = hashlib.sha256(flow.encode()).digest()
    return int.from_bytes(digest[:8], "big") % one_of == 0


class Sample(Test):
    def start(self, *settings, http2=False, tls=True):
        self.ca = self.certificates()
        nginx = Nginx(self, self.ca.server() if tls else None, http2=http2)
        nginx.put("a", b"what was asked for\n")
        self.scheme = "https" if tls else "http"
        self.daemon = Daemon(self, *settings, trust=self.ca.ca)
        self.port = Forwarder(self, self.daemon, nginx.port).port

    def ask(self, version="--http1.1"):
        done = subprocess.run(
            ["curl", "-sS", version, "--cacert",
             self.daemon.path("ca", "sightglass-ca.pem"),
             f"{self.scheme}://localhost:{self.port}/a?token={SECRET}"],
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.stdout, "what was asked for\n", done.stderr)

    def check_left_out(self, records, protocol):
        """Of one flow that is."""
        self.assertNotIn(SECRET, json.dumps(records))
        self.assertEqual([r for r in records if "http" in r], [])
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertIs(get(flow, "sightglass.sampled"), False)
        self.assertEqual(get(flow, "sightglass.protocol"), protocol)
        self.assertEqual(get(flow, "sightglass.decision"), "inspect")
        self.assertIsNone(get(flow, "sightglass.first"))
        self.assertGreater(get(flow, "sightglass.bytes")["server"], 100)

    def test_each_flow_is_read_or_left_out_by_its_id(self):
        self.start("capture.sample=3")
        for _ in range(20):
            self.ask()
        records = self.daemon.stop()
        flows = {r["sightglass"]["flow"]: r for r in records
                 if r["event"]["dataset"] == "sightglass.flow"}
        self.assertEqual(len(flows), 20)
        tls = {r["sightglass"]["flow"]: r for r in records
               if r["event"]["dataset"] == "sightglass.tls"}
        read = {r["sightglass"]["flow"] for r in records if "http" in r}
        self.assertEqual(tls.keys(), flows.keys())
        self.assertEqual(read, {f for f in flows if is_taken(f, 3)})
        for name, flow in flows.items():
            expected = None if name in read else False
            self.assertIs(get(flow, "sightglass.sampled"), expected)
            self.assertIs(get(tls[name], "sightglass.sampled"), expected)
            self.assertEqual(get(flow, "sightglass.exchanges"),
                             1 if name in read else None)

    def test_what_is_left_out_of_http2(self):
        self.start("capture.sample=0", http2=True)
        self.ask("--http2")
        self.check_left_out(self.daemon.stop(), "http2")

    def test_what_is_left_out_in_the_clear(self):
        self.start("capture.sample=0", tls=False)
        self.ask()
        self.check_left_out(self.daemon.stop(), "http")

    def test_a_host_has_its_own_number(self):
        self.start("capture.sample=0", "capture.sample_hosts=localhost=1 127.0.0.1=0")
        self.ask()
        records = self.daemon.stop()
        self.assertEqual(len([r for r in records if "http" in r]), 1)
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertIsNone(get(flow, "sightglass.sampled"))

    def test_a_host_that_is_never_read(self):
        self.start("capture.sample_hosts=localhost=0")
        self.ask()
        self.check_left_out(self.daemon.stop(), "http")

    def test_what_is_relayed_says_nothing_of_it(self):
        self.start("capture.sample=0", "policy.splice=localhost")
        self.daemon.path("ca", "sightglass-ca.pem")
        done = subprocess.run(
            ["curl", "-sS", "--cacert", self.ca.ca,
             f"https://localhost:{self.port}/a"], capture_output=True, text=True,
            timeout=60, check=False)
        self.assertEqual(done.stdout, "what was asked for\n", done.stderr)
        for record in self.daemon.stop():
            self.assertIsNone(get(record, "sightglass.sampled"))

    def test_a_rule_that_is_wrong_is_named(self):
        done = subprocess.run(
            [DAEMON, "-n", "-d", self.directory, "-o", "user=root", "-o",
             "capture.sample_hosts=a.example=1%"], capture_output=True, text=True,
            check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("capture.sample_hosts: rule 'a.example=1%': expected a number "
                      "up to 1000000 behind the =", done.stderr)


if __name__ == "__main__":
    unittest.main()
