# SPDX-License-Identifier: ISC
"""What is not opened: lists of rules in files, and the bypasses that the daemon
learns from clients that turn its certificate down and from servers that want one
of the client's (rows 32 to 35 and 43 of TLS-CASES), with real clients."""

import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import threading
import unittest

from harness import (DAEMON, TLV_SIGNING_ID, TLV_TEAM_ID, Daemon, Forwarder, Nginx,
                     Process, Test, ThreadServer, free_port, get, in_order, listens,
                     wait_for)
from seen import row

BAD_CERTIFICATE, CERTIFICATE_UNKNOWN, UNKNOWN_CA = 42, 46, 48
DECODE_ERROR, ECH_REQUIRED = 50, 121


class Bypass(Test):
    def setUp(self):
        super().setUp()
        self.ca = self.certificates()
        self.pair = self.ca.server()

    def daemon(self, *settings, workers=1, **options):
        """Of one worker, which knows at once what it has learned, and in what order its
        flows began."""
        return Daemon(self, *settings, trust=self.ca.ca, workers=workers, **options)

    def nginx(self, **options):
        nginx = Nginx(self, self.pair, **options)
        nginx.put("x", b"here\n")
        return nginx

    def curl(self, port, *arguments, ca=None):
        return subprocess.run(
            ["curl", "-sS", "--max-time", "60", "--cacert", ca or self.ca.ca,
             *arguments, f"https://localhost:{port}/x"],
            capture_output=True, text=True, check=False)

    def bypasses(self, daemon):
        answer = daemon.control("bypass", verb="list")
        self.assertTrue(answer["ok"], answer)
        return answer["bypasses"]

    def await_end(self, daemon):
        """Waits until no flow is under way."""
        wait_for(lambda: all(w["flows"] == 0
                             for w in daemon.control("status")["workers"]),
                 "the flows to end")

    def learned(self, daemon, count=1):
        """The bypasses, once there are so many."""
        return wait_for(lambda: len(found := self.bypasses(daemon)) == count
                        and found, f"{count} bypasses")

    def tls(self, daemon):
        """The TLS records, in the order of the flows."""
        return in_order(r for r in daemon.stop()
                        if r["event"]["dataset"] == "sightglass.tls")


