# SPDX-License-Identifier: ISC
"""A worker verifies servers in its sandbox, from what it was sent: strace sees it
name no file in any handshake. As root, and Linux only."""

import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import unittest

from harness import (Certificates, Daemon, Process, Test, ThreadServer, get,
                     in_order, wait_for)


def answer(connection):
    while line := connection.recv(4096):
        connection.sendall(line)


def may_trace():
    if sys.platform != "linux" or shutil.which("strace") is None:
        return False
    done = subprocess.run(["strace", "-o", os.devnull, "true"], check=False,
                          capture_output=True)
    return done.returncode == 0 and os.geteuid() == 0


class Trace(Process):
    """strace on a process: each call that names a file, and each connection that
    is made, by which it is known to have looked."""

    def __init__(self, test, pid):
        self.path = os.path.join(test.directory, "trace")
        super().__init__(test, ["strace", "-f", "-p", str(pid), "-o", self.path,
                                "-e", "trace=%file,connect"], "strace")
        wait_for(lambda: "attached" in self.output() or
                 self.process.poll() is not None, "strace to be there")

    def calls(self):
        self.end(signal.SIGINT)
        with open(self.path, encoding="ascii", errors="replace") as lines:
            return [m[1] for line in lines
                    if (m := re.match(r"\d+ +(\w+\(.*)", line))]


def answer_page(connection):
    connection.recv(65536)
    page = "日本".encode("shift_jis")
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=sjis\r\n"
                       b"Content-Length: %d\r\n\r\n%s" % (len(page), page))


@unittest.skipUnless(may_trace(), "no strace, or it may not look at processes")
class Handshakes(Test):
    def setUp(self):
        super().setUp()
        self.ca = self.certificates()

    def server(self, pair, version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        if version:
            context.minimum_version = context.maximum_version = version
        return ThreadServer(self, answer, context).port

    def revocation_list(self):
        path = self.ca.path("crl.pem")
        config = self.ca.path("crl.cnf")
        open(self.ca.path("index"), "w", encoding="ascii").close()
        with open(config, "w", encoding="ascii") as out:
            out.write(f"[ca]\ndefault_ca=c\n[c]\ndatabase={self.ca.path('index')}\n"
                      "default_md=sha256\ndefault_crl_days=3\n")
        self.ca.openssl("ca", "-gencrl", "-config", config, "-cert", self.ca.ca,
                        "-keyfile", self.ca.path("ca.key"), "-out", path)
        return path

    def test_a_worker_names_no_file(self):
        good = self.ca.server()
        stranger = Certificates(os.path.join(self.directory, "other")).server()
        ports = [self.server(good), self.server(good, ssl.TLSVersion.TLSv1_2),
                 self.server(stranger)]
        daemon = Daemon(self, f"upstream.crl={self.revocation_list()}",
                        trust=self.ca.ca, workers=1)
        context = ssl.create_default_context(
            cafile=daemon.path("ca", "sightglass-ca.pem"))
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        trace = Trace(self, daemon.control("status")["workers"][0]["pid"])
        for port in ports:
            session = None
            for _ in range(2):  # in full, and with a session
                with context.wrap_socket(daemon.flow(port), session=session,
                                         server_hostname="localhost") as s:
                    s.sendall(b"hello\n")
                    self.assertEqual(s.recv(4096), b"hello\n")
                    session = s.session
        calls = trace.calls()
        self.assertEqual([c for c in calls if not c.startswith("connect(")], [],
                         calls)
        self.assertEqual(len([c for c in calls if "AF_INET" in c]), 2 * len(ports),
                         calls)
        tls = in_order(r for r in daemon.stop()
                       if r["event"]["dataset"] == "sightglass.tls")
        self.assertEqual(
            [(get(r, "sightglass.verification"), get(r, "sightglass.server.resumed"))
             for r in tls],
            [("ok", False), ("ok", True)] * 2 + [("bad_signature", False)] * 2)

    def test_nor_does_it_for_a_charset(self):
        port = ThreadServer(self, answer_page).port
        daemon = Daemon(self, workers=1)
        trace = Trace(self, daemon.control("status")["workers"][0]["pid"])
        with daemon.flow(port) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertIn(b"200 OK", s.recv(65536))
        http = self.one(daemon.stop(), event__dataset="sightglass.http")
        calls = trace.calls()
        self.assertEqual([c for c in calls if not c.startswith("connect(")], [],
                         calls)
        self.assertEqual(get(http, "http.response.body.content"), "日本")
