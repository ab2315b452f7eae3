# SPDX-License-Identifier: ISC
"""A browser that would hide its server's name (Encrypted Client Hello): it learns the
key over DNS over HTTPS, unless dns.strip_ech takes it away."""

import base64
import json
import os
import socket
import ssl
import struct
import subprocess
import threading
import unittest

from harness import CLI, Process, Test, get, loopback_address, wait_for
from test_browser import CHROMIUM, OPTIONS
from test_dns import Unbound

NAME, COVER = "hidden.test", "cover.test"


def configuration():
    """What the record says of the key: any point of X25519 will do, since nobody here
    can open what is encrypted to it."""
    content = (b"\x07" + struct.pack("!HH", 0x20, 32) + bytes(range(1, 33))
               + struct.pack("!HHH", 4, 1, 1) + b"\x00"
               + bytes([len(COVER)]) + COVER.encode() + b"\0\0")
    one = struct.pack("!HH", 0xfe0d, len(content)) + content
    return base64.b64encode(struct.pack("!H", len(one)) + one).decode()


class Page(threading.Thread):
    """A page at port 443 of an address of loopback."""

    def __init__(self, test, tls):
        super().__init__(daemon=True)
        self.address = loopback_address()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        self.context = context
        self.listener = socket.create_server((self.address, 443))
        self.asked = 0
        test.addCleanup(self.listener.close)
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            with self.context.wrap_socket(connection, server_side=True) as tls:
                if tls.recv(65536):
                    tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                                b"Content-Type: text/html\r\n\r\nhi")
                    self.asked += 1
                    tls.recv(1)
        except OSError:
            pass


@unittest.skipUnless(CHROMIUM and os.getuid() == 0, "no Chromium, or no port 443")
class Ech(Test):
    def browse(self, strip):
        """The names in the client hellos that went to the page."""
        home = os.path.join(self.directory, f"home-{strip}")
        state = os.path.join(self.directory, f"state-{strip}")
        os.makedirs(os.path.join(home, "profile"))
        os.makedirs(state)
        environment = dict(os.environ, HOME=home)
        environment.pop("SSL_CERT_FILE", None)
        with open(os.path.join(state, "sightglass.yaml"), "w", encoding="ascii") as out:
            out.write(f"upstream:\n  trust: {self.ca.ca}\n"
                      f"dns:\n  strip_ech: {str(strip).lower()}\n")
        with open(os.path.join(home, "profile", "Local State"), "w",
                  encoding="ascii") as out:
            json.dump({"dns_over_https": {"mode": "secure", "templates":
                       f"https://{self.resolver.address}/dns-query"}}, out)
        around = [CLI, "exec", "-q", "-d", state, "--"]
        subprocess.run([*around, "true"], env=environment, check=True)
        store = os.path.join(home, ".pki", "nssdb")
        os.makedirs(store)
        subprocess.run(["certutil", "-d", "sql:" + store, "-N", "--empty-password"],
                       check=True)
        done = self.run_cli("ca", "trust", "--user", "-d", state, env=environment)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        before = self.page.asked
        options = [o for o in OPTIONS if not o.startswith("--host-resolver")]
        browser = Process(
            self, [*around, CHROMIUM, *options,
                   "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE *.test, EXCLUDE 127.*",
                   f"--user-data-dir={home}/profile", f"https://{NAME}/"],
            f"chromium-{strip}", env=environment)
        wait_for(lambda: self.page.asked > before, "the browser to ask for the page", 120)
        browser.end()
        shown = self.run_cli("show", "-d", state, "-o", "json")
        self.records = [json.loads(line) for line in shown.stdout.splitlines()]
        return [get(r, "tls.client.server_name") for r in self.records
                if r["event"]["dataset"] == "sightglass.tls" and
                get(r, "destination.ip") == self.page.address]

    def test_the_name_is_not_hidden_where_it_is_stripped(self):
        self.ca = self.certificates()
        self.page = Page(self, self.ca.server("page", names=(NAME, COVER)))
        self.resolver = Unbound(self, [
            (NAME, "A", self.page.address),
            (NAME, "HTTPS", f"1 . alpn=http/1.1 ech={configuration()}")])
        names = self.browse(False)
        self.assertEqual(names[0], COVER, "the browser does not hide the name")
        names = self.browse(True)
        self.assertEqual(set(names), {NAME})
        marked = [get(r, "sightglass.dns.ech_stripped") for r in self.records
                  if r.get("dns_query_type") == "HTTPS" and r["dns_hostname"] == NAME]
        self.assertIn(True, marked)
        self.assertNotIn(None, marked)


if __name__ == "__main__":
    unittest.main()