class Pinned(Bypass):
    @row("33", "alert unknown_ca, twice", "learn", "nginx, curl",
         "curl 60, twice; then the page", "alert 48, counted; then splice, pinned")
    def test_curl_that_turns_us_down_twice_is_relayed_from_then_on(self):
        nginx, daemon = self.nginx(), self.daemon()
        forwarder = Forwarder(self, daemon, nginx.port)
        for _ in range(2):
            self.assertEqual(self.bypasses(daemon), [])
            self.assertEqual(self.curl(forwarder.port).returncode, 60)
        entry = self.learned(daemon)[0]
        self.assertEqual(
            (entry["application"], entry["name"], entry["reason"], entry["hits"]),
            ("/usr/bin/test-client", "localhost", "pinned", 0))
        for _ in range(3):
            self.assertEqual(self.curl(forwarder.port).stdout, "here\n")
        self.assertEqual(self.learned(daemon)[0]["hits"], 3)
        records = daemon.stop()
        tls = in_order(r for r in records if r["event"]["dataset"] == "sightglass.tls")
        failed, relayed = tls[:2], tls[2:]
        for record in failed:
            self.assertEqual(get(record, "sightglass.client.alert_received"),
                             UNKNOWN_CA)
            self.assertEqual(get(record, "sightglass.bypass"), "counted")
        for record in relayed:
            self.assertEqual(get(record, "sightglass.decision"), "splice")
            self.assertEqual(get(record, "sightglass.reason"), "pinned")
        learned = self.one(records, sightglass__action="bypass_learned")
        self.assertEqual(learned["message"],
                         "pinned: localhost for /usr/bin/test-client")

    def test_a_second_failure_after_the_window_is_a_first(self):
        nginx = self.nginx()
        daemon = self.daemon("bypass.window=1s")
        forwarder = Forwarder(self, daemon, nginx.port)
        for _ in range(2):
            self.assertEqual(self.curl(forwarder.port).returncode, 60)
            self.await_end(daemon)  # it is counted by then
            self.assertEqual(self.bypasses(daemon), [])
            threading.Event().wait(1.2)  # the window is what is tested
        # Two of those that follow are in one, however slow this machine is.
        wait_for(lambda: self.curl(forwarder.port) and self.bypasses(daemon),
                 "a second one within a window")

    @row("33", "another application, another name", "learn", "nginx, curl",
         "curl 0: the page", "inspect")
    def test_another_application_and_another_name_are_still_opened(self):
        nginx = Nginx(self, self.ca.server(names=("localhost", "other.test")))
        nginx.put("x", b"here\n")
        daemon = self.daemon("bypass.count=1")
        pinning = Forwarder(self, daemon, nginx.port)
        trusting = Forwarder(self, daemon, nginx.port, b"/usr/bin/trusting")
        self.curl(pinning.port)
        self.learned(daemon)
        ours = daemon.path("ca", "sightglass-ca.pem")
        self.assertEqual(self.curl(trusting.port, ca=ours).stdout, "here\n")
        done = subprocess.run(
            ["curl", "-sS", "--cacert", ours, "--connect-to",
             f"::localhost:{pinning.port}", "https://other.test/x"],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout, "here\n", done.stderr)
        self.assertEqual([get(r, "sightglass.decision") for r in self.tls(daemon)],
                         ["inspect"] * 3)

    def turned_down_by(self, command, **options):
        """Its first try is learned from; the second reaches the real server."""
        nginx = self.nginx()
        daemon = self.daemon("bypass.count=1")
        port = Forwarder(self, daemon, nginx.port).port
        command = [part.replace("PORT", str(port)) for part in command]

        def run():
            return subprocess.run(command, capture_output=True, check=False,
                                  input=b"GET /x HTTP/1.0\r\n\r\n", timeout=60,
                                  **options)
        self.assertNotEqual(run().returncode, 0)
        self.assertEqual(self.learned(daemon)[0]["reason"], "pinned")
        self.assertEqual(run().returncode, 0)
        tls = self.tls(daemon)
        self.assertEqual([get(r, "sightglass.reason") for r in tls],
                         ["default", "pinned"])
        return get(tls[0], "sightglass.client.alert_received")

    def s_client(self, version):
        return self.turned_down_by(
            ["openssl", "s_client", "-connect", "localhost:PORT", "-CAfile",
             self.ca.ca, "-verify_return_error", "-quiet", "-no_ign_eof", version])

    @row("33", "alert unknown_ca, TLS 1.3", "learn", "nginx, openssl",
         "a failure; then the page", "alert 48; then splice, pinned")
    def test_openssl_with_tls_1_3(self):
        self.assertEqual(self.s_client("-tls1_3"), UNKNOWN_CA)

    @row("33", "alert unknown_ca, TLS 1.2", "learn", "nginx, openssl",
         "a failure; then the page", "alert 48; then splice, pinned")
    def test_openssl_with_tls_1_2(self):
        self.assertEqual(self.s_client("-tls1_2"), UNKNOWN_CA)

    @row("33", "alert bad_certificate", "learn", "nginx, gnutls",
         "a failure; then the page", "alert 42; then splice, pinned")
    def test_gnutls(self):
        alert = self.turned_down_by(
            ["gnutls-cli", "--x509cafile", self.ca.ca, "-p", "PORT", "localhost"])
        self.assertEqual(alert, BAD_CERTIFICATE)

    def test_python(self):
        self.assertEqual(UNKNOWN_CA, self.turned_down_by(
            ["python3", "-c", "import socket, ssl\n"
             f"c = ssl.create_default_context(cafile={self.ca.ca!r})\n"
             "c.wrap_socket(socket.create_connection(('localhost', PORT)),"
             " server_hostname='localhost')"]))

    def test_an_application_that_trusts_nothing_of_ours_is_named(self):
        names = [f"{i}.test" for i in range(8)]
        nginx = Nginx(self, self.ca.server(names=names))
        nginx.put("x", b"here\n")
        daemon = self.daemon("bypass.count=1")
        port = Forwarder(self, daemon, nginx.port).port
        for name in names:
            subprocess.run(["curl", "-s", "--cacert", self.ca.ca, "--connect-to",
                            f"::localhost:{port}", f"https://{name}/x"],
                           capture_output=True, check=False)
        self.learned(daemon, 8)
        told = self.run_cli("doctor", "-d", daemon.directory)
        self.assertRegex(told.stdout, "(?m)^FAILURE bypass +/usr/bin/test-client")
        self.assertEqual(told.returncode, 1)
        distrusted = self.one(daemon.stop(), sightglass__action="ca_distrusted")
        self.assertIn("/usr/bin/test-client", distrusted["message"])


