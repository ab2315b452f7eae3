# SPDX-License-Identifier: ISC
"""TLS that begins in a plain dialogue (STARTTLS) where it is not to be opened, or
cannot be: decided when the hello is there, on the connection that stands."""

import os
import socket
import ssl
import subprocess
import threading
import unittest

from harness import DAEMON, Forwarder, Process, free_port, get, in_order, wait_for
from starttls import MAIL, Scripted, read_until
from starttls_peers import Smtp

UNKNOWN_CA = 48


class NotOpened(Scripted):
    """The decision is taken anew when the hello is there."""

    def relayed(self, daemon, reason, name="localhost", **options):
        server = self.smtp(self.echo_in_tls())
        self.talk(daemon, server.port, self.ca.ca, name, **options).close()
        records = daemon.stop()
        tls = self.one(records, event__dataset="sightglass.tls")
        self.assertEqual(
            {k: get(tls, "sightglass." + k) for k in
             ("decision", "reason", "starttls")},
            {"decision": "splice", "reason": reason, "starttls": "smtp"})
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertEqual(
            {k: get(flow, "sightglass." + k) for k in
             ("protocol", "starttls", "decision", "close")},
            {"protocol": "smtp", "starttls": "smtp", "decision": "splice",
             "close": "finished"})
        return tls, flow

    def test_a_rule_for_the_name_in_the_hello(self):
        tls, flow = self.relayed(self.daemon("policy.splice=localhost"), "policy_name")
        self.assertEqual(get(tls, "tls.client.server_name"), "localhost")
        self.assertEqual(get(flow, "destination.domain"), "localhost")

    def test_a_rule_for_the_name_that_the_forwarder_knew(self):
        tls, _ = self.relayed(self.daemon("policy.splice=mail.example"),
                              "policy_name", name=None, authority="mail.example")
        self.assertEqual(get(tls, "destination.domain"), "mail.example")

    def test_a_rule_to_open_behind_a_default_to_relay(self):
        server = self.smtp(self.echo_in_tls())
        daemon = self.daemon("policy.default=splice", "policy.inspect=localhost")
        self.talk(daemon, server.port, self.ours(daemon)).close()
        self.check_opened(daemon, "smtp", ("client", b"EHLO me"))

    def test_a_bypass_that_a_person_added(self):
        daemon = self.daemon()
        answer = daemon.control("bypass", verb="add", name="localhost",
                                application="/usr/bin/test-client")
        self.assertTrue(answer["ok"], answer)
        wait_for(lambda: daemon.control("bypass", verb="list")["bypasses"], "it")
        self.relayed(daemon, "added")

    def test_a_rule_to_refuse(self):
        server = self.smtp(self.echo_in_tls())
        daemon = self.daemon("policy.refuse=localhost")
        with daemon.flow(server.port) as s:
            self.ask(s)
            s.sendall(self.hello()[0])
            with self.assertRaises(ConnectionResetError):
                s.recv(9)
        records = daemon.stop()
        tls = self.one(records, event__dataset="sightglass.tls")
        self.assertEqual(get(tls, "sightglass.decision"), "refuse")
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertEqual(
            {k: get(flow, "sightglass." + k) for k in ("close", "starttls")},
            {"close": "refused_by_policy", "starttls": "smtp"})

    def test_a_protocol_that_is_not_watched(self):
        server = self.smtp(self.echo_in_tls())
        daemon = self.daemon("policy.starttls=imap")
        self.talk(daemon, server.port, self.ca.ca).close()
        records = daemon.stop()
        self.assertEqual([r for r in records
                          if r["event"]["dataset"] == "sightglass.tls"], [])
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertEqual(
            {k: get(flow, "sightglass." + k) for k in ("protocol", "starttls")},
            {"protocol": "smtp", "starttls": None})

    def test_a_protocol_that_is_not_known(self):
        done = subprocess.run([DAEMON, "-n", "-d", os.path.join(self.directory, "d"),
                               "-o", "user=root", "-o", "policy.starttls=smtp nntp"],
                              capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("'nntp' is none of smtp, imap", done.stderr)

    def test_a_server_that_does_not_verify(self):
        pair = self.ca.server("other", names=("elsewhere.test",), addresses=())
        server = self.smtp(self.echo_in_tls(self.server_context(pair)))
        daemon = self.daemon()
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.talk(daemon, server.port, self.ours(daemon))
        tls = self.one(daemon.stop(), event__dataset="sightglass.tls")
        self.assertEqual(
            {k: get(tls, "sightglass." + k) for k in
             ("verification", "invalid", "starttls")},
            {"verification": "name_mismatch", "invalid": "mirror",
             "starttls": "smtp"})
        self.assertEqual(self.inside, [])

    def test_a_server_that_does_not_verify_and_is_refused(self):
        pair = self.ca.server("other", names=("elsewhere.test",), addresses=())
        server = self.smtp(self.echo_in_tls(self.server_context(pair)))
        daemon = self.daemon("upstream.invalid=refuse")
        with self.assertRaisesRegex(ssl.SSLError, "BAD_CERTIFICATE"):
            self.talk(daemon, server.port, self.ours(daemon))
        flow = self.one(daemon.stop(), event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.close"), "upstream_invalid")
        self.assertEqual(self.inside, [])


class Learned(Scripted):
    """What cannot be mended on the connection that stands is for the next one."""

    def learned(self, daemon, reason):
        def found():
            entries = daemon.control("bypass", verb="list")["bypasses"]
            return [e["reason"] for e in entries if e["name"] == "localhost"]
        self.assertEqual(wait_for(found, "the bypass"), [reason])

    def tls(self, daemon):
        return in_order(r for r in daemon.stop()
                        if r["event"]["dataset"] == "sightglass.tls")

    def told(self, records):
        return [(get(r, "sightglass.decision"), get(r, "sightglass.reason"),
                 get(r, "sightglass.bypass")) for r in records]

    def test_a_client_that_pins_is_relayed_the_next_time(self):
        server, daemon = Smtp(self, self.pair), self.daemon()
        port = Forwarder(self, daemon, server.port).port

        def send():
            return subprocess.run(
                ["curl", "-sS", "--ssl-reqd", "--cacert", self.ca.ca, "--mail-from",
                 "a@test", "--mail-rcpt", "b@test", "-T", "-",
                 f"smtp://localhost:{port}"], input=MAIL, capture_output=True,
                timeout=60, check=False).returncode
        self.assertEqual([send(), send()], [60, 60])
        self.learned(daemon, "pinned")
        self.assertEqual(send(), 0)
        self.assertEqual(server.got(), MAIL)
        records = self.tls(daemon)
        self.assertEqual(self.told(records),
                         [("inspect", "default", "counted")] * 2
                         + [("splice", "pinned", None)])
        self.assertEqual(get(records[0], "sightglass.client.alert_received"),
                         UNKNOWN_CA)

    def client_certificate(self, mode, version=None):
        context = self.server_context(verify_mode=mode)
        context.load_verify_locations(self.ca.ca)
        if version:
            context.maximum_version = version
        return self.smtp(self.echo_in_tls(context))

    def test_a_server_that_may_be_shown_a_certificate_is_shown_none(self):
        server = self.client_certificate(ssl.CERT_OPTIONAL)
        daemon = self.daemon()
        self.talk(daemon, server.port, self.ours(daemon)).close()
        self.learned(daemon, "client_certificate")
        self.talk(daemon, server.port, self.ca.ca).close()
        self.assertEqual(self.told(self.tls(daemon)),
                         [("inspect", "default", "counted"),
                          ("splice", "client_certificate", None)])

    def test_a_server_that_must_be_shown_one_gets_the_clients_the_next_time(self):
        server = self.client_certificate(ssl.CERT_REQUIRED, ssl.TLSVersion.TLSv1_2)
        daemon = self.daemon()
        with self.assertRaises(ssl.SSLError):
            self.talk(daemon, server.port, self.ours(daemon))
        self.learned(daemon, "client_certificate")
        with daemon.flow(server.port) as s:
            self.ask(s)
            context = self.context(self.ca.ca)
            context.load_cert_chain(*self.ca.server("client", usage="clientAuth"))
            with context.wrap_socket(s, server_hostname="localhost") as tls:
                tls.sendall(b"inside\r\n")
                self.assertEqual(read_until(tls, b"\n"), b"inside\r\n")
        tls = self.tls(daemon)
        self.assertEqual(self.told(tls), [("inspect", "default", "counted"),
                                          ("splice", "client_certificate", None)])
        self.assertEqual(get(tls[0], "sightglass.failure"),
                         "upstream_handshake_failed")

    def test_a_server_that_must_be_shown_one_is_shown_what_is_set(self):
        server = self.client_certificate(ssl.CERT_REQUIRED)
        certificate, key = self.ca.server("client", usage="clientAuth")
        os.chmod(key, 0o600)
        daemon = self.daemon(
            f"upstream.client_certificates=localhost={certificate},{key}")
        self.talk(daemon, server.port, self.ours(daemon)).close()
        tls = self.tls(daemon)
        self.assertEqual(self.told(tls), [("inspect", "default", None)])
        self.assertIn("CN=localhost",
                      get(tls[0], "sightglass.client_certificate.subject"))

    def test_a_server_of_tls_1_2_that_signs_with_pss_is_counted(self):
        # It would be asked again, for TLS 1.2 alone, if it could be.
        pair = self.ca.server("rsa", key_type=("rsa:2048",))
        port = free_port()
        server = Process(self, ["openssl", "s_server", "-accept", str(port),
                                "-cert", pair[0], "-key", pair[1], "-tls1_2",
                                "-rev", "-sigalgs", "rsa_pss_rsae_sha256"],
                         "s_server")
        wait_for(lambda: "ACCEPT" in server.output(), "s_server")

        def serve(s):
            with socket.create_connection(("127.0.0.1", port)) as behind:
                back = threading.Thread(target=self.copy, args=(behind, s))
                back.start()
                self.copy(s, behind)
                back.join()
        front, daemon = self.smtp(serve), self.daemon()
        for _ in range(2):
            with self.assertRaises(ssl.SSLError), daemon.flow(front.port) as s:
                self.ask(s)
                self.context(self.ours(daemon)).wrap_socket(
                    s, server_hostname="localhost")
        self.learned(daemon, "upstream_handshake")
        with daemon.flow(front.port) as s:
            self.ask(s)
            with self.context(self.ca.ca).wrap_socket(
                    s, server_hostname="localhost") as tls:
                tls.sendall(b"abc\n")
                self.assertEqual(tls.recv(99), b"cba\n")
        self.assertEqual(self.told(self.tls(daemon)),
                         [("inspect", "default", "counted")] * 2
                         + [("splice", "upstream_handshake", None)])

    def copy(self, source, target):
        try:
            while part := source.recv(65536):
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def test_a_server_that_turns_us_away_is_counted(self):
        served = []

        def serve(s):
            if len(served) < 2:
                served.append(s.recv(65536))
                s.sendall(bytes([21, 3, 3, 0, 2, 2, 40]))
            else:
                self.echo_in_tls()(s)
        server, daemon = self.smtp(serve), self.daemon()
        for _ in range(2):
            with self.assertRaisesRegex(ssl.SSLError, "HANDSHAKE_FAILURE"):
                self.talk(daemon, server.port, self.ours(daemon))
        self.learned(daemon, "upstream_handshake")
        self.talk(daemon, server.port, self.ca.ca).close()
        tls = self.tls(daemon)
        self.assertEqual(self.told(tls),
                         [("inspect", "default", "counted")] * 2
                         + [("splice", "upstream_handshake", None)])
        self.assertEqual(get(tls[0], "sightglass.server.alert_received"), 40)

    def test_nothing_is_learned_where_nothing_may_be(self):
        def serve(s):
            s.recv(65536)
            s.sendall(bytes([21, 3, 3, 0, 2, 2, 40]))
        server = self.smtp(serve)
        daemon = self.daemon("bypass.never=localhost")
        for _ in range(3):
            with self.assertRaises(ssl.SSLError):
                self.talk(daemon, server.port, self.ours(daemon))
        self.assertEqual(self.told(self.tls(daemon)),
                         [("inspect", "default", "never")] * 3)


if __name__ == "__main__":
    unittest.main()
