# SPDX-License-Identifier: ISC
"""Rows 24 to 31: what a server chooses, and what is never done."""

import os
import socket
import struct
import subprocess
import threading

from rows import Rows, below, row

from chains import LEAFS
from harness import ThreadServer, get, wait_for
from peers import SERVERS, gnutls_server, openssl_server

ALL = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
ANY_GNUTLS = ("NORMAL:+3DES-CBC:+ARCFOUR-128:+NULL:+RSA:+DHE-RSA:+VERS-TLS1.0:"
              "+VERS-TLS1.1:+SHA1:%PROFILE_VERY_WEAK")
OLDEST = ("--tlsv1.0", "--tls-max", "1.2", "--ciphers", ALL)


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def record(version, content):
    return struct.pack("!BHH", 22, version, len(content)) + content


def server_hello(version, suite):
    """A server's whole word in a hello of before TLS 1.3."""
    body = struct.pack("!H", version) + os.urandom(32) + b"\0"
    body += struct.pack("!HB", suite, 0)
    return record(version, message(2, body))


class Protocol(Rows):
    def setUp(self):
        super().setUp()
        self.key("rsa", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")

    def chain_of(self, key="rsa"):
        chain, _, _ = below(leaf=LEAFS["good"]._replace(key=key))(self)
        return chain, self.path(key + ".key")

    def scripted(self, answer):
        """A server that answers any hello with these bytes; what follows is its
        log, in the hope that it stays empty."""
        self.heard = b""

        def serve(s):
            s.recv(65536)
            s.sendall(answer)
            while part := s.recv(65536):
                self.heard += part
        return ThreadServer(self, serve).port

    def fails(self, port, client="curl", options=(), settings=()):
        """One flow that must fail: the client's words, the record, and what the
        record says of the failure."""
        daemon = self.daemon("d", *settings, trust=self.root)
        reply = self.ask(daemon, port, client, *options)
        self.assertFalse(reply.served, reply.output)
        tls = self.tls(daemon)
        words = [get(tls, "sightglass.failure")]
        alert = get(tls, "sightglass.server.alert_received")
        if alert is not None:
            words.append(f"alert {alert} received")
        if get(tls, "sightglass.decision") != "inspect":
            words[:0] = [get(tls, "sightglass.decision"),
                         get(tls, "sightglass.reason")]
        return reply, tls, ", ".join(w for w in words if w)

    def refused(self, server, failure, client="curl", options=(), settings=()):
        reply, tls, words = self.fails(server.port, client, options, settings)
        self.assertFalse(server.saw())
        self.assertEqual(get(tls, "sightglass.failure"), failure, tls)
        self.seen(reply.said, words)

    # --- 24: suites ---

    def weak_gnutls(self, cipher, kx="+ECDHE-RSA:+ECDHE-ECDSA"):
        """A server of this cipher alone, and a client that would take it."""
        server = gnutls_server(
            self, *self.chain_of(), priority="NORMAL:-VERS-ALL:+VERS-TLS1.2:"
            f"-CIPHER-ALL:+{cipher}:-KX-ALL:{kx}")
        self.refused(server, "weak_suite", "gnutls", ("--priority", ANY_GNUTLS))

    @row("24", "null only", "reject", "gnutls, gnutls")
    def test_row_24_null(self):
        self.weak_gnutls("NULL")

    @row("24", "RC4 only", "reject", "gnutls, gnutls")
    def test_row_24_rc4(self):
        self.weak_gnutls("ARCFOUR-128")

    @row("24", "3DES only", "reject", "gnutls, gnutls")
    def test_row_24_3des(self):
        self.weak_gnutls("3DES-CBC")

    @row("24", "static RSA only", "reject", "gnutls, gnutls")
    def test_row_24_static_rsa_gnutls(self):
        self.weak_gnutls("AES-128-GCM", "+RSA")

    def weak_openssl(self, cipher, *options):
        server = openssl_server(self, *self.chain_of(), "-tls1_2", "-cipher",
                                cipher + ":@SECLEVEL=0")
        self.refused(server, "weak_suite", "openssl", ("-cipher", ALL, *options))

    @row("24", "static RSA only, TLS 1.2", "reject", "openssl, openssl")
    def test_row_24_static_rsa(self):
        self.weak_openssl("AES256-GCM-SHA384")

    @row("24", "null with ECDHE only", "reject", "openssl, openssl")
    def test_row_24_null_ecdhe(self):
        self.weak_openssl("ECDHE-RSA-NULL-SHA")

    @row("24", "null only, and a client that has none", "reject", "openssl, curl")
    def test_row_24_null_not_offered(self):
        """Both would have failed without us: the server's own word stands."""
        server = openssl_server(self, *self.chain_of(), "-tls1_2", "-cipher",
                                "NULL-SHA256:@SECLEVEL=0")
        reply, tls, words = self.fails(server.port)
        self.assertFalse(server.saw())
        self.assertEqual(get(tls, "sightglass.server.alert_received"), 40, tls)
        self.seen(reply.said, words)

    @row("24", "export suite chosen", "reject", "a script, curl")
    def test_row_24_export(self):
        """No server that can be had has them still: RSA_EXPORT_WITH_RC4_40_MD5."""
        reply, tls, words = self.fails(self.scripted(server_hello(0x0303, 3)))
        self.assertEqual(get(tls, "sightglass.failure"), "weak_suite", tls)
        self.assertEqual(self.heard[:1] or b"\x15", b"\x15")
        self.seen(reply.said, words)

    # --- 25: groups ---

    def weak_dh(self, bits):
        parameters = self.path("dh.pem")
        subprocess.run(["certtool", "--generate-dh-params", "--bits", str(bits),
                        "--outfile", parameters], check=True, capture_output=True)
        return parameters

    @row("25", "DH of 1024 bits", "reject", "openssl, curl")
    def test_row_25_1024(self):
        server = openssl_server(
            self, *self.chain_of(), "-tls1_2", "-dhparam", self.weak_dh(1024),
            "-cipher", "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0")
        self.refused(server, "weak_group", "curl",
                     ("--ciphers", "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"))

    @row("25", "DH of 512 bits", "reject", "gnutls, openssl")
    def test_row_25_512(self):
        server = gnutls_server(
            self, *self.chain_of(), "--dhparams", self.weak_dh(512),
            priority="NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-RSA:"
            "%PROFILE_VERY_WEAK")
        self.refused(server, "weak_group", "openssl",
                     ("-tls1_2", "-cipher", ALL, "-groups", "X25519"))

    # --- 26: versions ---

    @row("26", "TLS 1.0 only", "reject", "openssl, curl")
    def test_row_26_tls_1_0(self):
        self.old_openssl("-tls1")

    @row("26", "TLS 1.1 only", "reject", "openssl, curl")
    def test_row_26_tls_1_1(self):
        self.old_openssl("-tls1_1")

    def old_openssl(self, version):
        server = openssl_server(self, *self.chain_of(), version, "-cipher", ALL)
        self.refused(server, "old_version", options=OLDEST)

    @row("26", "TLS 1.1 only, client has 1.3 alone", "reject", "openssl, curl")
    def test_row_26_client_of_1_3(self):
        """Then the server cannot but say no itself."""
        server = openssl_server(self, *self.chain_of(), "-tls1_1", "-cipher", ALL)
        reply, tls, words = self.fails(server.port, options=("--tlsv1.3",))
        self.assertFalse(server.saw())
        self.assertEqual(get(tls, "sightglass.server.alert_received"), 70, tls)
        self.seen(reply.said, words)

    def old_gnutls(self, version):
        server = gnutls_server(self, *self.chain_of(),
                               priority=f"NORMAL:-VERS-ALL:+VERS-{version}")
        self.refused(server, "old_version", "gnutls", ("--priority", ANY_GNUTLS))

    @row("26", "TLS 1.0 only, gnutls", "reject", "gnutls, gnutls")
    def test_row_26_tls_1_0_gnutls(self):
        self.old_gnutls("TLS1.0")

    @row("26", "TLS 1.1 only, gnutls", "reject", "gnutls, gnutls")
    def test_row_26_tls_1_1_gnutls(self):
        self.old_gnutls("TLS1.1")

    @row("26", "SSL 3 only", "reject", "a script, curl")
    def test_row_26_ssl_3(self):
        """No server that can be had speaks it still: its hello, with a suite of
        its time."""
        reply, tls, words = self.fails(self.scripted(server_hello(0x0300, 0x2F)),
                                       options=OLDEST)
        self.assertEqual(get(tls, "sightglass.failure"), "old_version", tls)
        self.seen(reply.said, words)

    # --- 27 ---

    def accepts(self, server, client="curl", *options, settings=()):
        daemon = self.daemon("d", *settings, trust=self.root)
        reply = self.ask(daemon, server.port, client, *options)
        self.assertTrue(reply.served, reply.output)
        tls = self.tls(daemon)
        wait_for(server.saw, "the server to tell of the request")
        self.assertEqual(get(tls, "sightglass.verification"), "ok", tls)
        return reply, tls

    @row("27", "TLS 1.2", "accept", "nginx, gnutls")
    def test_row_27_tls_1_2(self):
        reply, tls = self.accepts(SERVERS["nginx 1.2"](self, *self.chain_of()),
                                  "gnutls")
        self.assertEqual(get(tls, "sightglass.server.version"), "1.2")
        self.seen(reply.said, self.describe(tls))

    @row("27", "TLS 1.3", "accept", "gnutls, openssl")
    def test_row_27_tls_1_3(self):
        reply, tls = self.accepts(
            gnutls_server(self, *self.chain_of("leaf"),
                          priority="NORMAL:-VERS-ALL:+VERS-TLS1.3"), "openssl")
        self.assertEqual(get(tls, "sightglass.server.version"), "1.3")
        self.seen(reply.said, self.describe(tls))

    @row("27", "hello retry", "accept", "openssl, curl")
    def test_row_27_hello_retry(self):
        server = openssl_server(self, *self.chain_of(), "-tls1_3", "-groups",
                                "P-384")
        reply, tls = self.accepts(server)
        self.assertTrue(get(tls, "sightglass.server.hello_retry"), tls)
        self.seen(reply.said, self.describe(tls) + ", hello_retry")

    def man_in_the_middle(self, port, version=None):
        """A relay that has the server believe in a client of TLS 1.2 at most: it
        makes supported_versions something else, and the version this."""
        def relay(client):
            hello = bytearray(client.recv(65536))
            at = hello.find(b"\0\x2b\0\x05\x04\x03\x04\x03\x03")
            self.assertGreater(at, 0, "no supported_versions in the hello")
            hello[at:at + 2] = b"\xfe\xed"
            if version:
                hello[9:11] = version
            with socket.create_connection(("127.0.0.1", port)) as up:
                up.sendall(hello)
                back = threading.Thread(target=pump, args=(up, client), daemon=True)
                back.start()
                pump(client, up)
                back.join()
        return ThreadServer(self, relay).port

    def downgraded(self, server, version=None, client="curl", options=()):
        reply, tls, words = self.fails(
            self.man_in_the_middle(server.port, version), client, options)
        self.assertFalse(server.saw())
        self.assertEqual(get(tls, "sightglass.failure"), "downgrade", tls)
        self.seen(reply.said, words)

    @row("27", "downgrade sentinel, to TLS 1.2", "reject", "openssl, curl")
    def test_row_27_downgrade(self):
        self.downgraded(openssl_server(self, *self.chain_of()))

    @row("27", "downgrade sentinel, to TLS 1.2, gnutls", "reject",
         "gnutls, openssl")
    def test_row_27_downgrade_gnutls(self):
        self.downgraded(gnutls_server(self, *self.chain_of()), client="openssl")

    @row("27", "downgrade sentinel, to TLS 1.1", "reject", "openssl, curl")
    def test_row_27_downgrade_to_1_1(self):
        self.downgraded(openssl_server(self, *self.chain_of(), "-cipher", ALL),
                        b"\x03\x02", options=("--tlsv1.0", "--ciphers", ALL))

    # --- 28: CBC ---

    CBC = "ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES128-SHA"

    @row("28", "CBC suites only, upstream.cbc: true", "policy", "openssl, curl")
    def test_row_28_allowed(self):
        server = openssl_server(self, *self.chain_of(), "-tls1_2", "-cipher",
                                self.CBC)
        reply, tls = self.accepts(server)
        self.assertIn("CBC", get(tls, "sightglass.server.cipher"))
        self.seen(reply.said, self.describe(tls) + ", "
                  + get(tls, "sightglass.server.cipher"))

    @row("28", "CBC suites only, upstream.cbc: false", "policy", "openssl, curl")
    def test_row_28_refused(self):
        server = openssl_server(self, *self.chain_of(), "-tls1_2", "-cipher",
                                self.CBC)
        self.refused(server, "cbc_suite", settings=["upstream.cbc=false"])

    # --- 29: headers ---

    @row("29", "HSTS, Expect-CT and other security headers", "accept",
         "nginx, openssl")
    def test_row_29_headers(self):
        headers = {
            "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
            "Expect-CT": "max-age=86400, enforce",
            "Public-Key-Pins": 'pin-sha256=\\"AAAA\\"; max-age=10',
            "Content-Security-Policy": "upgrade-insecure-requests",
            "Alt-Svc": 'h3=\\":443\\"; ma=60',
            "X-Frame-Options": "DENY",
        }
        server = SERVERS["nginx"](self, *self.chain_of(), *(
            f'add_header {name} "{value}"' for name, value in headers.items()))
        reply, tls = self.accepts(server, "openssl")
        for name, value in headers.items():
            value = value.replace("\\", "")
            self.assertIn(f"\r\n{name}: {value}\r\n", reply.output)
        self.seen("openssl: each as it was sent", self.describe(tls))

    # --- 30 ---

    @row("30", "upstream negotiated 1.2", "accept", "nginx, curl")
    def test_row_30_curl(self):
        reply, tls = self.accepts(SERVERS["nginx 1.2"](self, *self.chain_of()),
                                  "curl", "-v")
        self.assertIn("SSL connection using TLSv1.2", reply.output)
        self.both_legs(reply, tls)

    @row("30", "upstream negotiated 1.2, openssl", "accept", "openssl, openssl")
    def test_row_30_openssl(self):
        reply, tls = self.accepts(SERVERS["openssl 1.2"](self, *self.chain_of()),
                                  "openssl")
        self.both_legs(reply, tls)

    @row("30", "upstream negotiated 1.2, client has 1.3 alone", "reject",
         "nginx, curl")
    def test_row_30_client_of_1_3(self):
        """The server is offered 1.3 alone too, and says no itself."""
        server = SERVERS["nginx 1.2"](self, *self.chain_of())
        reply, tls, words = self.fails(server.port, options=("--tlsv1.3",))
        self.assertFalse(server.saw())
        self.assertEqual(get(tls, "sightglass.server.alert_received"), 70, tls)
        self.seen(reply.said, words)

    def both_legs(self, reply, tls):
        for leg in ("client", "server"):
            self.assertEqual(get(tls, f"sightglass.{leg}.version"), "1.2", tls)
            self.assertIsNotNone(get(tls, f"sightglass.{leg}.cipher"), tls)
        self.assertEqual(get(tls, "sightglass.offered.version"), "1.3")
        self.seen(reply.said, self.describe(tls))


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
