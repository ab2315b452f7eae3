# SPDX-License-Identifier: ISC
"""Leaves: the certificates that clients are shown, which keys they have and for
how long, judged by openssl, gnutls and curl."""

import concurrent.futures
import os
import signal
import ssl
import subprocess
import unittest

from harness import (Daemon, Forwarder, Process, Test, ThreadServer, free_port,
                     get, wait_for)

NAME = "localhost"


def echo(connection):
    while data := connection.recv(65536):
        connection.sendall(data)


class Leaf(Test):
    def setUp(self):
        super().setUp()
        self.ca = self.certificates()
        self.pair = self.ca.server()

    def server_context(self, version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.pair)
        if version:
            context.maximum_version = version
        return context

    def echo_server(self, version=None):
        return ThreadServer(self, echo, self.server_context(version)).port

    def s_server(self, *options):
        """openssl s_server that turns each line around; its port."""
        port = free_port()
        server = Process(self, [
            "openssl", "s_server", "-accept", str(port), "-cert", self.pair[0],
            "-key", self.pair[1], "-rev", *options], "s_server")
        wait_for(lambda: "ACCEPT" in server.output(), "s_server")
        return port

    def daemon(self, *settings, **options):
        return Daemon(self, *settings, trust=self.ca.ca, **options)

    def client(self, daemon, port, name=NAME, **options):
        """A TLS socket through the daemon that trusts our CA alone."""
        context = ssl.create_default_context(
            cafile=daemon.path("ca", "sightglass-ca.pem"))
        s = context.wrap_socket(daemon.flow(port, **options), server_hostname=name)
        self.addCleanup(s.close)
        return s

    def run_client(self, *command, text="hello\n"):
        done = subprocess.run(command, input=text, capture_output=True, text=True,
                              timeout=60)
        return done.returncode, done.stdout + done.stderr

    def openssl_client(self, daemon, port, *options):
        """s_client's words; fails unless it verified our chain."""
        door = Forwarder(self, daemon, port).port
        status, said = self.run_client(
            "openssl", "s_client", "-connect", f"127.0.0.1:{door}", "-servername",
            NAME, "-verify_hostname", NAME, "-verify_return_error", "-showcerts",
            "-CAfile", daemon.path("ca", "sightglass-ca.pem"), *options)
        self.assertEqual(status, 0, said)
        self.assertIn("Verify return code: 0 (ok)", said)
        return said

    def text_of(self, pem):
        """openssl's words for the first certificate in the text."""
        return subprocess.run(["openssl", "x509", "-noout", "-text"], input=pem,
                              check=True, capture_output=True, text=True).stdout


def public_key(s):
    """Of the peer, DER."""
    pem = ssl.DER_cert_to_PEM_cert(s.getpeercert(binary_form=True))
    return subprocess.run(["openssl", "x509", "-noout", "-pubkey"],
                          input=pem.encode(), check=True,
                          capture_output=True).stdout


