# SPDX-License-Identifier: ISC
"""Certificates of the client, by host: shown to servers that verify and ask for
one (row 32 of TLS-CASES), with nginx and openssl as the servers; and what happens
to a flow whose server asks when there is none to show."""

import os
import ssl
import subprocess
import time
import unittest

from harness import (Certificates, Daemon, Nginx, Process, free_port, get,
                     sign_between, wait_for)
from test_bypass import Forwarder
from test_hosts import Hosts

ASKS = """ssl_client_certificate {ca};
ssl_verify_client {how};
location /who {{ return 200 "$ssl_client_verify $ssl_client_s_dn\\n"; }}
location /again {{ return 200 "$ssl_session_reused $ssl_client_s_dn\\n"; }}
"""
UNKNOWN_CA = 48
DAY = 86400
EC = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")


class ClientCertificates(Hosts):
    def client(self, name="client", key_type=EC, days=5):
        """(certificate, key) of a client, in PEM files."""
        extensions, key, request, certificate = (
            self.ca.path(name + s) for s in (".ext", ".key", ".csr", ".pem"))
        with open(extensions, "w", encoding="ascii") as out:
            out.write("extendedKeyUsage=clientAuth\n")
        self.ca.openssl("req", "-new", "-newkey", *key_type, "-nodes", "-keyout",
                        key, "-out", request, "-subj", f"/O=Example/CN={name}")
        now = time.time()
        sign_between(self.ca.path(""), now - 2 * DAY, now + days * DAY, "-in", request,
                     "-cert", self.ca.ca, "-keyfile", self.ca.path("ca.key"),
                     "-extfile", extensions, "-out", certificate)
        os.chmod(key, 0o600)
        return certificate, key

    def setting(self, *rules):
        """sightglass.yaml with these rules; each: pattern, certificate, key."""
        self.configure("upstream:\n  client_certificates:\n" + "".join(
            f'    - "{pattern}={certificate},{key}"\n'
            for pattern, certificate, key in rules))

    def nginx(self, how="on", protocols="TLSv1.2 TLSv1.3", pair=None):
        nginx = Nginx(self, pair or self.ca.server(names=("localhost", "other.test")),
                      ASKS.format(ca=self.ca.ca, how=how), protocols)
        nginx.put("x", b"here\n")
        return nginx

    def daemon(self, *settings, **options):
        options.setdefault("trust", self.ca.ca)
        return Daemon(self, *settings, workers=1, **options)

    def curl(self, daemon, port, *arguments, path="/who", host="localhost",
             ca=None):
        forwarder = Forwarder(self, daemon, port)
        return subprocess.run(
            ["curl", "-sS", "--max-time", "60", "--cacert",
             ca or daemon.path("ca", "sightglass-ca.pem"), "--connect-to",
             f"::localhost:{forwarder.port}", *arguments, f"https://{host}{path}"],
            capture_output=True, text=True, check=False)

    def bypasses(self, daemon):
        return [(e["name"], e["reason"])
                for e in daemon.control("bypass", verb="list")["bypasses"]]

    def digest(self, certificate):
        done = subprocess.run(
            ["openssl", "x509", "-in", certificate, "-noout", "-fingerprint",
             "-sha256"], capture_output=True, text=True, check=True)
        return done.stdout.strip().partition("=")[2].replace(":", "").lower()


