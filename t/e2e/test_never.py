# SPDX-License-Identifier: ISC
"""What never happens on either leg, with real peers that ask for it (row 31 of
TLS-CASES): renegotiation, compression, early data."""

import os
import socket
import ssl
import struct
import subprocess
import unittest

from harness import Daemon, Process, Test, ThreadServer, free_port, get, wait_for
from hellos import ClientHello, Reader, made_hello, messages
from seen import row
from test_bypass import Forwarder

ILLEGAL_PARAMETER = 47


class Never(Test):
    def setUp(self):
        super().setUp()
        self.ca = self.certificates()
        self.pair = self.ca.server()

    def daemon(self, *settings):
        return Daemon(self, *settings, trust=self.ca.ca, workers=1)

    def s_server(self, *arguments, **options):
        port = free_port()
        server = Process(self, ["openssl", "s_server", "-accept", str(port), "-cert",
                                self.pair[0], "-key", self.pair[1], *arguments],
                         "s_server", cwd=self.directory, **options)

        wait_for(lambda: "ACCEPT" in server.output(), "s_server to listen")
        server.port = port
        return server

    def s_client(self, port, daemon, *arguments):
        """openssl's client, its standard input open: written to as it talks."""
        return Process(
            self, ["openssl", "s_client", "-connect", f"localhost:{port}",
                   "-servername", "localhost", "-CAfile",
                   daemon.path("ca", "sightglass-ca.pem"), *arguments],
            "s_client", stdin=subprocess.PIPE)

    def say(self, process, words):
        process.process.stdin.write(words)
        process.process.stdin.flush()

    def said(self, process, words):
        return wait_for(lambda: words in process.output(), f"{process.name} to say "
                        f"{words!r}")

    def closed(self, daemon):
        wait_for(lambda: daemon.control("status")["workers"][0]["flows"] == 0,
                 "the flow to end")
        return self.one(daemon.stop(), event__dataset="sightglass.flow")


class Renegotiation(Never):
    def talking(self, server_option=None, client_option="-quiet"):
        """openssl on both sides of a daemon, with TLS 1.2; a line has passed."""
        options = [server_option] if server_option else []
        server = self.s_server("-tls1_2", *options, stdin=subprocess.PIPE)
        daemon = self.daemon()
        port = Forwarder(self, daemon, server.port).port
        client = self.s_client(port, daemon, "-tls1_2", client_option)
        self.say(client, b"before\n")
        self.said(server, "before")
        return server, daemon, client

    @row("31", "renegotiation, asked for by the client", "never",
         "openssl, openssl", "openssl: alert no_renegotiation",
         "one handshake, the bytes before it")
    def test_a_client_that_asks_is_refused(self):
        server, daemon, client = self.talking(client_option="-msg")
        self.say(client, b"R\n")
        self.said(client, "RENEGOTIATING")
        self.said(client, "no_renegotiation")
        client.end()
        flow = self.closed(daemon)
        # The server was shown the line that passed, and one handshake.
        self.assertEqual(get(flow, "sightglass.bytes.client"), len("before\n"))
        self.assertEqual(server.output().count("before"), 1)

    @row("31", "renegotiation, asked for by the server", "never",
         "openssl, openssl", "nothing of it; the server: alert no_renegotiation",
         "one handshake")
    def test_a_server_that_asks_is_refused(self):
        server, daemon, _ = self.talking(server_option="-msg")
        self.say(server, b"r\n")
        self.said(server, "HelloRequest")
        self.said(server, "no_renegotiation")
        server.end()
        self.closed(daemon)
        self.assertEqual(server.output().count("ClientHello"), 1)


