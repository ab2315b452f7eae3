# SPDX-License-Identifier: ISC
"""What the tests of whole programs share: what a server says that it was asked,
against what is in the log."""

import collections
import os
import subprocess

from harness import Daemon, Forwarder, Test, get, in_order, wait_for

# What apache2 and nginx can each write of a request, in the order of asked().
APACHE_FORMAT = "%m %U%q %>s %B %H"
NGINX_FORMAT = "$request_method $request_uri $status $body_bytes_sent $server_protocol"


class Exchanges(Test):
    """A real server with a log of its own, and clients through the daemon."""

    def setUp(self):
        super().setUp()
        self.ca = self.certificates()
        self.pair = self.ca.server()
        self.access_log = os.path.join(self.directory, "access.log")

    def start(self, port, *settings):
        """The daemon before that port, and the URL under which clients find it."""
        self.daemon = Daemon(self, *settings, trust=self.ca.ca)
        self.our_ca = self.daemon.path("ca", "sightglass-ca.pem")
        self.port = Forwarder(self, self.daemon, port).port
        self.url = f"https://localhost:{self.port}"
        return self.url

    def run_client(self, *command, **options):
        done = subprocess.run(command, capture_output=True, text=True, timeout=90,
                              check=False, **options)
        self.assertEqual(done.returncode, 0,
                         f"{command}\n{done.stdout}{done.stderr}")
        return done.stdout

    def curl(self, *words):
        """In its words URL is the server's."""
        return self.run_client("curl", "-sS", "--max-time", "60", "--cacert",
                               self.our_ca, *(w.replace("URL", self.url)
                                              for w in words))

    def stop(self):
        """The http records, in the order in which their exchanges began."""
        self.records = self.daemon.stop()
        return in_order(r for r in self.records
                        if r["event"]["dataset"] == "sightglass.http")

    def asked(self):
        """The lines of access_log: method, target, status, bytes, version."""
        with open(self.access_log, encoding="utf-8") as text:
            lines = [tuple(line.split()) for line in text]
        # Of HEAD mod_http2 counts the body that it was given and did not send.
        return collections.Counter((*line[:3], "0", line[4]) if line[0] == "HEAD"
                                   else line for line in lines)

    def check_all_seen(self, http, least):
        """That what the server wrote of itself is what is in the log, and all."""
        seen = collections.Counter(as_served(r) for r in http)
        self.assertGreaterEqual(seen.total(), least)
        # A server writes its line when it is through, which may be later.
        wait_for(lambda: self.asked().total() >= seen.total(), "the server's log")
        self.assertEqual(seen, self.asked())
        for record in http:
            self.assertEqual(get(record, "url.domain"), "localhost")
            self.assertEqual(get(record, "url.port"), self.port)


def as_served(record):
    """A record in the words of asked()."""
    url, version = record["url"], get(record, "http.version")
    target = url["path"] + ("?" + url["query"] if "query" in url else "")
    return (get(record, "http.request.method"), target,
            str(get(record, "http.response.status_code")),
            str(get(record, "http.response.body.bytes")),
            "HTTP/2.0" if version == "2" else f"HTTP/{version}")