class Shown(ClientCertificates):
    def is_shown(self, protocols, key_type=EC):
        certificate, key = self.client(key_type=key_type)
        self.setting(("localhost", certificate, key))
        nginx, daemon = self.nginx(protocols=protocols), self.daemon()
        done = self.curl(daemon, nginx.port)
        self.assertEqual(done.stdout, "SUCCESS CN=client,O=Example\n", done.stderr)
        self.assertEqual(self.bypasses(daemon), [])
        record = self.tls(daemon)[0]
        self.assertEqual(record["decision"], "inspect")
        self.assertEqual(record["client_certificate"]["sha256"],
                         self.digest(certificate))
        self.assertIn("client", record["client_certificate"]["subject"])
        http = self.one(daemon.records("http"))
        self.assertEqual(get(http, "url.path"), "/who")

    def test_in_tls_1_2(self):
        self.is_shown("TLSv1.2")

    def test_in_tls_1_3(self):
        self.is_shown("TLSv1.3")

    def test_rsa_in_tls_1_2(self):
        self.is_shown("TLSv1.2", ("rsa:2048",))

    def test_rsa_in_tls_1_3(self):
        self.is_shown("TLSv1.3", ("rsa:2048",))

    def test_p384_in_tls_1_3(self):
        self.is_shown("TLSv1.3", ("ec", "-pkeyopt", "ec_paramgen_curve:P-384"))

    def test_to_openssl(self):
        certificate, key = self.client()
        self.setting(("127.0.0.0/8", certificate, key))
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version=version):
                port = free_port()
                pair = self.ca.server()
                server = Process(
                    self, ["openssl", "s_server", "-accept", str(port), "-cert",
                           pair[0], "-key", pair[1], version, "-CAfile", self.ca.ca,
                           "-Verify", "1", "-verify_return_error", "-www"],
                    "s_server" + version)
                wait_for(lambda s=server: "ACCEPT" in s.output(), "s_server")
                daemon = self.daemon(directory=os.path.join(self.directory, "d"))
                done = self.curl(daemon, port, path="/")
                self.assertIn("CN=client", done.stdout, done.stderr)
                daemon.stop()

    def test_not_to_a_server_that_does_not_ask(self):
        self.setting(("localhost", *self.client()))
        nginx, daemon = self.nginx(how="off"), self.daemon()
        self.assertEqual(self.curl(daemon, nginx.port).stdout, "NONE \n")
        self.assertNotIn("client_certificate", self.tls(daemon)[0])

    def test_the_first_rule_counts_and_others_see_nothing_of_it(self):
        first, second = self.client("first"), self.client("second")
        self.setting(("localhost", *first), ("localhost", *second),
                     ("unasked.test", *second))
        nginx, daemon = self.nginx(how="optional"), self.daemon()
        self.assertEqual(self.curl(daemon, nginx.port).stdout,
                         "SUCCESS CN=first,O=Example\n")
        # None for this name: relayed, and the client is asked itself.
        done = self.curl(daemon, nginx.port, "--cert", second[0], "--key", second[1],
                         host="other.test", ca=self.ca.ca)
        self.assertEqual(done.stdout, "SUCCESS CN=second,O=Example\n", done.stderr)
        self.assertEqual(self.bypasses(daemon), [("other.test", "client_certificate")])
        tls = self.tls(daemon)
        self.assertEqual([r["decision"] for r in tls], ["inspect", "splice"])
        self.assertNotIn("client_certificate", tls[1])

    def test_a_chain_with_an_intermediate(self):
        key, request, intermediate, file = (
            self.ca.path("inter" + s) for s in (".key", ".csr", ".pem", ".ext"))
        with open(file, "w", encoding="ascii") as out:
            out.write("basicConstraints=critical,CA:TRUE\n")
        self.ca.openssl("req", "-new", "-newkey", *EC, "-nodes", "-keyout", key,
                        "-out", request, "-subj", "/CN=intermediate")
        self.ca.openssl("x509", "-req", "-in", request, "-CA", self.ca.ca, "-CAkey",
                        self.ca.path("ca.key"), "-CAcreateserial", "-extfile", file,
                        "-out", intermediate)
        leaf_key, leaf_request, leaf = (
            self.ca.path("below" + s) for s in (".key", ".csr", ".pem"))
        self.ca.openssl("req", "-new", "-newkey", *EC, "-nodes", "-keyout", leaf_key,
                        "-out", leaf_request, "-subj", "/CN=below")
        self.ca.openssl("x509", "-req", "-in", leaf_request, "-CA", intermediate,
                        "-CAkey", key, "-CAcreateserial", "-out", leaf)
        with open(leaf, "a", encoding="ascii") as out, \
                open(intermediate, encoding="ascii") as more:
            out.write(more.read())
        os.chmod(leaf_key, 0o600)
        self.setting(("localhost", leaf, leaf_key))
        nginx = Nginx(self, self.ca.server(), ASKS.format(ca=self.ca.ca, how="on")
                      + "ssl_verify_depth 3;\n")
        daemon = self.daemon()
        self.assertEqual(self.curl(daemon, nginx.port).stdout, "SUCCESS CN=below\n")

    def test_workers_of_another_user_have_roots_key(self):
        if os.geteuid() != 0:
            self.skipTest("only root has roles of another user")
        os.chmod(self.directory, 0o755)
        certificate, key = self.client()
        self.setting(("localhost", certificate, key))
        nginx, daemon = self.nginx(), self.daemon(role_user="nobody")
        self.assertIn("CN=client", self.curl(daemon, nginx.port).stdout)

    def turned_down(self, version):
        """A certificate that the server does not take."""
        stranger = Certificates(os.path.join(self.directory, "stranger"))
        ours, self.ca = self.ca, stranger
        pair = self.client()
        self.ca = ours
        self.setting(("localhost", *pair))
        port, server = free_port(), self.ca.server()
        process = Process(
            self, ["openssl", "s_server", "-accept", str(port), "-cert", server[0],
                   "-key", server[1], version, "-CAfile", self.ca.ca, "-Verify", "1",
                   "-verify_return_error", "-www"], "s_server")
        wait_for(lambda: "ACCEPT" in process.output(), "s_server")
        daemon = self.daemon()
        done = self.curl(daemon, port, path="/")
        self.assertNotEqual(done.returncode, 0)
        record = self.tls(daemon)[0]
        self.assertEqual(record["client_certificate"]["sha256"],
                         self.digest(pair[0]))
        return record, self.one(daemon.records("flow"))["sightglass"]

    def test_a_server_that_turns_it_down_in_tls_1_2(self):
        """Before the client was answered: its own hello may do better."""
        record, _ = self.turned_down("-tls1_2")
        self.assertEqual(record["server"]["alert_received"], UNKNOWN_CA)
        self.assertEqual(record["reason"], "upstream_handshake")

    def test_a_server_that_turns_it_down_in_tls_1_3(self):
        """It says so after its handshake and ours."""
        record, flow = self.turned_down("-tls1_3")
        self.assertTrue(record["server"]["established"])
        self.assertEqual(flow["close"], "tls_error")
        self.assertIn("alert", flow["detail"])

    def test_a_reload_takes_it_and_drops_no_flow(self):
        first, second = self.client("first"), self.client("second")
        self.setting(("localhost", *first))
        nginx, daemon = self.nginx(), self.daemon()
        context = ssl.create_default_context(
            cafile=daemon.path("ca", "sightglass-ca.pem"))
        with context.wrap_socket(daemon.flow(nginx.port),
                                 server_hostname="localhost") as held:
            self.setting(("localhost", *second))
            self.reload(daemon)
            wait_for(lambda: "CN=second" in self.curl(daemon, nginx.port).stdout,
                     "the new certificate")
            self.setting(("localhost", second[0], first[1]))
            answer = daemon.control("reload")
            self.assertFalse(answer["ok"])
            self.assertIn("the key is not the certificate's", answer["error"])
            self.assertIn("CN=second", self.curl(daemon, nginx.port).stdout)
            held.sendall(b"GET /who HTTP/1.0\r\n\r\n")
            answer = b""
            while part := held.recv(65536):
                answer += part
            self.assertIn(b"CN=first", answer)

    def test_a_session_does_not_outlive_it(self):
        self.setting(("localhost", *self.client("first")))
        nginx, daemon = self.nginx(protocols="TLSv1.2"), self.daemon()
        context = ssl.create_default_context(
            cafile=daemon.path("ca", "sightglass-ca.pem"))
        session = None

        def again():
            nonlocal session
            with context.wrap_socket(daemon.flow(nginx.port), session=session,
                                     server_hostname="localhost") as s:
                s.sendall(b"GET /again HTTP/1.0\r\n\r\n")
                answer = b""
                while part := s.recv(65536):
                    answer += part
                session = s.session
            return answer.decode().splitlines()[-1]
        self.assertEqual(again(), ". CN=first,O=Example")
        self.assertEqual(again(), "r CN=first,O=Example")
        self.setting(("localhost", *self.client("second")))
        self.reload(daemon)
        self.assertEqual(again(), ". CN=second,O=Example")

    def test_a_bypass_that_was_learned_before_gives_way(self):
        pair = self.client()
        nginx, daemon = self.nginx(), self.daemon()
        done = self.curl(daemon, nginx.port, "--cert", pair[0], "--key", pair[1],
                         ca=self.ca.ca)
        self.assertIn("CN=client", done.stdout, done.stderr)
        self.assertEqual(self.bypasses(daemon), [("localhost", "client_certificate")])
        self.setting(("localhost", *pair))
        self.reload(daemon)
        wait_for(lambda: "CN=client" in self.curl(daemon, nginx.port).stdout,
                 "the certificate to be shown")
        self.assertEqual(self.tls(daemon)[-1]["decision"], "inspect")

    def test_a_restarted_worker_has_it(self):
        self.setting(("localhost", *self.client()))
        nginx, daemon = self.nginx(), self.daemon()
        first = daemon.control("status")["workers"][0]["pid"]
        os.kill(first, 9)

        wait_for(lambda: daemon.control("status")["workers"][0]["pid"]
                 not in (0, first), "another worker")
        self.assertIn("CN=client", self.curl(daemon, nginx.port).stdout)