class Compression(Never):
    """No library of today compresses: what asks for it are bytes made here."""

    DEFLATE = b"\x01"

    def hello(self, methods):
        """A client hello of TLS 1.2 with these compression methods."""
        _, body = next(messages(made_hello(ssl.TLSVersion.TLSv1_2)))
        r = Reader(body)
        head = r.take(34)
        session, suites = r.vector(1).data, r.vector(2).data
        self.assertEqual(r.vector(1).data, b"\0")
        made = (head + bytes([len(session)]) + session
                + struct.pack("!H", len(suites)) + suites
                + bytes([len(methods)]) + methods + r.data)
        message = b"\x01" + len(made).to_bytes(3, "big") + made
        return b"\x16\x03\x01" + struct.pack("!H", len(message)) + message

    def recorded_upstream(self):
        """The first bytes that reach a TLS server, and the server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.pair)
        seen = []

        def serve(s):
            seen.append(s.recv(65536, socket.MSG_PEEK))
            with context.wrap_socket(s, server_side=True) as tls:
                tls.recv(1)
        return seen, ThreadServer(self, serve)

    def methods_of(self, stream):
        r = Reader(next(messages(stream))[1])
        r.take(34)
        r.vector(1)
        r.vector(2)
        return r.vector(1).data

    def answer(self, s):
        stream = b""
        while not any(kind == 2 for kind, _ in messages(stream)):
            part = s.recv(65536)
            self.assertTrue(part, stream)
            stream += part
            if stream[0] == 21:
                return stream
        return stream

    def offers(self, methods):
        seen, server = self.recorded_upstream()
        daemon = self.daemon()
        with daemon.flow(server.port) as s:
            s.settimeout(60)
            s.sendall(self.hello(methods))
            r = Reader(next(messages(self.answer(s)))[1])
            r.take(34)
            r.vector(1)
            r.take(2)
            self.assertEqual(r.number(1), 0, "compression in our server hello")
        self.assertEqual(self.methods_of(seen[0]), b"\0")
        self.closed(daemon)

    @row("31", "compression, offered by the client", "never",
         "openssl (python), a script",
         "compression null; the server is offered null alone", "the flow goes on")
    def test_a_client_that_offers_it_gets_none_and_the_server_is_not_asked(self):
        self.offers(self.DEFLATE + b"\0")

    @row("31", "compression, and nothing else offered", "never",
         "openssl (python), a script",
         "compression null; the server is offered null alone", "the flow goes on")
    def test_nor_does_one_that_offers_nothing_else(self):
        """It breaks RFC 5246 section 7.4.1.2; it is told what we do all the same."""
        self.offers(self.DEFLATE)

    @row("31", "compression, chosen by the server", "never",
         "a script, openssl (python)",
         "an alert; the server: alert illegal_parameter",
         "upstream_handshake_failed")
    def test_a_server_that_chooses_it_is_refused(self):
        heard = []

        def choose(s):
            hello = ClientHello(s.recv(65536))
            suite = next(v for v in hello.suites if v in (0xC02B, 0xC02F))
            body = (b"\x03\x03" + b"r" * 32 + b"\0" + struct.pack("!H", suite)
                    + self.DEFLATE + b"\0\0")
            message = b"\x02" + len(body).to_bytes(3, "big") + body
            s.sendall(b"\x16\x03\x03" + struct.pack("!H", len(message)) + message)
            heard.append(s.recv(65536))
        server = ThreadServer(self, choose)
        daemon = self.daemon()
        with daemon.flow(server.port) as s:
            s.settimeout(60)
            s.sendall(self.hello(b"\0"))
            self.assertEqual(self.answer(s)[0], 21)
        self.assertEqual(get(self.closed(daemon), "sightglass.close"),
                         "upstream_handshake_failed")
        wait_for(lambda: heard, "the server to hear of it")
        self.assertEqual((heard[0][0], heard[0][6]), (21, ILLEGAL_PARAMETER))


class EarlyData(Never):
    """RFC 8446 section 4.2.10: a server that does not want early data skips it, and
    the client sends it again, once the handshake stands."""

    REQUEST = b"GET /early HTTP/1.0\r\n\r\n"

    def early(self):
        """A server that takes early data, and a session that it gave."""
        with open(os.path.join(self.directory, "early"), "wb") as out:
            out.write(self.REQUEST)
        # One ticket: another would be written over the first.
        server = self.s_server("-tls1_3", "-early_data", "-num_tickets", "1", "-msg",
                               "-trace", stdin=subprocess.PIPE)
        session = os.path.join(self.directory, "session")
        direct = Process(
            self, ["openssl", "s_client", "-connect", f"localhost:{server.port}",
                   "-servername", "localhost", "-CAfile", self.ca.ca, "-sess_out",
                   session, "-ign_eof"], "direct", stdin=subprocess.PIPE)
        wait_for(lambda: self.is_session(session), "a session")
        direct.end()
        return server, session

    @staticmethod
    def is_session(path):
        """Whether there is one, and whole."""
        if not os.path.exists(path):
            return False
        with open(path, encoding="ascii") as text:
            return "-----END SSL SESSION" in text.read()

    @row("31", "early data, sent by the client", "never", "openssl, openssl",
         "openssl: early data was rejected; the server is offered none",
         "hello_retry; the bytes sent after")
    def test_what_comes_early_is_skipped_and_comes_again(self):
        server, session = self.early()
        daemon = self.daemon()
        port = Forwarder(self, daemon, server.port).port
        before = server.output()
        client = self.s_client(port, daemon, "-sess_in", session, "-early_data",
                               os.path.join(self.directory, "early"), "-ign_eof")
        self.said(client, "Early data was rejected")
        self.say(client, b"sent after\n")
        self.said(server, "sent after")
        client.end()
        flow = self.closed(daemon)
        self.assertEqual(get(flow, "sightglass.bytes.client"), len("sent after\n"))
        after = server.output()[len(before):]
        self.assertNotIn("/early", after)
        self.assertIn("No early data received", after)
        hello, _, _ = after.partition("ServerHello")
        self.assertNotIn("early_data", hello, "we offered the server early data")
        self.assertNotIn("pre_shared_key", hello)
        tls = self.one(daemon.records("tls"))
        self.assertTrue(get(tls, "sightglass.client.hello_retry"))

    @row("31", "early data without end", "never", "openssl, a script", "closed",
         "client_handshake_failed")
    def test_more_than_any_server_allows_ends_the_flow(self):
        """The client's second hello never comes: only early data, a lot of it."""
        server, session = self.early()
        daemon = self.daemon()
        caught = Catcher(self)
        client = self.s_client(caught.port, daemon, "-sess_in", session,
                               "-early_data", os.path.join(self.directory, "early"))
        hello = wait_for(lambda: caught.heard, "the client's hello")
        client.end()
        with daemon.flow(server.port) as s:
            s.settimeout(60)
            s.sendall(hello)
            try:
                for _ in range(64):
                    s.sendall(b"\x17\x03\x03\x40\x00" + bytes(16384))
                while s.recv(65536):
                    pass
            except ConnectionError:
                pass
        self.assertEqual(get(self.closed(daemon), "sightglass.close"),
                         "client_handshake_failed")


class Catcher:
    """A port that keeps what its first client says first."""

    def __init__(self, test):
        self.heard = b""
        self.server = ThreadServer(test, self.keep)
        self.port = self.server.port

    def keep(self, s):
        first = s.recv(5, socket.MSG_WAITALL)
        self.heard = first + s.recv(struct.unpack("!H", first[3:])[0],
                                    socket.MSG_WAITALL)
        s.recv(65536)


if __name__ == "__main__":
    unittest.main()
