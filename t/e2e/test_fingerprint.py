# SPDX-License-Identifier: ISC
"""Hellos: the fingerprints in the records, against values that hellos.py computes
from the bytes on the wire, and what the server sees of a client's offers."""

import os
import socket
import ssl
import subprocess
import threading
import unittest

from harness import (Daemon, Process, Test, ThreadServer, free_port, get, listens,
                     wait_for)
from hellos import ClientHello, ServerHello
from seen import row

SCSV = 0x00FF  # mbedTLS says renegotiation_info with it, at the end


class Wire:
    """A socket to the daemon and the two ends' bytes, by way of a relay in this
    process: what the client sent and what the daemon answered."""

    def __init__(self, test, outer):
        self.sent, self.answered = bytearray(), bytearray()
        self.inner = outer
        self.port_listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.port_listener.getsockname()[1]
        test.addCleanup(self.port_listener.close)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        client, _ = self.port_listener.accept()
        back = threading.Thread(
            target=pump, args=(self.inner, client, self.answered), daemon=True)
        back.start()
        pump(client, self.inner, self.sent)
        back.join()
        client.close()
        self.inner.close()


def pump(source, sink, kept):
    try:
        while data := source.recv(65536):
            kept.extend(data)
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Fingerprint(Test):
    def setUp(self):
        super().setUp()
        self.ca = self.certificates()
        self.pair = self.ca.server()
        self.server_saw = bytearray()
        self.server_said = bytearray()

    def s_server(self, *options):
        """openssl s_server behind a relay that keeps the bytes; its port."""
        port = free_port()
        Process(self, ["openssl", "s_server", "-accept", f"127.0.0.1:{port}",
                       "-cert", self.pair[0], "-key", self.pair[1], "-www",
                       *options], "s_server")

        wait_for(lambda: listens(port), "s_server to listen")

        def relay(client):
            with socket.create_connection(("127.0.0.1", port)) as up:
                there = threading.Thread(
                    target=pump, args=(client, up, self.server_saw), daemon=True)
                there.start()
                pump(up, client, self.server_said)
                there.join()

        self.server = ThreadServer(self, relay)
        return self.server.port

    def through(self, daemon, port, *options, program="openssl"):
        """A client program through the daemon to the server on this port: the
        bytes of its leg, and its exit status."""
        wire = Wire(self, daemon.flow(port))
        name = [] if "-noservername" in options else ["-servername", "localhost"]
        command = {
            "openssl": ["openssl", "s_client", "-connect", f"127.0.0.1:{wire.port}",
                        *name, "-CAfile", daemon.path("ca", "sightglass-ca.pem"),
                        "-verify_return_error"],
            "gnutls": ["gnutls-cli", "-p", str(wire.port), "--x509cafile",
                       daemon.path("ca", "sightglass-ca.pem"),
                       "--sni-hostname", "localhost", "--verify-hostname",
                       "localhost", "127.0.0.1"],
            "curl": ["curl", "-sS", "--max-time", "60", "--cacert",
                     daemon.path("ca", "sightglass-ca.pem"), "--connect-to",
                     f"localhost:443:127.0.0.1:{wire.port}", "https://localhost/"],
        }[program]
        done = subprocess.run(
            [*command, *options], input=b"GET / HTTP/1.0\r\n\r\n", timeout=60,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        wire.error = done.stderr.decode(errors="replace")
        wire.status = done.returncode
        return wire

    def rsa_pair(self):
        """A certificate with an RSA key, its own root."""
        key, certificate = self.ca.path("rsa.key"), self.ca.path("rsa.pem")
        self.ca.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
                        key, "-out", certificate, "-days", "5", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
        return certificate, key

    def tls_record(self, daemon):
        return self.one(daemon.stop(), event__dataset="sightglass.tls")

    def check_fingerprints(self, wire, tls):
        client = ClientHello(bytes(wire.sent))
        self.assertEqual(get(tls, "tls.client.ja3"), client.ja3())
        self.assertEqual(get(tls, "tls.client.ja4"), client.ja4())
        self.assertEqual(get(tls, "tls.server.ja3s"),
                         ServerHello(bytes(self.server_said)).ja3s())


class Recorded(Fingerprint):
    def opened(self, program="openssl", server=(), client=()):
        port = self.s_server(*server)
        daemon = Daemon(self, trust=self.ca.ca)
        wire = self.through(daemon, port, *client, program=program)
        self.assertEqual(wire.status, 0, wire.error)
        tls = self.tls_record(daemon)
        self.check_fingerprints(wire, tls)
        return tls

    def test_of_openssl(self):
        tls = self.opened(client=["-alpn", "http/1.1"])
        self.assertEqual(get(tls, "sightglass.client.group"), "x25519")
        self.assertEqual(get(tls, "sightglass.server.group"), "x25519")
        self.assertIsNone(get(tls, "sightglass.offered.ech"))
        self.assertIsNone(get(tls, "sightglass.server.hello_retry"))

    def test_of_gnutls(self):
        tls = self.opened("gnutls")
        self.assertEqual(get(tls, "sightglass.server.group"), "secp256r1")

    def test_of_curl(self):
        self.opened("curl")

    def test_of_tls_1_2(self):
        tls = self.opened(server=["-tls1_2"],
                          client=["-tls1_2", "-curves", "P-384:P-256"])
        self.assertEqual(get(tls, "sightglass.client.version"), "1.2")
        self.assertEqual(get(tls, "sightglass.client.group"), "secp256r1")
        self.assertEqual(get(tls, "sightglass.server.group"), "secp384r1")

    def test_past_a_hello_retry_request(self):
        tls = self.opened(server=["-curves", "P-521"],
                          client=["-curves", "X25519:P-521:P-256"])
        self.assertTrue(ServerHello(bytes(self.server_said)).retried)
        self.assertTrue(get(tls, "sightglass.server.hello_retry"))
        self.assertEqual(get(tls, "sightglass.server.group"), "secp521r1")
        self.assertEqual(get(tls, "sightglass.client.group"), "x25519")

    def test_of_a_client_that_has_to_try_again(self):
        """Its first share is of a group that we do not stand for."""
        tls = self.opened(client=["-curves", "ffdhe8192:P-256"])
        self.assertTrue(get(tls, "sightglass.client.hello_retry"))
        self.assertEqual(get(tls, "sightglass.client.group"), "secp256r1")
        self.assertIsNone(get(tls, "sightglass.server.hello_retry"))

    def test_of_a_client_without_p256_the_client_alone(self):
        """Below TLS 1.3 it could not take our leaf: the flow is not opened."""
        port = self.s_server("-curves", "X25519:P-384:P-256")
        daemon = Daemon(self, trust=self.ca.ca)
        wire = self.through(daemon, port, "-tls1_2", "-curves", "X25519:P-384",
                            "-cipher", "aECDSA")
        tls = self.tls_record(daemon)
        self.assertEqual(get(tls, "sightglass.reason"), "client_no_key")
        self.assertEqual(get(tls, "tls.client.ja3"),
                         ClientHello(bytes(wire.sent)).ja3())

    def test_of_a_client_without_a_group_of_ours_the_client_alone(self):
        port = self.s_server("-tls1_3", "-curves", "ffdhe8192")
        daemon = Daemon(self, trust=self.ca.ca)
        wire = self.through(daemon, port, "-curves", "ffdhe8192", "-CAfile",
                            self.ca.ca)
        self.assertEqual(wire.status, 0, wire.error)
        tls = self.tls_record(daemon)
        self.assertEqual(get(tls, "sightglass.decision"), "splice")
        self.assertEqual(get(tls, "sightglass.reason"), "client_no_group")
        self.assertEqual(get(tls, "tls.client.ja4"),
                         ClientHello(bytes(wire.sent)).ja4())

    def test_of_a_spliced_flow_the_client_alone(self):
        port = self.s_server()
        daemon = Daemon(self, "policy.default=splice", trust=self.ca.ca)
        wire = self.through(daemon, port, "-CAfile", self.ca.ca)
        self.assertEqual(wire.status, 0, wire.error)
        tls = self.tls_record(daemon)
        client = ClientHello(bytes(wire.sent))
        self.assertEqual(get(tls, "tls.client.ja3"), client.ja3())
        self.assertEqual(get(tls, "tls.client.ja4"), client.ja4())
        self.assertIsNone(get(tls, "tls.server"))

    def test_of_a_server_that_is_refused(self):
        port = self.s_server()
        daemon = Daemon(self, "upstream.invalid=refuse")  # our CA is not trusted
        wire = self.through(daemon, port)
        self.assertNotEqual(wire.status, 0)
        self.check_fingerprints(wire, self.tls_record(daemon))

    @row("35", "ECH offered, its grease: the leaf is for the outer name", "accept",
         "openssl, Chromium (its bytes)", "a server hello of ours",
         "inspect, ok; offered.ech")
    @row("36", "grease values, byte by byte", "accept",
         "openssl, Chromium (its bytes)", "a server hello of ours", "inspect, ok")
    def test_ech_is_said(self):
        """Chromium's own first bytes, from the corpus, with its grease."""
        corpus = os.path.join(os.environ.get("SIGHTGLASS_SOURCE", os.getcwd()),
                              "t", "corpus", "hello", "chromium")
        with open(corpus, "rb") as file:
            hello = file.read()
        self.pair = self.ca.server(names=("chromium.example",))
        port = self.s_server()
        daemon = Daemon(self, trust=self.ca.ca)
        with daemon.flow(port) as s:
            for i in range(len(hello)):  # and it is accepted byte by byte
                s.sendall(hello[i:i + 1])
            self.assertEqual(s.recv(1), b"\x16")
        tls = self.tls_record(daemon)
        self.assertTrue(get(tls, "sightglass.offered.ech"))
        self.assertEqual(get(tls, "sightglass.verification"), "ok")
        self.assertEqual(get(tls, "sightglass.leaf.subject"), "CN=chromium.example")
        self.assertEqual(get(tls, "tls.client.ja4"), ClientHello(hello).ja4())
        seen = ClientHello(bytes(self.server_saw))
        client = ClientHello(hello)
        self.assertEqual(seen.suites[:-1], [s for s in client.suites
                                            if s not in (0x9C, 0x9D, 0x2F, 0x35)])
        self.assertEqual(seen.groups, [g for g in client.groups if g != 0x11EC])
        self.assertEqual(seen.shares, [0x1D])


class Mirrored(Fingerprint):
    def seen(self, *client, settings=(), server=(), program="openssl", status=0):
        """The client's hello and the one that the server saw."""
        port = self.s_server(*server)
        daemon = Daemon(self, *settings, trust=self.ca.ca)
        wire = self.through(daemon, port, *client, program=program)
        if status is not None:
            self.assertEqual(wire.status, status, wire.error)
        self.record = self.tls_record(daemon)
        return ClientHello(bytes(wire.sent)), ClientHello(bytes(self.server_saw))

    def test_suites_in_the_clients_order(self):
        offered, seen = self.seen(
            "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256",
            "-cipher", "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:"
            "DHE-RSA-AES128-GCM-SHA256:AES128-GCM-SHA256:AES256-SHA")
        self.assertEqual(
            [f"{s:04x}" for s in seen.suites],
            ["1303", "1301", "c030", "c02b", "009e", "00ff"])
        self.assertEqual(offered.suites[:5], seen.suites[:5])
        self.assertEqual(get(self.record, "sightglass.server.cipher"),
                         "TLS_CHACHA20_POLY1305_SHA256")

    def test_groups_and_schemes_in_the_clients_order(self):
        _, seen = self.seen(
            "-curves", "P-384:X25519:P-256", "-sigalgs",
            "ECDSA+SHA384:RSA+SHA1:ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256")
        self.assertEqual(seen.groups, [0x18, 0x1D, 0x17])
        self.assertEqual(seen.shares, [0x18])
        # SHA-1 is no more; PSS comes last for mbedTLS's sake.
        self.assertEqual(seen.schemes, [0x0503, 0x0403, 0x0401, 0x0804])

    def test_everything_of_curl(self):
        offered, seen = self.seen(program="curl")
        # Of static RSA, and what says that it renegotiates safely, which curl may
        # say by an extension: ours is at the end.
        left_out = {0x9C, 0x9D, 0x3C, 0x3D, 0x2F, 0x35, 0xFF}
        self.assertEqual(
            seen.suites, [s for s in offered.suites if s not in left_out] + [0xFF])
        self.assertEqual(seen.alpn, offered.alpn)
        self.assertEqual(seen.schemes, [
            s for s in offered.schemes
            if s in (0x0403, 0x0503, 0x0603, 0x0401, 0x0501, 0x0601)]
            + [0x0804, 0x0805, 0x0806])
        self.assertEqual(seen.versions, [0x0304, 0x0303])

    def test_everything_of_gnutls(self):
        offered, seen = self.seen(program="gnutls")
        self.assertEqual(seen.suites[0], offered.suites[0])
        self.assertEqual(
            [s for s in offered.suites if s in seen.suites], seen.suites[:-1])
        self.assertEqual(seen.groups, [g for g in offered.groups
                                       if g not in (0x103, 0x104)])

    def test_a_tls_1_2_client_makes_a_tls_1_2_hello(self):
        offered, seen = self.seen("-tls1_2")
        self.assertEqual((seen.version, seen.versions, seen.shares), (0x0303, [], []))
        self.assertFalse([s for s in seen.suites if s >> 8 == 0x13])
        self.assertFalse([s for s in seen.schemes if s >> 8 == 8])
        self.assertEqual(offered.versions, [])
        self.assertEqual(get(self.record, "sightglass.server.version"), "1.2")

    def test_a_tls_1_3_client_makes_a_tls_1_3_hello(self):
        _, seen = self.seen("-tls1_3")
        self.assertEqual(seen.versions, [0x0304])
        self.assertEqual([s for s in seen.suites if s >> 8 != 0x13], [SCSV])

    def test_no_server_name_when_the_client_sends_none(self):
        offered, seen = self.seen("-noservername")
        self.assertNotIn(0, offered.extensions)
        self.assertNotIn(0, seen.extensions)

    @row("38", "ALPN: the client offers none", "mirrored", "openssl, openssl",
         "none", "the server is offered none")
    def test_no_alpn_when_the_client_has_none(self):
        _, seen = self.seen()
        self.assertNotIn(16, seen.extensions)

    def chosen(self, server, client):
        """The client's ALPN list, the server's, and what either leg agreed to."""
        offered, seen = self.seen("-alpn", client, server=["-alpn", server])
        self.assertEqual(seen.alpn, offered.alpn)
        self.assertEqual(offered.alpn, [n.encode() for n in client.split(",")])
        legs = {get(self.record, f"sightglass.{leg}.alpn")
                for leg in ("client", "server")}
        legs.add(get(self.record, "tls.next_protocol"))
        return legs

    @row("38", "ALPN: the server takes h2", "mirrored", "openssl, openssl", "h2",
         "h2 on both legs")
    def test_h2_where_the_server_takes_it(self):
        self.assertEqual(self.chosen("h2", "http/1.1,h2"), {"h2"})

    @row("38", "ALPN: the server takes http/1.1", "mirrored", "openssl, openssl",
         "http/1.1", "http/1.1 on both legs")
    def test_http_1_1_where_the_server_takes_it(self):
        self.assertEqual(self.chosen("x,http/1.1", "h2,http/1.1"), {"http/1.1"})

    @row("38", "ALPN: a protocol that nobody knows", "mirrored", "openssl, openssl",
         "glass/9", "glass/9 on both legs")
    def test_a_protocol_that_nobody_knows(self):
        self.assertEqual(self.chosen("glass/9", "glass/8,glass/9,h2"), {"glass/9"})

    @row("38", "ALPN: the server takes none that is offered", "mirrored",
         "openssl, openssl", "alert no_application_protocol",
         "alert 120 received and sent")
    def test_the_servers_no_to_every_protocol_reaches_the_client(self):
        port = self.s_server("-alpn", "h2")
        daemon = Daemon(self, trust=self.ca.ca)
        wire = self.through(daemon, port, "-alpn", "glass/9")
        self.assertNotEqual(wire.status, 0)
        self.assertEqual(wire.answered, b"\x15\x03\x03\0\x02\x02\x78")
        tls = self.tls_record(daemon)
        self.assertEqual(get(tls, "sightglass.server.alert_received"), 120)
        self.assertEqual(get(tls, "sightglass.client.alert_sent"), 120)

    def test_cbc_only_when_the_client_offers_it(self):
        _, seen = self.seen("-cipher", "ECDHE+AESGCM", "-ciphersuites",
                            "TLS_AES_128_GCM_SHA256")
        self.assertFalse({0xC009, 0xC013, 0xC00A, 0xC014} & set(seen.suites))

    def test_rsa_in_tls_1_2(self):
        """openssl signs with the client's first scheme that fits: with PSS, which
        mbedTLS 3.6.6 offers and does not take there, were it not last."""
        self.pair = self.rsa_pair()
        port = self.s_server("-tls1_2")
        daemon = Daemon(self, trust=self.pair[0])
        wire = self.through(daemon, port)
        self.assertEqual(wire.status, 0, wire.error)
        schemes = ClientHello(bytes(wire.sent)).schemes
        self.assertLess(schemes.index(0x0804), schemes.index(0x0401))
        tls = self.tls_record(daemon)
        self.assertEqual(get(tls, "sightglass.server.version"), "1.2")
        self.assertEqual(get(tls, "sightglass.verification"), "ok")

    def test_a_server_that_prefers_pss_in_tls_1_2(self):
        """mbedTLS 3.6.6 fails it when TLS 1.3 is on offer: it is asked again."""
        self.pair = self.rsa_pair()
        port = self.s_server("-tls1_2", "-serverpref", "-sigalgs",
                             "RSA-PSS+SHA256:RSA+SHA256")
        daemon = Daemon(self, trust=self.pair[0])
        wire = self.through(daemon, port)
        self.assertEqual(wire.status, 0, wire.error)
        tls = self.tls_record(daemon)
        self.assertEqual(get(tls, "sightglass.server.version"), "1.2")
        self.assertIsNone(get(tls, "sightglass.error"))
        self.assertEqual(self.server.accepted, 2)

    def downgrade(self, *server):
        """A man in the middle who has a server of TLS 1.3 answer as one of 1.2:
        first with bytes of another's, then by being a plain relay."""
        self.pair = self.rsa_pair()
        port = self.s_server(*server)
        lure = self.s_server("-tls1_2", "-serverpref", "-sigalgs",
                             "RSA-PSS+SHA256:RSA+SHA256")
        ports = iter([lure, port])

        def relay(client):
            with socket.create_connection(("127.0.0.1", next(ports))) as up:
                there = threading.Thread(target=pump, daemon=True,
                                         args=(client, up, bytearray()))
                there.start()
                pump(up, client, bytearray())
                there.join()

        daemon = Daemon(self, trust=self.pair[0])
        wire = self.through(daemon, ThreadServer(self, relay).port)
        return wire, daemon.stop()

    def test_asking_again_is_no_way_to_downgrade(self):
        wire, records = self.downgrade()
        self.assertNotEqual(wire.status, 0)
        tls = self.one(records, event__dataset="sightglass.tls")
        self.assertFalse(get(tls, "tls.established"))
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertIn("downgrade", get(flow, "sightglass.detail"))

    def test_asking_again_is_safe_where_there_is_nothing_better(self):
        wire, records = self.downgrade("-tls1_2")
        self.assertEqual(wire.status, 0, wire.error)
        tls = self.one(records, event__dataset="sightglass.tls")
        self.assertEqual(get(tls, "sightglass.server.version"), "1.2")

    CBC = ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:"
           "ECDHE-ECDSA-AES128-GCM-SHA256")

    def test_cbc_goes_on_by_default(self):
        _, seen = self.seen(*self.CBC)
        self.assertEqual(seen.suites, [0xC009, 0xC02B, SCSV])
        self.assertEqual(get(self.record, "sightglass.server.cipher"),
                         "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA")

    def test_cbc_stays_behind_when_it_may_not(self):
        _, seen = self.seen(*self.CBC, settings=["upstream.cbc=false"])
        self.assertEqual(seen.suites, [0xC02B, SCSV])

    def test_our_own_list_when_the_clients_has_nothing_left(self):
        """A client whose one suite with ECDSA is CBC, where that may not be."""
        _, seen = self.seen("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA",
                            settings=["upstream.cbc=false"])
        self.assertIn(0xC02B, seen.suites)
        self.assertNotIn(0xC009, seen.suites)