class Invalid(ClientCertificates):
    """A server that does not verify is shown no certificate, and teaches nothing."""

    def asks(self, invalid, how="on", protocols="TLSv1.2 TLSv1.3", configured=True,
             curl=()):
        """nginx on a chain of another CA; what curl got, the records, the bypasses."""
        pair = self.client()
        if configured:
            self.setting(("localhost", *pair))
        nginx = self.nginx(how, protocols)
        daemon = self.daemon(f"upstream.invalid={invalid}", trust="system")
        done = self.curl(daemon, nginx.port, *curl)
        bypasses = self.bypasses(daemon)
        return done, self.tls(daemon)[0], bypasses

    def test_mirror_shows_the_client_a_leaf_that_nobody_trusts(self):
        for protocols in ("TLSv1.2", "TLSv1.3"):
            for how in ("on", "optional"):
                for configured in (True, False):
                    self.directory = os.path.join(self.directory, "x")
                    os.makedirs(self.directory)
                    with self.subTest(protocols=protocols, how=how,
                                      configured=configured):
                        done, tls, bypasses = self.asks("mirror", how, protocols,
                                                        configured)
                        self.assertEqual(done.returncode, 60, done.stderr)
                        self.assertEqual(bypasses, [])
                        self.assertEqual(tls["decision"], "inspect")
                        self.assertEqual(tls["invalid"], "mirror")
                        self.assertEqual(tls["verification"], "unknown_root")
                        self.assertNotIn("client_certificate", tls)

    def test_who_clicks_through_is_not_identified_to_the_server(self):
        done, tls, _ = self.asks("mirror", "optional", curl=("-k",))
        self.assertEqual(done.stdout, "NONE \n", done.stderr)
        self.assertNotIn("client_certificate", tls)

    def test_refuse_closes(self):
        for protocols in ("TLSv1.2", "TLSv1.3"):
            self.directory = os.path.join(self.directory, "x")
            os.makedirs(self.directory)
            with self.subTest(protocols=protocols):
                done, tls, bypasses = self.asks("refuse", protocols=protocols)
                self.assertEqual(done.returncode, 35, done.stderr)
                self.assertEqual((bypasses, tls["invalid"]), ([], "refuse"))
                self.assertNotIn("client_certificate", tls)

    def test_allow_means_that_server_too(self):
        done, tls, bypasses = self.asks("allow")
        self.assertEqual(done.stdout, "SUCCESS CN=client,O=Example\n", done.stderr)
        self.assertEqual((bypasses, tls["invalid"]), ([], "allow"))
        self.assertIn("client_certificate", tls)

    def test_allow_without_a_certificate_relays_and_learns_nothing(self):
        pair = self.client("own")
        nginx = self.nginx()
        daemon = self.daemon("upstream.invalid=allow", trust="system")
        for _ in range(2):
            done = self.curl(daemon, nginx.port, "--cert", pair[0], "--key", pair[1],
                             ca=self.ca.ca)
            self.assertIn("CN=own", done.stdout, done.stderr)
        self.assertEqual(self.bypasses(daemon), [])
        tls = self.tls(daemon)
        self.assertEqual([r["reason"] for r in tls], ["client_certificate"] * 2)
        self.assertNotIn("bypass", tls[0])