class Keys(Leaf):
    """The server's key is RSA, since it is offered what the client offers."""

    def setUp(self):
        super().setUp()
        self.pair = self.ca.server("rsa", key_type=("rsa:2048",))

    def rsa_leaf(self, said):
        self.assertIn("Public-Key: (2048 bit)", self.text_of(said))

    def opened(self, daemon, version):
        tls = self.one(daemon.stop(), event__dataset="sightglass.tls")
        self.assertEqual(get(tls, "sightglass.decision"), "inspect")
        self.assertEqual(get(tls, "sightglass.client.version"), version)

    def test_a_client_of_tls_1_2_without_ecdsa_gets_an_rsa_leaf(self):
        daemon = self.daemon()
        said = self.openssl_client(
            daemon, self.echo_server(), "-tls1_2", "-cipher",
            "ECDHE-RSA-AES128-GCM-SHA256", "-sigalgs", "RSA+SHA256")
        self.rsa_leaf(said)
        self.opened(daemon, "1.2")

    def test_a_client_with_nothing_but_dhe(self):
        daemon = self.daemon()
        said = self.openssl_client(
            daemon, self.s_server(), "-tls1_2", "-cipher",
            "DHE-RSA-AES256-GCM-SHA384", "-sigalgs", "RSA+SHA256")
        self.rsa_leaf(said)
        self.opened(daemon, "1.2")

    def test_a_client_of_tls_1_3_that_takes_rsa_pss_alone(self):
        daemon = self.daemon()
        said = self.openssl_client(daemon, self.echo_server(), "-tls1_3",
                                   "-sigalgs", "rsa_pss_rsae_sha256")
        self.rsa_leaf(said)
        self.opened(daemon, "1.3")

    def test_the_version_that_the_server_chose_decides(self):
        """In TLS 1.3 this client would take ECDSA, in 1.2 it has RSA suites."""
        daemon = self.daemon()
        said = self.openssl_client(
            daemon, self.echo_server(ssl.TLSVersion.TLSv1_2), "-cipher",
            "ECDHE-RSA-AES128-GCM-SHA256")
        self.rsa_leaf(said)
        self.opened(daemon, "1.2")

    def test_a_client_without_a_key_of_ours_in_that_version_is_relayed(self):
        """In TLS 1.3 it would take P-256; in 1.2 its only curve is P-384."""
        self.pair = self.ca.server("p384", key_type=(
            "ec", "-pkeyopt", "ec_paramgen_curve:P-384"))
        port = self.s_server("-tls1_2")
        daemon = self.daemon()
        door = Forwarder(self, daemon, port).port
        status, said = self.run_client(
            "openssl", "s_client", "-connect", f"127.0.0.1:{door}", "-servername",
            NAME, "-CAfile", self.ca.ca, "-verify_return_error", "-curves",
            "P-384", "-cipher", "aECDSA")
        self.assertEqual(status, 0, said)
        tls = self.one(daemon.stop(), event__dataset="sightglass.tls")
        self.assertEqual(get(tls, "sightglass.decision"), "splice", said)
        self.assertEqual(get(tls, "sightglass.reason"), "client_no_key", said)

    def test_gnutls_and_curl_without_ecdsa(self):
        daemon = self.daemon()

        def answer(connection):
            connection.sendall(connection.recv(65536))
            connection.unwrap()  # an end without a close_notify is one that GnuTLS minds

        once = ThreadServer(self, answer, self.server_context())
        door = Forwarder(self, daemon, once.port).port
        ca = daemon.path("ca", "sightglass-ca.pem")
        status, said = self.run_client(
            "gnutls-cli", "-p", str(door), "--x509cafile", ca, "--sni-hostname",
            NAME, "--verify-hostname", NAME, "--priority",
            "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-RSA", "127.0.0.1")
        self.assertEqual(status, 0, said)
        self.assertIn("(ECDHE-SECP256R1)-(RSA-", said.replace("X25519", "SECP256R1"))
        status, said = self.run_client(
            "curl", "-sSv", "--http0.9", "--tls-max", "1.2", "--ciphers",
            "ECDHE-RSA-AES256-GCM-SHA384", "--cacert", ca, "--resolve",
            f"{NAME}:{door}:127.0.0.1", "-m", "60", f"https://{NAME}:{door}/")
        self.assertIn("SSL certificate verify ok", said)
        self.assertIn("ECDHE-RSA-AES256-GCM-SHA384", said)
        datasets = [r for r in daemon.stop()
                    if r["event"]["dataset"] == "sightglass.tls"]
        self.assertEqual([get(r, "sightglass.decision") for r in datasets],
                         ["inspect", "inspect"])

    def test_keys_change_and_flows_in_progress_go_on(self):
        daemon = self.daemon("leaf.key_life=1s", workers=1)
        port = self.echo_server()
        first = self.client(daemon, port)
        first_key = public_key(first)

        def another():
            with self.client(daemon, port) as s:
                key = public_key(s)
                return key if key != first_key else None
        second_key = wait_for(another, "another key")
        self.assertNotEqual(first_key, second_key)
        first.sendall(b"still here")
        self.assertEqual(first.recv(99), b"still here")
        records = daemon.stop()
        self.assertEqual({get(r, "sightglass.decision") for r in records
                          if r["event"]["dataset"] == "sightglass.tls"}, {"inspect"})

    def test_a_handshake_goes_on_with_the_key_that_it_began_with(self):
        daemon = self.daemon("leaf.key_life=1s", workers=1)
        port = self.echo_server()
        context = ssl.create_default_context(
            cafile=daemon.path("ca", "sightglass-ca.pem"))
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname=NAME)
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        with daemon.flow(port) as s:
            s.sendall(outgoing.read())
            answer = s.recv(65536)
            with self.client(daemon, port) as other:
                before = public_key(other)

            def changed():
                with self.client(daemon, port) as other:
                    return public_key(other) != before
            wait_for(changed, "another key")
            incoming.write(answer)
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    incoming.write(s.recv(65536))
            tls.write(b"done")
            s.sendall(outgoing.read())
            self.assertEqual(self.read(tls, incoming, s), b"done")

    def read(self, tls, incoming, s):
        while True:
            try:
                return tls.read(99)
            except ssl.SSLWantReadError:
                incoming.write(s.recv(65536))

    def test_workers_have_keys_of_their_own(self):
        daemon = self.daemon(workers=2)
        port = self.echo_server()

        keys = set()

        def both():
            with self.client(daemon, port) as s:
                keys.add(public_key(s))
            return len(keys) == 2
        wait_for(both, "a leaf from each worker")