class Refused(Fingerprint):
    """Where both would, we do not."""

    def no_handshake(self, server, client=()):
        port = self.s_server(*server)
        daemon = Daemon(self, trust=self.ca.ca)
        wire = self.through(daemon, port, *client)
        self.assertNotEqual(wire.status, 0)
        tls = self.tls_record(daemon)
        self.assertIsNone(get(tls, "sightglass.server.version"))
        return tls

    def dhe(self, bits):
        """The options of a server whose DH group is of so many bits."""
        self.pair = self.rsa_pair()
        parameters = self.ca.path("dh.pem")
        # Of 2048 bits there is a ready one; below, gnutls finds a prime at once, openssl
        # in its own time. openssl has no group under 1024 bits, whatever its security
        # level.
        if bits < 2048:
            subprocess.run(["certtool", "--generate-dh-params", "--bits", str(bits),
                            "--outfile", parameters], check=True, capture_output=True)
        else:
            self.ca.openssl("genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt",
                            f"group:ffdhe{bits}", "-out", parameters)
        return ["-tls1_2", "-dhparam", parameters, "-cipher",
                "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"]

    def test_a_dh_group_of_1024_bits(self):
        tls = self.no_handshake(self.dhe(1024))
        self.assertIsNotNone(get(tls, "tls.server.ja3s"))  # it had answered

    def test_a_dh_group_of_2048_bits_is_taken(self):
        port = self.s_server(*self.dhe(2048))
        daemon = Daemon(self, trust=self.pair[0])
        wire = self.through(daemon, port)
        tls = self.tls_record(daemon)
        self.assertEqual(wire.status, 0, wire.error)
        self.assertEqual(get(tls, "sightglass.server.cipher"),
                         "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256")
        self.assertIsNone(get(tls, "sightglass.server.group"))

    def client_leg(self, cipher):
        """A client that offers a modern suite to be let in, refused by ours when
        it would rather have this one: which of them was taken."""
        port = self.s_server()
        daemon = Daemon(self, trust=self.ca.ca)
        context = ssl.create_default_context(
            cafile=daemon.path("ca", "sightglass-ca.pem"))
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(cipher + ":ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0")
        with context.wrap_socket(daemon.flow(port),
                                 server_hostname="localhost") as s:
            chosen = s.cipher()[0]
        daemon.stop()
        return chosen

    def test_null_towards_the_client(self):
        self.assertEqual(self.client_leg("ECDHE-ECDSA-NULL-SHA"),
                         "ECDHE-ECDSA-AES128-GCM-SHA256")


if __name__ == "__main__":
    unittest.main()