class NotLearned(Bypass):
    """Row 34, row 35 and the rest of what is no pinning."""

    def shown_our_leaf(self, daemon, port):
        """A TLS 1.2 client's socket that has read the daemon's first flight."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        s = daemon.flow(port)
        self.addCleanup(s.close)
        s.settimeout(60)
        s.sendall(outgoing.read())
        flight = b""
        while b"\x0e\x00\x00\x00" not in flight:  # ServerHelloDone
            part = s.recv(65536)
            self.assertTrue(part, "no leaf was shown")
            flight += part
        return s

    def alert(self, number):
        return bytes([21, 3, 3, 0, 2, 2, number])

    def ends_without_learning(self, how, *settings):
        nginx = self.nginx()
        daemon = self.daemon("bypass.count=1", *settings)
        for _ in range(3):
            s = self.shown_our_leaf(daemon, nginx.port)
            how(s)
        self.await_end(daemon)
        self.assertEqual(self.bypasses(daemon), [])
        tls = self.tls(daemon)
        self.assertEqual(len(tls), 3)
        for record in tls:
            self.assertEqual(get(record, "sightglass.reason"), "default")
            self.assertIsNone(get(record, "sightglass.bypass"))
        return tls

    def reset(self, s):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()

    @row("34", "client reset", "no learning", "nginx, openssl (python)", "it reset",
         "inspect; no bypass")
    def test_a_reset(self):
        self.ends_without_learning(self.reset)

    @row("34", "client ends the connection", "no learning",
         "nginx, openssl (python)", "it ended", "inspect; no bypass")
    def test_an_orderly_end(self):
        self.ends_without_learning(lambda s: s.close())

    @row("34", "client timeout", "no learning", "nginx, openssl (python)", "closed",
         "inspect; no bypass")
    def test_a_timeout(self):
        self.ends_without_learning(lambda s: s.recv(1),
                                   "flow.handshake_timeout=300ms")

    @row("34", "alerts decode_error, certificate_expired and their kin",
         "no learning", "nginx, openssl (python)", "it sent the alert",
         "its number; no bypass")
    def test_other_alerts(self):
        for number in (43, 44, 45, DECODE_ERROR, ECH_REQUIRED):
            with self.subTest(alert=number):
                self.directory = os.path.join(self.directory, str(number))
                os.makedirs(self.directory)
                tls = self.ends_without_learning(
                    lambda s, n=number: s.sendall(self.alert(n)))
                self.assertEqual(
                    [get(r, "sightglass.client.alert_received") for r in tls],
                    [number] * 3)

    @row("33", "alerts bad_certificate, certificate_unknown, unknown_ca, one of each",
         "learn", "nginx, openssl (python)", "it sent the alert",
         "each is learned, as pinned")
    def test_but_the_same_client_with_one_of_three_alerts_is_learned(self):
        nginx, daemon = self.nginx(), self.daemon("bypass.count=1")
        for number in (BAD_CERTIFICATE, CERTIFICATE_UNKNOWN, UNKNOWN_CA):
            s = self.shown_our_leaf(daemon, nginx.port)
            s.sendall(self.alert(number))
            self.assertEqual(self.learned(daemon)[0]["reason"], "pinned", number)
            daemon.control("bypass", verb="clear")

    @row("35", "alert ech_required after our leaf", "no learning",
         "nginx, openssl (python)", "it sent the alert", "alert 121; no bypass")
    def test_ech_required(self):
        tls = self.ends_without_learning(
            lambda s: s.sendall(self.alert(ECH_REQUIRED)))
        self.assertEqual([get(r, "sightglass.client.alert_received") for r in tls],
                         [ECH_REQUIRED] * 3)

    def test_a_client_that_turns_an_invalid_server_down(self):
        nginx = self.nginx()
        # It does not trust the server.
        daemon = Daemon(self, "bypass.count=1", workers=1)
        port = Forwarder(self, daemon, nginx.port).port
        ours = daemon.path("ca", "sightglass-ca.pem")
        for _ in range(2):
            self.assertEqual(self.curl(port, ca=ours).returncode, 60)
        self.assertEqual(self.bypasses(daemon), [])
        for record in self.tls(daemon):
            self.assertEqual(get(record, "sightglass.verification"), "unknown_root")
            self.assertIsNone(get(record, "sightglass.bypass"))

    def test_a_name_on_the_never_list(self):
        nginx = self.nginx()
        daemon = self.daemon("bypass.count=1", "bypass.never=localhost")
        port = Forwarder(self, daemon, nginx.port).port
        for _ in range(3):
            self.assertEqual(self.curl(port).returncode, 60)
        self.assertEqual(self.bypasses(daemon), [])
        add = self.run_cli("bypass", "add", "--name", "localhost", "-d",
                           daemon.directory)
        self.assertEqual((add.returncode, "bypass.never" in add.stderr), (1, True))
        self.assertEqual([get(r, "sightglass.bypass") for r in self.tls(daemon)],
                         ["never"] * 3)


class Upstream(Bypass):
    """Row 32, and servers that turn our own handshake away."""

    def signed(self, name, extensions, *key_options):
        """(certificate, key) with these extensions alone."""
        key, request, certificate, file = (
            self.ca.path(name + s) for s in (".key", ".csr", ".pem", ".ext"))
        with open(file, "w", encoding="ascii") as out:
            out.write(extensions)
        self.ca.openssl("req", "-new", "-newkey", *key_options, "-nodes", "-keyout",
                        key, "-out", request, "-subj", "/CN=localhost")
        self.ca.openssl("x509", "-req", "-in", request, "-CA", self.ca.ca, "-CAkey",
                        self.ca.path("ca.key"), "-CAcreateserial", "-days", "5",
                        "-extfile", file, "-out", certificate)
        return certificate, key

    def client_certificate(self):
        certificate, key = self.signed("client", "extendedKeyUsage=clientAuth\n",
                                       "rsa:2048")
        return ["--cert", certificate, "--key", key]

    def first_flow_works(self, port, *settings, reason="client_certificate"):
        daemon = self.daemon(*settings)
        forward = Forwarder(self, daemon, port).port
        for _ in range(2):
            done = self.curl(forward, *self.client_certificate())
            self.assertIn("here", done.stdout, done.stderr)
        entries = self.bypasses(daemon)
        tls = self.tls(daemon)
        self.assertEqual([get(r, "sightglass.reason") for r in tls], [reason] * 2)
        self.assertEqual([get(r, "sightglass.decision") for r in tls],
                         ["splice"] * 2)
        return entries, tls

    def with_nginx(self, protocol):
        nginx = self.nginx(
            protocols=protocol, locations=f"ssl_client_certificate {self.ca.ca};\n"
            "ssl_verify_client on;\n")
        entries, tls = self.first_flow_works(nginx.port)
        self.assertEqual([(e["name"], e["reason"], e["hits"]) for e in entries],
                         [("localhost", "client_certificate", 1)])
        self.assertEqual([get(r, "sightglass.bypass") for r in tls],
                         ["counted", None])
        return tls

    @row("32", "a client certificate is asked for, none configured, TLS 1.2",
         "policy", "nginx, curl", "curl 0: the page, by its own certificate",
         "splice, client_certificate; learned")
    def test_nginx_with_tls_1_2(self):
        self.with_nginx("TLSv1.2")

    @row("32", "a client certificate is asked for, none configured, TLS 1.3",
         "policy", "nginx, curl", "curl 0: the page, by its own certificate",
         "splice, client_certificate; learned")
    def test_nginx_with_tls_1_3(self):
        tls = self.with_nginx("TLSv1.3")
        # In 1.3 the server's part was over: what it chose stays to be seen.
        self.assertEqual(get(tls[0], "sightglass.server.alpn"), "http/1.1")

    def s_server(self, *arguments):
        port = free_port()
        with open(os.path.join(self.directory, "x"), "w", encoding="ascii") as out:
            out.write("here\n")
        Process(self, ["openssl", "s_server", "-accept", str(port), "-WWW",
                       *arguments], "s_server", cwd=self.directory)

        wait_for(lambda: listens(port), "s_server to listen")
        return port

    def with_s_server(self, version):
        certificate, key = self.pair
        port = self.s_server("-cert", certificate, "-key", key, version,
                             "-CAfile", self.ca.ca, "-Verify", "1")
        self.first_flow_works(port)

    @row("32", "a client certificate is asked for, openssl, TLS 1.2", "policy",
         "openssl, curl", "curl 0: the page, by its own certificate",
         "splice, client_certificate; learned")
    def test_openssl_with_tls_1_2(self):
        self.with_s_server("-tls1_2")

    @row("32", "a client certificate is asked for, openssl, TLS 1.3", "policy",
         "openssl, curl", "curl 0: the page, by its own certificate",
         "splice, client_certificate; learned")
    def test_openssl_with_tls_1_3(self):
        self.with_s_server("-tls1_3")

    def test_after_tls_1_2_alone_was_asked_for(self):
        """Such a server is first refused for its signature, then asked anew."""
        pair = self.ca.server("rsa", key_type=("rsa:2048",))
        port = self.s_server("-cert", pair[0], "-key", pair[1], "-tls1_2", "-CAfile",
                             self.ca.ca, "-Verify", "1", "-serverpref", "-sigalgs",
                             "rsa_pss_rsae_sha256:RSA+SHA256")
        self.first_flow_works(port)
        with open(os.path.join(self.directory, "s_server.out"),
                  encoding="utf-8") as out:
            self.assertIn("alert", out.read())

    def test_what_tls_1_2_alone_does_not_mend_is_relayed(self):
        """PSS alone in 1.2: we refuse it, then the server refuses us; curl can."""
        certificate, key = self.ca.server("rsa", key_type=("rsa:2048",))
        port = self.s_server("-cert", certificate, "-key", key, "-tls1_2",
                             "-sigalgs", "rsa_pss_rsae_sha256")
        self.first_flow_works(port, reason="upstream_handshake")
        with open(os.path.join(self.directory, "s_server.out"),
                  encoding="utf-8") as out:
            self.assertRegex(out.read(), r"(?s)alert illegal parameter.*"
                             "no shared signature algorithms.*FILE:x")

    @row("32", "a client certificate is asked for, the name is in bypass.never",
         "policy", "openssl, curl", "a failure", "inspect, bypass never")
    def test_never_closes_what_would_be_relayed(self):
        certificate, key = self.pair
        port = self.s_server("-cert", certificate, "-key", key, "-tls1_2",
                             "-CAfile", self.ca.ca, "-Verify", "1")
        daemon = self.daemon("bypass.never=localhost")
        forward = Forwarder(self, daemon, port).port
        self.assertNotEqual(
            self.curl(forward, *self.client_certificate()).returncode, 0)
        self.assertEqual(self.bypasses(daemon), [])
        tls = self.tls(daemon)
        self.assertEqual(get(tls[0], "sightglass.bypass"), "never")
        self.assertEqual(get(tls[0], "sightglass.decision"), "inspect")

    def test_a_server_that_speaks_only_what_we_do_not(self):
        """Ed25519 alone: our library offers no such signature, curl does."""
        certificate, key = self.signed("ed", "subjectAltName=DNS:localhost\n",
                                       "ed25519")
        port = self.s_server("-cert", certificate, "-key", key)
        entries, tls = self.first_flow_works(port, reason="upstream_handshake")
        self.assertEqual(entries, [])
        self.assertEqual(get(tls[0], "sightglass.server.alert_received"), 40)
        self.assertIn("error", tls[0]["sightglass"])

    def test_a_server_that_is_too_weak_is_still_refused(self):
        """It turns us away, and curl would take what it has: no forward secrecy."""
        pair = self.ca.server("rsa", key_type=("rsa:2048",))
        port = self.s_server("-cert", pair[0], "-key", pair[1], "-tls1_2", "-cipher",
                             "AES256-GCM-SHA384")
        daemon = self.daemon()
        forward = Forwarder(self, daemon, port).port
        done = self.curl(forward)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("handshake failure", done.stderr)
        self.assertEqual(get(self.tls(daemon)[0], "sightglass.reason"),
                         "upstream_handshake")
        self.assertEqual([get(r, "sightglass.close") for r in daemon.records("flow")],
                         ["upstream_handshake_failed"])

    def test_a_server_that_is_too_old_is_still_refused(self):
        certificate, key = self.pair
        port = self.s_server("-cert", certificate, "-key", key, "-tls1_1",
                             "-cipher", "ALL:@SECLEVEL=0")
        daemon = self.daemon()
        forward = Forwarder(self, daemon, port).port
        done = self.curl(forward, "--tls-max", "1.2", "--tlsv1.0", "--ciphers",
                         "ALL:@SECLEVEL=0")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(get(self.tls(daemon)[0], "sightglass.decision"), "inspect")

    def test_a_server_that_hangs_up_on_us_is_asked_by_the_client(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.pair)
        seen = []

        def serve(connection):
            seen.append(connection)
            if len(seen) == 1:
                connection.recv(65536)
                return
            with context.wrap_socket(connection, server_side=True) as s:
                s.recv(4096)
                s.sendall(b"HTTP/1.0 200 OK\r\n\r\nhere\n")
        server = ThreadServer(self, serve)
        daemon = self.daemon()
        done = self.curl(Forwarder(self, daemon, server.port).port)
        self.assertEqual(done.stdout, "here\n", done.stderr)
        self.assertEqual(get(self.tls(daemon)[0], "sightglass.reason"),
                         "upstream_handshake")


    def test_a_client_that_was_silent_first(self):
        """The server was connected for it; it hangs up on us, and is asked again."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.pair)

        def serve(connection):
            if server.accepted == 1:
                connection.recv(65536)
                return
            with context.wrap_socket(connection, server_side=True) as s:
                s.sendall(s.recv(4096))
        server = ThreadServer(self, serve)
        daemon = self.daemon("flow.sniff_timeout=50ms")
        client = ssl.create_default_context(cafile=self.ca.ca)
        s = daemon.flow(server.port)
        wait_for(lambda: server.accepted == 1, "the connection for a silent client")
        with client.wrap_socket(s, server_hostname="localhost") as tls:
            tls.sendall(b"here")
            self.assertEqual(tls.recv(4), b"here")
        self.assertEqual([get(r, "sightglass.reason") for r in self.tls(daemon)],
                         ["upstream_handshake"])


