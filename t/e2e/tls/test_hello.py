# SPDX-License-Identifier: ISC
"""Rows 36 and 37: hellos cut in any way, and names that do not agree."""

import ssl
import struct

from rows import Rows, below, row

from chains import CA, HOST, LEAF, SERVES, SIGNS, Leaf
from harness import get, wait_for
from peers import REQUEST, SERVERS

IP = "127.0.0.1"
BOTH = Leaf(LEAF + SERVES + f"subjectAltName=DNS:{HOST},IP:{IP}\n")


class Hello(Rows):
    """An openssl client whose bytes are taken from it and sent as a test likes."""

    def setUp(self):
        super().setUp()
        chain, _, _ = below(CA + SIGNS, BOTH)(self)
        self.server = SERVERS["nginx"](self, chain, self.path("leaf.key"))
        self.relayed = self.daemon("d", trust=self.root)

    def cut(self, send, protocols=()):
        """Sends the client's hello by send(socket, bytes), then lets it go on;
        what it was served, and the length of its hello."""
        context = ssl.create_default_context(
            cafile=self.relayed.path("ca", "sightglass-ca.pem"))
        if protocols:
            context.set_alpn_protocols(protocols)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname=HOST)
        with self.relayed.flow(self.server.port) as s:
            s.settimeout(60)
            self.assertRaises(ssl.SSLWantReadError, tls.do_handshake)
            hello = outgoing.read()
            send(s, hello)
            self.drive(tls.do_handshake, s, incoming, outgoing)
            tls.write(REQUEST)
            page = self.drive(lambda: tls.read(4096), s, incoming, outgoing)
        self.assertIn(b"200 OK", page)
        record = self.tls(self.relayed)
        self.assertEqual(get(record, "sightglass.verification"), "ok")
        self.seen("openssl: served", self.describe(record))
        return len(hello)

    @staticmethod
    def drive(step, s, incoming, outgoing):
        while True:
            try:
                result = step()
                s.sendall(outgoing.read())
                return result
            except ssl.SSLWantReadError:
                s.sendall(outgoing.read())
                part = s.recv(65536)
                if not part:
                    raise AssertionError("closed in the handshake") from None
                incoming.write(part)

    @staticmethod
    def byte_by_byte(s, stream):
        for at in range(len(stream)):
            s.sendall(stream[at:at + 1])

    def in_records_of(self, size):
        """Every so many bytes of the hello in a record of their own."""
        def send(s, hello):
            message, stream = hello[5:], b""
            for at in range(0, len(message), size):
                part = message[at:at + size]
                stream += b"\x16\x03\x01" + struct.pack("!H", len(part)) + part
            self.byte_by_byte(s, stream)
        return send

    LONG = [f"{'x' * 200}/{i}" for i in range(7)] + ["http/1.1"]

    @row("36", "hello of 1.7 KB in one-byte segments", "accept",
         "nginx, openssl (python)")
    def test_row_36_segments(self):
        self.assertGreater(self.cut(self.byte_by_byte, self.LONG), 1700)

    @row("36", "hello of 1.7 KB split over records of 100 bytes", "accept",
         "nginx, openssl (python)")
    def test_row_36_records(self):
        self.assertGreater(self.cut(self.in_records_of(100), self.LONG), 1700)

    @row("36", "hello split over records of one byte", "accept",
         "nginx, openssl (python)")
    def test_row_36_records_of_one(self):
        self.cut(self.in_records_of(1))

    # --- 37 ---

    def served_as(self, *options, client="openssl", host=HOST, **flow):
        daemon = self.relayed
        if flow:
            header = daemon.header
            daemon.header = lambda *a, **k: header(*a, **flow, **k)
        reply = self.ask(daemon, self.server.port, client, *options, host=host)
        self.assertTrue(reply.served, reply.output)
        wait_for(self.server.saw, "the server to tell of the request")
        records = daemon.stop()
        tls = self.one(records, event__dataset="sightglass.tls")
        self.assertEqual(get(tls, "sightglass.verification"), "ok")
        self.assertEqual(get(tls, "destination.port"), self.server.port)
        return reply, tls, self.one(records, event__dataset="sightglass.http")

    @row("37", "no SNI", "accept", "nginx, openssl")
    def test_row_37_no_sni(self):
        """The address that was asked for is what the certificate must speak for."""
        reply, tls, _ = self.served_as("-verify_ip", IP, host=None)
        self.assertIsNone(get(tls, "tls.client.server_name"))
        self.seen(reply.said, self.describe(tls) + ", for the address")

    @row("37", "SNI is not the Host", "accept", "nginx, curl")
    def test_row_37_other_host(self):
        reply, tls, http = self.served_as("-H", "Host: other.example",
                                          client="curl")
        self.assertEqual(get(tls, "tls.client.server_name"), HOST)
        self.assertEqual(get(http, "url.domain"), "other.example")
        self.assertTrue(get(http, "sightglass.host_mismatch"))
        self.seen(reply.said, self.describe(tls) + "; http: host_mismatch")

    @row("37", "SNI is the Host", "accept", "nginx, curl")
    def test_row_37_same_host(self):
        reply, tls, http = self.served_as(client="curl")
        self.assertIsNone(get(http, "sightglass.host_mismatch"))
        self.assertIsNone(get(tls, "sightglass.name_mismatch"))
        self.seen(reply.said, self.describe(tls) + "; no mismatch")

    @row("37", "SNI is not the name of the address", "accept", "nginx, curl")
    def test_row_37_other_name(self):
        """The forwarder knew the address by another name: it is connected to all
        the same, and the certificate must speak for the SNI."""
        reply, tls, _ = self.served_as(client="curl", authority="other.example")
        self.assertTrue(get(tls, "sightglass.name_mismatch"))
        self.seen(reply.said, self.describe(tls) + ", name_mismatch")
