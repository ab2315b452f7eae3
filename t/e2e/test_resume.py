# SPDX-License-Identifier: ISC
"""Sessions that go on: tickets that clients get from us, with real clients, and
what a ticket is not good for."""

import os
import re
import ssl
import subprocess
import threading

from harness import Daemon, Forwarder, Nginx, Test, ThreadServer, get

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def answer(connection):
    """One line back for each that comes."""
    while line := connection.recv(4096):
        connection.sendall(line)


class Resume(Test):
    def setUp(self):
        super().setUp()
        self.ca = self.certificates()
        self.pair = self.ca.server(names=("localhost", "other.test"))

    def daemon(self, *settings, **options):
        # Tickets are a worker's own, and so are sessions with servers.
        return Daemon(self, *settings, trust=self.ca.ca, workers=1, **options)

    def server(self, pair=None, version=None, alpn=None):
        """A server that sends back what it gets; its port."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*(pair or self.pair))
        if version:
            context.minimum_version = context.maximum_version = version
        if alpn:
            context.set_alpn_protocols(alpn)
        return ThreadServer(self, answer, context).port

    def context(self, daemon, version=None, alpn=None, verify=True):
        context = ssl.create_default_context(
            cafile=daemon.path("ca", "sightglass-ca.pem"))
        if version:
            context.minimum_version = context.maximum_version = version
        if alpn:
            context.set_alpn_protocols(alpn)
        if not verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    def connect(self, daemon, port, context, session=None, name="localhost",
                **options):
        """Whether one connection went on with the session, and what it leaves."""
        with context.wrap_socket(daemon.flow(port, **options), session=session,
                                 server_hostname=name) as s:
            s.sendall(b"hello\n")
            self.assertEqual(s.recv(4096), b"hello\n")
            return s.session_reused, s.session

    def legs(self, daemon, leg="client"):
        """What the records say of the leg, in the order of the connections."""
        return [get(r, f"sightglass.{leg}.resumed") for r in daemon.stop()
                if r["event"]["dataset"] == "sightglass.tls"]


class Tickets(Resume):
    def goes_on(self, version):
        daemon, port = self.daemon(), self.server()
        context = self.context(daemon, version)
        reused, session = self.connect(daemon, port, context)
        self.assertFalse(reused)
        for _ in range(3):
            reused, session = self.connect(daemon, port, context, session)
            self.assertTrue(reused)
        self.assertEqual(self.legs(daemon), [False, True, True, True])

    def test_a_client_of_tls_1_3_goes_on(self):
        self.goes_on(TLS13)

    def test_a_client_of_tls_1_2_goes_on(self):
        self.goes_on(TLS12)

    def openssl(self, port, *options):
        return subprocess.run(
            ["openssl", "s_client", "-connect", f"localhost:{port}", "-servername",
             "localhost", *options], input="Q\n", text=True, timeout=30,
            capture_output=True, check=False).stdout

    def test_openssl_reconnects(self):
        nginx, daemon = Nginx(self, self.pair), self.daemon()
        port = Forwarder(self, daemon, nginx.port).port
        said = self.openssl(port, "-reconnect", "-tls1_2")
        self.assertEqual(len(re.findall(r"^New, ", said, re.M)), 1, said)
        self.assertEqual(len(re.findall(r"^Reused, ", said, re.M)), 5, said)
        self.assertEqual(self.legs(daemon), [False] + [True] * 5)

    def test_openssl_goes_on_from_a_file(self):
        nginx, daemon = Nginx(self, self.pair), self.daemon()
        port = Forwarder(self, daemon, nginx.port).port
        path = os.path.join(self.directory, "session")
        get_x = "GET / HTTP/1.0\r\n\r\n"
        command = ["openssl", "s_client", "-connect", f"localhost:{port}",
                   "-servername", "localhost", "-tls1_3", "-ign_eof"]
        for option, said in (("-sess_out", "New"), ("-sess_in", "Reused")):
            done = subprocess.run([*command, option, path], input=get_x, text=True,
                                  timeout=30, capture_output=True, check=False)
            self.assertRegex(done.stdout, rf"(?m)^{said}, TLSv1.3", done.stderr)
        self.assertEqual(self.legs(daemon), [False, True])

    def test_gnutls_goes_on(self):
        nginx, daemon = Nginx(self, self.pair), self.daemon()
        port = Forwarder(self, daemon, nginx.port).port
        for priority in ("NORMAL:-VERS-TLS1.3", "NORMAL"):
            done = subprocess.run(
                ["gnutls-cli", "--resume", "--waitresumption", "--x509cafile",
                 daemon.path("ca", "sightglass-ca.pem"), "--priority", priority,
                 "-p", str(port), "localhost"], input="", text=True, timeout=30,
                capture_output=True, check=False)
            self.assertIn("This is a resumed session", done.stdout, done.stderr)
        self.assertEqual(self.legs(daemon), [False, True] * 2)

    def test_curl_goes_on(self):
        nginx, daemon = Nginx(self, self.pair), self.daemon()
        nginx.put("x", b"here\n")
        url = f"https://localhost:{Forwarder(self, daemon, nginx.port).port}/x"
        # Below TLS 1.3 curl asks for no ticket, and goes on by session ids alone.
        done = subprocess.run(
            ["curl", "-sS", "--cacert", daemon.path("ca", "sightglass-ca.pem"),
             "--tlsv1.3", "-H", "Connection: close", url, url],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout, "here\nhere\n", done.stderr)
        self.assertEqual(self.legs(daemon), [False, True])

    def test_no_tickets_when_their_life_is_none(self):
        daemon, port = self.daemon("client.ticket_life=0s"), self.server()
        for version in (TLS12, TLS13):
            context = self.context(daemon, version)
            _, session = self.connect(daemon, port, context)
            self.assertFalse(session is not None and session.has_ticket)
            self.assertFalse(self.connect(daemon, port, context, session)[0])

    def test_a_ticket_ends_with_its_life(self):
        daemon, port = self.daemon("client.ticket_life=1s"), self.server()
        for version in (TLS12, TLS13):
            context = self.context(daemon, version)
            _, session = self.connect(daemon, port, context)
            threading.Event().wait(2.1)  # the life is what is tested
            self.assertFalse(self.connect(daemon, port, context, session)[0])
        self.assertEqual(self.legs(daemon), [False] * 4)


class Bound(Resume):
    """A ticket stands for what a full handshake would have decided, no more."""

    def self_signed(self):
        key, certificate = self.ca.path("self.key"), self.ca.path("self.pem")
        self.ca.openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
            certificate, "-days", "5", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost")
        return certificate, key

    def not_good(self, first, then, versions=(TLS12, TLS13), **options):
        """A ticket from one server is of no use with another."""
        daemon = self.daemon()
        for version in versions:
            context = self.context(daemon, version, verify=False)
            _, session = self.connect(daemon, first, context)
            self.assertTrue(session.has_ticket)
            self.assertFalse(
                self.connect(daemon, then, context, session, **options)[0])
        self.assertEqual(self.legs(daemon), [False] * 2 * len(versions))

    def test_a_ticket_got_from_a_valid_server_for_an_invalid_one(self):
        self.not_good(self.server(), self.server(self.self_signed()))

    def test_a_ticket_got_from_an_invalid_server_for_a_valid_one(self):
        self.not_good(self.server(self.self_signed()), self.server())

    def test_another_name(self):
        port = self.server()
        self.not_good(port, port, name="other.test")

    def test_to_another_version(self):
        self.not_good(self.server(version=TLS13), self.server(version=TLS12),
                      versions=(None,))

    def test_from_another_version(self):
        self.not_good(self.server(version=TLS12), self.server(version=TLS13),
                      versions=(None,))

    def test_the_client_then_sees_what_is_wrong(self):
        valid, invalid = self.server(), self.server(self.self_signed())
        daemon = self.daemon()
        for version in (TLS12, TLS13):
            context = self.context(daemon, version)
            _, session = self.connect(daemon, valid, context)
            with self.assertRaises(ssl.SSLCertVerificationError):
                self.connect(daemon, invalid, context, session)

    def test_the_same_invalid_server_goes_on(self):
        daemon, port = self.daemon(), self.server(self.self_signed())
        context = self.context(daemon, verify=False)
        _, session = self.connect(daemon, port, context)
        self.assertTrue(self.connect(daemon, port, context, session)[0])

    def test_another_protocol(self):
        one = self.server(alpn=["http/1.1"])
        other = self.server(alpn=["h2"])
        daemon = self.daemon()
        context = self.context(daemon, alpn=["h2", "http/1.1"])
        _, session = self.connect(daemon, one, context)
        self.assertFalse(self.connect(daemon, other, context, session)[0])

    def test_another_worker(self):
        """It is not known there, and nothing else follows from that."""
        port = self.server()
        one, other = self.daemon(), None
        context = self.context(one, verify=False)
        _, session = self.connect(one, port, context)
        one.stop()
        other = self.daemon(directory=one.directory)
        self.assertFalse(self.connect(other, port, context, session)[0])