class Kept(Bypass):
    """The list's life: on disk, in time, by hand."""

    def pinned(self, *settings, **options):
        nginx = self.nginx()
        daemon = self.daemon("bypass.count=1", *settings, **options)
        port = Forwarder(self, daemon, nginx.port).port
        self.curl(port)
        self.learned(daemon)
        return daemon, port

    def cli(self, daemon, *arguments):
        return self.run_cli("bypass", *arguments, "-d", daemon.directory)

    def test_a_restart_keeps_it(self):
        daemon, port = self.pinned()
        self.curl(port)
        before = self.learned(daemon)
        daemon.stop()
        path = daemon.path("bypass.ndjson")
        self.assertEqual(os.stat(path).st_mode & 0o7777, 0o600)
        with open(path, encoding="utf-8") as lines:
            self.assertEqual([json.loads(line)["hits"] for line in lines], [1])
        daemon = self.daemon()
        self.assertEqual(self.bypasses(daemon), before)
        nginx_port = int(self.logs[0].port)
        done = self.curl(Forwarder(self, daemon, nginx_port).port)
        self.assertEqual(done.stdout, "here\n")

    def test_a_kill_keeps_what_was_learned(self):
        daemon, _ = self.pinned()
        wait_for(lambda: os.path.exists(daemon.path("bypass.ndjson")), "the file")
        before = self.bypasses(daemon)
        daemon.kill()
        daemon = self.daemon()
        self.assertEqual(self.bypasses(daemon), before)

    def test_a_damaged_file_loses_the_damaged_lines_alone(self):
        daemon, _ = self.pinned()
        before = self.bypasses(daemon)
        daemon.stop()
        with open(daemon.path("bypass.ndjson"), "a", encoding="utf-8") as out:
            out.write('{"application":"a"}\n\x00\n{"name":"half')
        daemon = self.daemon()
        self.assertEqual(self.bypasses(daemon), before)
        self.assertIn("bypass.ndjson:2: not a bypass", daemon.output())

    def test_every_worker_is_told(self):
        _, port = self.pinned(workers=3)
        # Flows go to whoever takes them.
        wait_for(lambda: all(self.curl(port).stdout == "here\n" for _ in range(12)),
                 "every worker to relay")

    def test_a_restarted_worker_is_told(self):
        daemon, port = self.pinned(workers=1)
        first = daemon.control("status")["workers"][0]["pid"]
        os.kill(first, signal.SIGKILL)

        wait_for(lambda: daemon.control("status")["workers"][0]["pid"]
                 not in (0, first), "another worker")
        self.assertEqual(self.curl(port).stdout, "here\n")

    @row("33", "a bypass whose life is over", "learn", "nginx, curl",
         "curl 60: opened anew", "bypass_removed: expired")
    def test_its_time_ends(self):
        nginx = self.nginx()
        daemon = self.daemon("bypass.count=1", "bypass.ttl=1s", "log.flush=1ms")
        port = Forwarder(self, daemon, nginx.port).port
        self.assertEqual(self.curl(port).returncode, 60)
        wait_for(lambda: "expired: localhost for" in self.run_cli(
            "show", "-d", daemon.directory).stdout, "the end of its life")
        self.assertEqual(self.bypasses(daemon), [])
        self.assertEqual(self.curl(port).returncode, 60)
        records = daemon.stop()
        self.assertIn("expired: localhost for /usr/bin/test-client",
                      [r.get("message") for r in records])

    def test_by_hand(self):
        nginx, daemon = self.nginx(), self.daemon()
        port = Forwarder(self, daemon, nginx.port).port
        self.assertEqual(self.curl(port).returncode, 60)
        self.assertEqual(self.cli(daemon, "add", "--name", "LocalHost.", "--ttl",
                                  "30min").returncode, 0)
        self.assertEqual(self.curl(port).stdout, "here\n")
        entry = json.loads(self.cli(daemon, "list", "-o", "json").stdout)
        self.assertEqual((entry["application"], entry["name"], entry["reason"],
                          entry["hits"]), ("*", "localhost", "added", 1))
        table = self.cli(daemon, "list").stdout.splitlines()
        self.assertEqual(table[1].split()[0], "added")
        self.assertEqual(table[1].split()[-2:], ["localhost", "*"])
        self.assertEqual(self.cli(daemon, "remove", "--name", "localhost")
                         .returncode, 0)
        missing = self.cli(daemon, "remove", "--name", "localhost")
        self.assertEqual((missing.returncode, missing.stderr), (
            1, "sightglass: bypass: error: there is no such bypass\n"))
        self.assertEqual(self.curl(port).returncode, 60)
        for name in ("a.test", "b.test"):
            self.cli(daemon, "add", "--name", name, "--app", "com.example.x")
        self.assertEqual(self.cli(daemon, "clear").stdout, "3 removed\n")
        self.assertEqual(self.cli(daemon, "list", "-o", "json").stdout, "")

    def test_mistakes_are_named(self):
        daemon = self.daemon()
        for arguments, words in (
                (["add"], "wants --name"), (["list", "--name", "x"], "takes no --app"),
                (["clear", "--ttl", "1d"], "takes no --ttl"),
                (["add", "--name", "x", "--ttl", "5"], "--ttl"),
                (["list", "-o", "xml"], "not 'xml'"), (["forget"], "not 'forget'"),
                (["clear", "-o", "json"], "takes no --output")):
            done = self.cli(daemon, *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(words, done.stderr)

    def test_a_long_list_comes_whole(self):
        daemon = self.daemon()
        names = [f"{'n' * 60}{i}.test" for i in range(700)]
        for name in names:
            self.assertTrue(daemon.control("bypass", verb="add", name=name)["ok"])
        lines = self.cli(daemon, "list", "-o", "json").stdout.splitlines()
        self.assertEqual([json.loads(line)["name"] for line in lines], names)

    def test_a_reload_takes_away_what_is_never_to_be(self):
        nginx = self.nginx()
        directory = os.path.join(self.directory, "d")
        os.makedirs(directory)
        path = os.path.join(directory, "sightglass.yaml")
        with open(path, "w", encoding="ascii") as out:
            out.write("bypass:\n  count: 1\n")
        daemon = self.daemon()
        port = Forwarder(self, daemon, nginx.port).port
        self.curl(port)
        self.learned(daemon)
        with open(path, "a", encoding="ascii") as out:
            out.write("  never: [localhost]\n")
        self.assertTrue(daemon.control("reload")["ok"])
        self.assertEqual(self.bypasses(daemon), [])
        self.assertEqual(self.curl(port).returncode, 60)


class Lists(Bypass):
    """Rules in files."""

    def write(self, text, name="list"):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def decisions(self, daemon):
        return [(get(r, "sightglass.decision"), get(r, "sightglass.reason"))
                for r in self.tls(daemon)]

    def test_a_list_is_obeyed_and_read_again_without_dropping_a_flow(self):
        nginx = self.nginx()
        path = self.write("# bank\nlocalhost  # pinned, says its maker\n")
        daemon = self.daemon(f"policy.splice_files={path}", workers=1)
        port = Forwarder(self, daemon, nginx.port).port
        self.assertEqual(self.curl(port).stdout, "here\n")
        context = ssl.create_default_context(cafile=self.ca.ca)
        with context.wrap_socket(daemon.flow(nginx.port),
                                 server_hostname="localhost") as held:
            self.write("other.test\n")
            daemon.process.send_signal(signal.SIGHUP)
            ours = daemon.path("ca", "sightglass-ca.pem")
            wait_for(lambda: self.curl(port, ca=ours).stdout == "here\n",
                     "the new list to count")
            self.write("this is no rule\n")
            answer = daemon.control("reload")
            self.assertFalse(answer["ok"])
            self.assertIn(f"{path}:1: rule 'this is no rule'", answer["error"])
            self.assertEqual(self.curl(port, ca=ours).stdout, "here\n")
            held.sendall(b"GET /x HTTP/1.0\r\n\r\n")
            self.assertTrue(held.recv(65536))
        decisions = self.decisions(daemon)
        self.assertEqual(decisions[0], ("splice", "policy_name"))
        self.assertEqual(decisions[-1], ("inspect", "default"))

    def test_each_kind_of_list(self):
        nginx = self.nginx()
        refuse = self.write("app:/usr/bin/refused\n", "refuse")
        inspect = self.write("localhost\n", "inspect")
        daemon = self.daemon(f"policy.refuse_files={refuse}", "policy.default=splice",
                             f"policy.inspect_files={inspect}")
        ours = daemon.path("ca", "sightglass-ca.pem")
        self.assertEqual(
            self.curl(Forwarder(self, daemon, nginx.port).port, ca=ours).stdout,
            "here\n")
        refused = Forwarder(self, daemon, nginx.port, b"/usr/bin/refused")
        self.assertNotEqual(self.curl(refused.port, ca=ours).returncode, 0)
        self.assertEqual(self.decisions(daemon), [
            ("inspect", "policy_name"), ("refuse", "policy_application")])

    def test_a_rule_may_name_the_team_of_a_program(self):
        nginx = self.nginx()
        daemon = self.daemon("policy.splice=app:ABCDE12345:com.example.tool", workers=1)
        ours = daemon.path("ca", "sightglass-ca.pem")
        for team, ca in ((b"ABCDE12345", self.ca.ca), (b"ZZZZZ99999", ours)):
            flow = daemon.flow(nginx.port, tlvs=[
                (TLV_SIGNING_ID, b"com.example.tool"), (TLV_TEAM_ID, team)])
            with ssl.create_default_context(cafile=ca).wrap_socket(
                    flow, server_hostname="localhost") as client:
                client.sendall(b"GET /x HTTP/1.0\r\n\r\n")
                self.assertTrue(client.recv(65536))
        self.assertEqual(self.decisions(daemon), [
            ("splice", "policy_application"), ("inspect", "default")])

    def test_a_bypass_is_of_a_team_s_program_and_no_other_of_that_identifier(self):
        nginx = self.nginx()
        daemon = self.daemon(workers=1)
        ours = daemon.path("ca", "sightglass-ca.pem")
        self.assertTrue(daemon.control("bypass", verb="add", name="localhost",
                                       application="ABCDE12345:com.example.tool")["ok"])
        for team, ca in ((b"ABCDE12345", self.ca.ca), (b"ZZZZZ99999", ours), (b"", ours)):
            flow = daemon.flow(nginx.port, tlvs=[
                (TLV_SIGNING_ID, b"com.example.tool"), (TLV_TEAM_ID, team)])
            with ssl.create_default_context(cafile=ca).wrap_socket(
                    flow, server_hostname="localhost") as client:
                client.sendall(b"GET /x HTTP/1.0\r\n\r\n")
                self.assertTrue(client.recv(65536))
        self.assertEqual(self.decisions(daemon), [
            ("splice", "added"), ("inspect", "default"), ("inspect", "default")])

    def test_what_is_known_to_break_gives_way_to_any_rule(self):
        nginx = self.nginx()
        path = self.write("localhost  # known\n")
        daemon = self.daemon(f"policy.known={path}")
        self.assertEqual(
            self.curl(Forwarder(self, daemon, nginx.port).port).stdout, "here\n")
        self.assertEqual(self.decisions(daemon), [("splice", "known_to_break")])
        daemon = self.daemon(f"policy.known={path}", "policy.inspect=localhost",
                             directory=os.path.join(self.directory, "e"))
        self.assertEqual(
            self.curl(Forwarder(self, daemon, nginx.port).port,
                      ca=daemon.path("ca", "sightglass-ca.pem")).stdout, "here\n")
        self.assertEqual(self.decisions(daemon), [("inspect", "policy_name")])

    def check(self, *settings):
        command = [DAEMON, "-n", "-d", self.directory, "-o", "user=root"]
        for setting in settings:
            command += ["-o", setting]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_the_check_reads_the_files(self):
        path = self.write("good.test\n\n  17.0.0.0/8 # Apple\n*.*.bad # two stars\n")
        done = self.check(f"policy.refuse_files={path}")
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"{path}:4: rule '*.*.bad': neither a name", done.stderr)
        done = self.check("policy.splice_files=/nowhere/list")
        self.assertEqual(done.returncode, 2)
        self.assertIn("policy.splice_files: cannot read '/nowhere/list': No such",
                      done.stderr)
        done = self.check("policy.splice_files=list")
        self.assertIn("'list' is not an absolute path", done.stderr)
        done = self.check("bypass.never=app:x")
        self.assertIn("bypass.never: rule 'app:x': only names", done.stderr)

    def test_the_shipped_list_is_well_formed(self):
        source = os.environ.get("SIGHTGLASS_SOURCE", os.getcwd())
        path = os.path.abspath(os.path.join(source, "conf", "splice.list"))
        done = self.check(f"policy.known={path}")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(path, encoding="utf-8") as lines:
            rules = [l for l in lines if l.strip() and not l.startswith("#")]
        self.assertGreater(len(rules), 20)
        for rule in rules:
            self.assertRegex(rule, r"^\S+\s+# \S", "a rule without its reason")

    def test_a_hundred_thousand_rules(self):
        nginx = self.nginx()
        path = self.write("".join(f"*.n{i}.example.test # why\n"
                                  for i in range(99999)) + "localhost\n")
        daemon = self.daemon(f"policy.splice_files={path}")
        port = Forwarder(self, daemon, nginx.port).port
        self.assertEqual(self.curl(port).stdout, "here\n")
        self.assertTrue(daemon.control("reload")["ok"])
        self.assertEqual(self.curl(port).stdout, "here\n")
        self.assertEqual(self.decisions(daemon), [("splice", "policy_name")] * 2)


if __name__ == "__main__":
    unittest.main()
