# SPDX-License-Identifier: ISC
"""Settings that hold for some hosts: what becomes of a server that does not
verify (upstream.invalid_hosts), with curl and real servers."""

import os
import ssl
import subprocess
import unittest

from harness import DAEMON, Daemon, Nginx, Test, in_order, wait_for
from test_bypass import Forwarder


class Hosts(Test):
    def setUp(self):
        super().setUp()
        self.ca = self.certificates()

    def configure(self, text, directory="d"):
        """Writes the settings that a daemon, and its reload, read."""
        directory = os.path.join(self.directory, directory)
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, "sightglass.yaml"), "w",
                  encoding="utf-8") as out:
            out.write(text)

    def reload(self, daemon):
        answer = daemon.control("reload")
        self.assertTrue(answer["ok"], answer)

    def tls(self, daemon):
        """What the TLS records say, in the order of the flows."""
        records = (r for r in daemon.stop()
                   if r["event"]["dataset"] == "sightglass.tls")
        return [r["sightglass"] for r in in_order(records)]

    def check(self, *settings):
        """What sightglassd -n says of them."""
        command = [DAEMON, "-n", "-d", self.directory, "-o", "user=root"]
        for setting in settings:
            command += ["-o", setting]
        return subprocess.run(command, capture_output=True, text=True, check=False)


class Invalid(Hosts):
    """A server that the daemon's roots do not know."""

    NAMES = ("mirror.test", "refuse.test", "allow.test")

    def setUp(self):
        super().setUp()
        self.nginx = Nginx(self, self.ca.server(names=self.NAMES))
        self.nginx.put("x", b"here\n")

    def curl(self, daemon, name):
        port = Forwarder(self, daemon, self.nginx.port).port
        return subprocess.run(
            ["curl", "-sS", "--max-time", "60", "--cacert",
             daemon.path("ca", "sightglass-ca.pem"), "--connect-to",
             f"::localhost:{port}", f"https://{name}/x"],
            capture_output=True, text=True, check=False)

    def test_each_host_has_its_verdict(self):
        for fallback in ("mirror", "refuse", "allow"):
            with self.subTest(fallback=fallback):
                self.configure(f"upstream:\n  invalid: {fallback}\n"
                               "  invalid_hosts:\n"
                               "    - mirror.test=mirror\n"
                               "    - refuse.test=refuse\n"
                               "    - allow.test=allow\n", fallback)
                daemon = Daemon(self, workers=1,
                                directory=os.path.join(self.directory, fallback))
                mirror, refuse, allow = (self.curl(daemon, n) for n in self.NAMES)
                self.assertEqual(mirror.returncode, 60, mirror.stderr)
                self.assertEqual(refuse.returncode, 35, refuse.stderr)
                self.assertEqual(allow.stdout, "here\n", allow.stderr)
                tls = self.tls(daemon)
                self.assertEqual([r["invalid"] for r in tls],
                                 ["mirror", "refuse", "allow"])
                for record in tls:
                    self.assertEqual(record["invalid_reason"], "policy_name")
                    self.assertEqual(record["verification"], "unknown_root")
        daemon = Daemon(self, "upstream.invalid=allow",
                        "upstream.invalid_hosts=127.0.0.0/8=refuse",
                        directory=os.path.join(self.directory, "address"))
        self.assertEqual(self.curl(daemon, "allow.test").returncode, 35)
        self.assertEqual(self.tls(daemon)[0]["invalid_reason"], "policy_address")

    def test_what_no_rule_covers_and_what_verifies(self):
        daemon = Daemon(self, "upstream.invalid_hosts=refuse.test=refuse")
        self.assertEqual(self.curl(daemon, "allow.test").returncode, 60)
        record = self.tls(daemon)[0]
        self.assertEqual((record["invalid"], record["invalid_reason"]),
                         ("mirror", "default"))
        daemon = Daemon(self, "upstream.invalid_hosts=allow.test=refuse",
                        trust=self.ca.ca,
                        directory=os.path.join(self.directory, "e"))
        self.assertEqual(self.curl(daemon, "allow.test").stdout, "here\n")
        self.assertNotIn("invalid", self.tls(daemon)[0])

    def test_a_reload_changes_the_verdict_and_drops_no_flow(self):
        self.configure("upstream:\n  invalid_hosts: [allow.test=allow]\n")
        daemon = Daemon(self, workers=1)
        context = ssl.create_default_context(
            cafile=daemon.path("ca", "sightglass-ca.pem"))
        with context.wrap_socket(daemon.flow(self.nginx.port),
                                 server_hostname="allow.test") as held:
            self.configure("upstream:\n  invalid_hosts: [allow.test=refuse]\n")
            self.reload(daemon)
            wait_for(lambda: self.curl(daemon, "allow.test").returncode == 35,
                     "the new rule to count")
            self.configure("upstream:\n  invalid_hosts: [allow.test=maybe]\n")
            answer = daemon.control("reload")
            self.assertFalse(answer["ok"])
            self.assertIn("upstream.invalid_hosts: rule 'allow.test=maybe': expected "
                          "mirror, refuse or allow", answer["error"])
            self.assertEqual(self.curl(daemon, "allow.test").returncode, 35)
            held.sendall(b"GET /x HTTP/1.0\r\n\r\n")
            self.assertIn(b"200 OK", held.recv(65536))
        verdicts = [r["invalid"] for r in self.tls(daemon)]
        self.assertEqual((verdicts[0], verdicts[-1]), ("allow", "refuse"))

    def test_the_check_names_a_mistake(self):
        done = self.check("upstream.invalid_hosts=port:443=allow")
        self.assertEqual(done.returncode, 2)
        self.assertIn("upstream.invalid_hosts: rule 'port:443=allow': only names",
                      done.stderr)


if __name__ == "__main__":
    unittest.main()
