# SPDX-License-Identifier: ISC
"""Sessions that go on: tickets that clients get from us, with real clients, and
what a ticket is not good for; sessions with real servers, and what ends them."""

import os
import re
import socket
import ssl
import subprocess
import threading

from harness import (Certificates, Daemon, Forwarder, Nginx, Process, Test,
                     ThreadServer, free_port, get, in_order, wait_for)

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
        self.first = self.server()

    def daemon(self, *settings, **options):
        # Tickets are a worker's own, and so are sessions with servers.
        daemon = Daemon(self, *settings, trust=self.ca.ca, workers=1, **options)
        # A verdict from before the worker met the CA ends when it does.
        self.connect(daemon, self.first, self.context(daemon, verify=False))
        return daemon

    def server_context(self, pair, version=None, alpn=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        if version:
            context.minimum_version = context.maximum_version = version
        if alpn:
            context.set_alpn_protocols(alpn)
        return context

    def server(self, pair=None, version=None, alpn=None):
        """A server that sends back what it gets; its port."""
        context = self.server_context(pair or self.pair, version, alpn)
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
        return self.resumed(self.tls(daemon), leg)

    def tls(self, daemon):
        """The records of all flows but the first."""
        return in_order(r for r in daemon.stop()
                        if r["event"]["dataset"] == "sightglass.tls"
                        and get(r, "destination.port") != self.first)

    def resumed(self, records, leg="server"):
        return [get(r, f"sightglass.{leg}.resumed") for r in records]


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
             "localhost", *options], input="Q\n", text=True, timeout=60,
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
                                  timeout=60, capture_output=True, check=False)
            self.assertRegex(done.stdout, rf"(?m)^{said}, TLSv1.3", done.stderr)
        self.assertEqual(self.legs(daemon), [False, True])

    def test_gnutls_goes_on(self):
        nginx, daemon = Nginx(self, self.pair), self.daemon()
        port = Forwarder(self, daemon, nginx.port).port
        for priority in ("NORMAL:-VERS-TLS1.3", "NORMAL"):
            done = subprocess.run(
                ["gnutls-cli", "--resume", "--waitresumption", "--x509cafile",
                 daemon.path("ca", "sightglass-ca.pem"), "--priority", priority,
                 "-p", str(port), "localhost"], input="", text=True, timeout=60,
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


class Upstream(Resume):
    """Sessions with servers, offered where the client would go on with one."""

    def pair_of(self, daemon, port, version=None, change=lambda: None, **options):
        """What a client's two connections were to the server, the second one with
        the client's session."""
        context = self.context(daemon, version)
        _, session = self.connect(daemon, port, context)
        change()
        self.connect(daemon, port, context, session, **options)
        return self.tls(daemon)

    def goes_on(self, port, version=None):
        records = self.pair_of(self.daemon(), port, version)
        self.assertEqual(self.resumed(records), [False, True])
        self.assertEqual(self.resumed(records, "client"), [False, True])
        first, second = records
        for field in ("server_certificate", "leaf", "verification",
                      "server.version", "server.alpn", "server.cipher"):
            self.assertEqual(get(first, "sightglass." + field),
                             get(second, "sightglass." + field))
        self.assertEqual(get(second, "sightglass.verification"), "ok")

    def test_python_with_tls_1_2(self):
        self.goes_on(self.server(version=TLS12))

    def test_python_with_tls_1_3(self):
        self.goes_on(self.server(version=TLS13))

    def serve(self, *command):
        port = free_port()
        process = Process(self, [part.replace("PORT", str(port))
                                 for part in command], os.path.basename(command[0]))

        def answers():
            if process.process.poll() is not None:
                raise AssertionError(process.output())
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) == 0
        wait_for(answers, "the server to listen")
        return port

    def connect_line(self, daemon, port, context, session):
        """To a server that has a line to say for one that it gets."""
        with context.wrap_socket(daemon.flow(port), session=session,
                                 server_hostname="localhost") as s:
            s.sendall(b"hello\n")
            self.assertTrue(s.recv(4096))
            session = s.session
            s.unwrap().close()  # in order: else OpenSSL forgets the session
            return session

    def lines(self, port, version):
        daemon = self.daemon()
        context, session = self.context(daemon, version), None
        for _ in range(3):
            session = self.connect_line(daemon, port, context, session)
        self.assertEqual(self.resumed(self.tls(daemon)), [False, True, True])

    def openssl(self, *options):
        return self.serve("openssl", "s_server", "-accept", "PORT", "-cert",
                          self.pair[0], "-key", self.pair[1], "-rev", *options)

    def test_openssl_with_tls_1_2(self):
        self.lines(self.openssl(), TLS12)

    def test_openssl_with_tls_1_3(self):
        self.lines(self.openssl(), TLS13)

    def test_openssl_with_session_ids(self):
        self.lines(self.openssl("-no_ticket"), TLS12)

    def gnutls(self):
        return self.serve(
            "gnutls-serv", "--echo", "--disable-client-cert", "-p", "PORT",
            "--x509certfile", self.pair[0], "--x509keyfile", self.pair[1])

    def test_gnutls_with_tls_1_2(self):
        self.lines(self.gnutls(), TLS12)

    def test_gnutls_with_tls_1_3(self):
        self.lines(self.gnutls(), TLS13)

    def nginx(self, settings):
        return Nginx(self, self.pair, locations=settings + """
            location /reused { return 200 "$ssl_session_reused\n"; }""")

    def curl(self, daemon, nginx):
        """What nginx says of two connections of one curl."""
        port = Forwarder(self, daemon, nginx.port).port
        url = f"https://localhost:{port}/reused"
        done = subprocess.run(
            ["curl", "-sS", "--cacert", daemon.path("ca", "sightglass-ca.pem"),
             "-H", "Connection: close", url, url],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_nginx_says_so_itself(self):
        daemon = self.daemon()
        self.assertEqual(self.curl(daemon, self.nginx("ssl_session_tickets on;")),
                         ".\nr\n")
        self.assertEqual(self.resumed(self.tls(daemon)), [False, True])

    def test_nginx_without_tickets_has_a_cache(self):
        daemon = self.daemon()
        nginx = self.nginx("ssl_session_tickets off; "
                           "ssl_session_cache shared:s:1m;")
        self.assertEqual(self.curl(daemon, nginx), ".\nr\n")

    def test_nginx_that_keeps_nothing_shakes_hands_in_full(self):
        daemon = self.daemon()
        nginx = self.nginx("ssl_session_tickets off; ssl_session_cache off;")
        self.assertEqual(self.curl(daemon, nginx), ".\n.\n")

    def test_the_certificate_that_was_shown_stays_in_the_record(self):
        extensions, mine = self.ca.path("client.ext"), self.ca.path("mine.pem")
        with open(extensions, "w", encoding="ascii") as out:
            out.write("extendedKeyUsage=clientAuth\n")
        _, key = self.ca.server("mine")
        os.chmod(key, 0o600)
        self.ca.openssl("x509", "-req", "-in", self.ca.path("mine.csr"), "-CA",
                        self.ca.ca, "-CAkey", self.ca.path("ca.key"),
                        "-CAcreateserial", "-extfile", extensions, "-out", mine)
        asks = self.server_context(self.pair)
        asks.verify_mode = ssl.CERT_REQUIRED
        asks.load_verify_locations(self.ca.ca)
        asks.verify_flags = ssl.VerifyFlags.VERIFY_DEFAULT
        daemon = self.daemon(f"upstream.client_certificates=localhost={mine},{key}")
        records = self.pair_of(daemon, ThreadServer(self, answer, asks).port)
        self.assertEqual(self.resumed(records), [False, True])
        shown = [get(r, "sightglass.client_certificate.sha256") for r in records]
        self.assertTrue(shown[0])
        self.assertEqual(shown[0], shown[1])

    # --- what a session is offered for ---

    def full(self, records):
        self.assertEqual(self.resumed(records), [False] * len(records))

    def test_not_when_the_client_begins_anew(self):
        daemon, port = self.daemon(), self.server()
        for _ in range(2):
            self.connect(daemon, port, self.context(daemon))
        self.full(self.tls(daemon))

    def test_not_for_another_application(self):
        daemon, port = self.daemon(), self.server()
        self.full(self.pair_of(daemon, port, executable=b"/usr/bin/other"))

    def test_not_for_another_machine(self):
        """Of whose application a proxy knows nothing."""
        daemon, port = self.daemon(), self.server()
        self.full(self.pair_of(daemon, port, source="192.0.2.1"))

    def test_not_for_another_offer(self):
        daemon, port = self.daemon(), self.server()
        context = self.context(daemon)
        _, session = self.connect(daemon, port, context)
        context.set_alpn_protocols(["http/1.1"])
        self.connect(daemon, port, context, session)
        self.full(self.tls(daemon))

    def test_not_with_a_life_of_none(self):
        self.full(self.pair_of(self.daemon("upstream.session_life=0s"),
                               self.server()))

    def test_never_for_a_server_that_did_not_verify(self):
        """Not even where it is opened all the same."""
        other = Certificates(os.path.join(self.directory, "other"))
        daemon = self.daemon("upstream.invalid=allow")
        self.full(self.pair_of(daemon, self.server(other.server())))

    # --- what ends one ---

    def test_a_reload_of_what_is_trusted(self):
        daemon, port = self.daemon(), self.server()

        def reload():
            self.assertTrue(daemon.control("reload")["ok"])
        self.full(self.pair_of(daemon, port, change=reload))

    def test_its_life(self):
        daemon = self.daemon("upstream.session_life=1s")
        self.full(self.pair_of(
            daemon, self.server(),
            change=lambda: threading.Event().wait(2.1)))  # the life is tested

    def test_its_life_is_not_made_longer_by_going_on(self):
        """The life is that of the verification."""
        daemon, port = self.daemon("upstream.session_life=3s"), self.server()
        context, session = self.context(daemon), None
        for i in range(11):
            _, session = self.connect(daemon, port, context, session)
            if i > 0:  # the second goes on, and must not be late
                threading.Event().wait(0.6)  # six seconds: twice the life
        resumed = self.resumed(self.tls(daemon))
        self.assertEqual(resumed[:2], [False, True])
        self.assertIn(False, resumed[2:])

    def test_a_server_that_forgot_is_asked_in_full_on_the_same_connection(self):
        daemon = self.daemon()
        for version in (TLS12, TLS13):
            context = self.context(daemon, version)
            server = ThreadServer(self, answer, self.server_context(self.pair))
            _, session = self.connect(daemon, server.port, context)
            server.context = self.server_context(self.pair)  # other ticket keys
            self.connect(daemon, server.port, context, session)
            self.assertEqual(server.accepted, 2)
        self.full(self.tls(daemon))

    def test_then_the_chain_is_judged_as_ever(self):
        daemon = self.daemon()
        stranger = Certificates(os.path.join(self.directory, "other")).server()
        for version in (TLS12, TLS13):
            context = self.context(daemon, version)
            server = ThreadServer(self, answer, self.server_context(self.pair))
            _, session = self.connect(daemon, server.port, context)
            server.context = self.server_context(stranger)
            with self.assertRaises(ssl.SSLCertVerificationError):
                self.connect(daemon, server.port, context, session)
        self.assertEqual(
            [get(r, "sightglass.verification") for r in self.tls(daemon)],
            ["ok", "bad_signature"] * 2)

    def moved(self, before, after):
        """A server whose version changed while a session was kept."""
        daemon = self.daemon()
        context = self.context(daemon)
        server = ThreadServer(self, answer,
                              self.server_context(self.pair, before))
        _, session = self.connect(daemon, server.port, context)
        server.context = self.server_context(self.pair, after)
        self.connect(daemon, server.port, context, session)
        records = self.tls(daemon)
        self.full(records)
        self.assertEqual([get(r, "sightglass.decision") for r in records],
                         ["inspect"] * 2)
        return [get(r, "sightglass.server.version") for r in records]

    def test_a_server_that_went_back_to_tls_1_2(self):
        self.assertEqual(self.moved(TLS13, TLS12), ["1.3", "1.2"])

    def test_a_server_that_came_to_tls_1_3(self):
        self.assertEqual(self.moved(TLS12, None), ["1.2", "1.3"])

    def test_a_server_that_came_to_tls_1_3_alone(self):
        self.assertEqual(self.moved(TLS12, TLS13), ["1.2", "1.3"])

    def test_a_server_that_hangs_up_on_a_session(self):
        """It is asked again without, before anything is given up."""
        daemon = self.daemon()
        context = self.context(daemon)
        server = ThreadServer(self, answer, self.server_context(self.pair))
        _, session = self.connect(daemon, server.port, context)
        tls, first = server.one, iter((True,))

        def hang_up(connection):
            if next(first, False):
                connection.recv(4096)
                connection.close()
            else:
                tls(connection)
        server.one = hang_up
        self.connect(daemon, server.port, context, session)
        self.assertEqual(server.accepted, 3)
        self.full(self.tls(daemon))