class Signer(Leaf):
    """What the signer decides, and its records."""

    def setUp(self):
        super().setUp()
        self.pair = self.ca.server("wild", names=("*.example.test",))
        self.port = self.echo_server()

    def serial(self, daemon, name):
        with self.client(daemon, self.port, name) as s:
            pem = ssl.DER_cert_to_PEM_cert(s.getpeercert(binary_form=True))
        return subprocess.run(
            ["openssl", "x509", "-noout", "-serial"], input=pem, check=True,
            capture_output=True, text=True).stdout.split("=")[1].strip()

    def mints(self, records):
        return [r for r in records if r["event"]["dataset"] == "sightglass.mint"]

    def test_each_leaf_has_one_record_that_says_what_it_says(self):
        daemon = self.daemon(workers=1)
        serials = [self.serial(daemon, name) for name in
                   ("a.example.test", "b.example.test", "a.example.test")]
        records = daemon.stop()
        mints = self.mints(records)
        self.assertEqual([get(m, "sightglass.names") for m in mints],
                         [["a.example.test", "*.example.test", "127.0.0.1"],
                          ["b.example.test", "*.example.test", "127.0.0.1"]])
        self.assertEqual(serials[0], serials[2])
        self.assertEqual([get(m, "sightglass.leaf.serial").upper() for m in mints],
                         serials[:2])
        mint = mints[0]
        self.assertEqual(get(mint, "sightglass.key"), "p256")
        self.assertEqual(get(mint, "sightglass.worker"), 1)
        self.assertIn("sightglass CA", get(mint, "sightglass.leaf.issuer"))
        self.assertIsNotNone(get(mint, "host.hostname"))
        life = [get(mint, "sightglass.leaf.not_" + end) for end in ("before", "after")]
        self.assertLess(*life)
        # The record of the flow names the same certificate.
        shown = {get(r, "sightglass.leaf.sha256") for r in records
                 if r["event"]["dataset"] == "sightglass.tls"}
        self.assertEqual(shown, {get(m, "sightglass.leaf.sha256") for m in mints})

    def test_an_rsa_leaf_is_told_apart(self):
        self.pair = self.ca.server("rsa", key_type=("rsa:2048",))
        daemon = self.daemon(workers=1)
        self.openssl_client(daemon, self.echo_server(), "-tls1_2", "-cipher",
                            "ECDHE-RSA-AES128-GCM-SHA256")
        self.assertEqual([get(m, "sightglass.key") for m in
                          self.mints(daemon.stop())], ["rsa"])

    def test_records_outlive_the_signer(self):
        daemon = self.daemon(workers=1)
        first = self.serial(daemon, "a.example.test")
        pid = daemon.control("status")["signer"]["pid"]
        os.kill(pid, signal.SIGKILL)
        second = self.serial(daemon, "b.example.test")
        mints = self.mints(daemon.stop())
        self.assertEqual([get(m, "sightglass.leaf.serial").upper() for m in mints],
                         [first, second])
        sequences = [get(m, "event.sequence") for m in mints]
        self.assertEqual(sequences[1], sequences[0] + 1)

    def test_what_the_worker_had_no_room_for_is_given_again(self):
        daemon = self.daemon("leaf.cache=16", workers=1)
        first = self.serial(daemon, "a.example.test")
        for i in range(16):
            self.serial(daemon, f"n{i}.example.test")
        self.assertEqual(self.serial(daemon, "a.example.test"), first)
        signer = daemon.control("status")["signer"]
        self.assertEqual((signer["leaves"], signer["leaves_again"]), (17, 1))
        self.assertEqual(len(self.mints(daemon.stop())), 17)

    def test_a_worker_that_is_restarted_has_another_key_and_other_leaves(self):
        daemon = self.daemon(workers=1)
        first = self.serial(daemon, "a.example.test")
        old = daemon.control("status")["workers"][0]["pid"]
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: daemon.control("status")["workers"][0]["pid"] not in (0, old),
                 "another worker")
        self.assertNotEqual(self.serial(daemon, "a.example.test"), first)

    def at_once(self, daemon, count, prefix="n"):
        """So many names asked for together; how many clients got a leaf."""
        def ask(number):
            try:
                return self.serial(daemon, f"{prefix}{number}.example.test")
            except OSError:
                return None
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            return len(set(pool.map(ask, range(count))) - {None})

    def test_flows_over_the_rate_wait(self):
        daemon = self.daemon("leaf.rate=1", workers=1)  # ten at once
        rounds = 0
        while True:  # a slow machine may be so slow that none has to wait
            self.assertEqual(self.at_once(daemon, 13, f"r{rounds}-"), 13)
            rounds += 1
            if daemon.control("status")["signer"]["leaves_delayed"]:
                break
        records = daemon.stop()
        self.assertEqual(len(self.mints(records)), 13 * rounds)
        self.assertNotIn("no_leaf", {get(r, "sightglass.close") for r in records})

    def test_a_flow_that_waits_too_long_for_the_rate_says_so(self):
        daemon = self.daemon("leaf.rate=1", "flow.handshake_timeout=4s", workers=1)
        self.assertLess(self.at_once(daemon, 20), 20)
        flows = [r for r in daemon.stop() if get(r, "sightglass.close") == "no_leaf"]
        self.assertEqual({get(r, "sightglass.detail") for r in flows},
                         {"the signer's rate, leaf.rate, was met"})


if __name__ == "__main__":
    unittest.main()