class Mistakes(ClientCertificates):
    def refused(self, rule, words):
        self.configure("upstream:\n  client_certificates:\n"
                       f'    - "{rule}"\n', "")
        done = self.check()
        self.assertEqual(done.returncode, 2, done.stdout)
        for part in (words, "upstream.client_certificates"):
            self.assertIn(part, done.stderr)

    def test_each_is_named_with_its_remedy(self):
        certificate, key = self.client()
        _, other = self.client("other")
        rsa = self.ca.path("short.key")
        self.ca.openssl("genrsa", "-out", rsa, "1024")
        encrypted = self.ca.path("encrypted.key")
        self.ca.openssl("pkey", "-in", key, "-aes256", "-passout", "pass:x", "-out",
                        encrypted)
        legacy = self.ca.path("legacy.key")
        self.ca.openssl("ec", "-in", key, "-aes256", "-passout", "pass:x", "-out",
                        legacy)
        open_key = self.ca.path("open.key")
        for path in (rsa, encrypted, legacy):
            os.chmod(path, 0o600)
        with open(key, "rb") as source, open(open_key, "wb") as out:
            out.write(source.read())
        os.chmod(open_key, 0o644)
        for rule, words in (
                ("localhost", "expected PATTERN=VALUE"),
                (f"localhost={certificate}", "PATTERN=CERTIFICATE,KEY"),
                (f"localhost={certificate},{key},{key}", "one comma"),
                ("localhost=client.pem,client.key", "absolute paths"),
                (f"localhost=pkcs11:token=x,{key}", "not supported yet"),
                (f"port:443={certificate},{key}", "only names, addresses"),
                (f"localhost=/nowhere.pem,{key}", "'/nowhere.pem': No such file"),
                (f"localhost={certificate},/nowhere.key", "'/nowhere.key': No such"),
                (f"localhost={certificate},{other}",
                 f"'{other}': the key is not the certificate's"),
                (f"localhost={certificate},{rsa}", "2048 bits at least"),
                (f"localhost={certificate},{encrypted}", "openssl pkey -in OLD"),
                (f"localhost={certificate},{legacy}", "the key is encrypted"),
                (f"localhost={certificate},{open_key}",
                 f"'{open_key}': mode 0644 lets others at the key: chmod 600 it"),
                (f"localhost={certificate},{certificate}", "lets others at the key"),
                (f"localhost={key},{key}",
                 f"'{key}': holds no certificate in PEM"),
                (f"localhost={certificate},{self.directory}", "not a regular file")):
            with self.subTest(rule=rule):
                self.refused(rule, words)
        self.configure("upstream:\n  client_certificates:\n"
                       f'    - "localhost={certificate},{key}"\n', "")
        done = self.check()
        self.assertEqual((done.returncode, "its time" in done.stderr), (0, False))

    def test_one_whose_time_is_over_is_warned_of(self):
        certificate, key = self.client(days=-1)
        self.configure("upstream:\n  client_certificates:\n"
                       f'    - "localhost={certificate},{key}"\n', "")
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"'{certificate}': its time is over", done.stderr)


if __name__ == "__main__":
    unittest.main()
