# SPDX-License-Identifier: ISC
"""TLS that begins in a plain dialogue (STARTTLS): opened from there on, with real
servers and clients of SMTP, IMAP, POP3, FTP and PostgreSQL, and what becomes of it
where it is not to be opened or cannot be."""

import base64
import ftplib
import hashlib
import imaplib
import io
import json
import os
import poplib
import smtplib
import socket
import ssl
import struct
import subprocess
import sys
import threading
import unittest

from harness import (CLI, DAEMON, TLV_ALTERNATE, Daemon, Forwarder, Process, Test,
                     ThreadServer, free_port, get, listens, wait_for)
from starttls_peers import (PASSWORD, USER, Dovecot, Ftp, Postgresql, Smtp, Vsftpd,
                            find_postgresql)

MAIL = b"Subject: hello\r\n\r\nthrough the glass\r\n.. and a dot\r\n"
SSL_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"
UNKNOWN_CA = 48


def pattern(length, seed):
    """Bytes that repeat nowhere near."""
    return hashlib.shake_256(str(seed).encode()).digest(length)


def read_until(s, end):
    """What comes, up to these bytes and with them."""
    text = b""
    while not text.endswith(end):
        part = s.recv(1)
        if not part:
            raise AssertionError(f"the connection ended behind {text!r}")
        text += part
    return text


class Starttls(Test):
    def setUp(self):
        super().setUp()
        self.ca = self.certificates()
        self.pair = self.ca.server()

    def daemon(self, *settings, **options):
        return Daemon(self, *settings, trust=self.ca.ca, **options)

    def context(self, cafile):
        return ssl.create_default_context(cafile=cafile)

    def ours(self, daemon):
        return daemon.path("ca", "sightglass-ca.pem")

    def check_opened(self, daemon, protocol, first, **fields):
        """The records of the only flow, which was opened: (tls, flow)."""
        records = daemon.stop()
        tls = self.one(records, event__dataset="sightglass.tls", **fields)
        self.assertEqual(
            {k: get(tls, "sightglass." + k) for k in
             ("decision", "verification", "starttls", "failure")},
            {"decision": "inspect", "verification": "ok", "starttls": protocol,
             "failure": None}, json.dumps(tls))
        flow = self.one(records, event__dataset="sightglass.flow",
                        sightglass__flow=get(tls, "sightglass.flow"))
        self.assertEqual(
            {k: get(flow, "sightglass." + k) for k in
             ("protocol", "starttls", "decision")},
            {"protocol": protocol, "starttls": protocol, "decision": "inspect"})
        said = base64.b64decode(get(flow, "sightglass.first." + first[0]))
        self.assertTrue(said.startswith(first[1]), said)
        return tls, flow


class OpenedByOpenssl(Starttls):
    """openssl s_client -starttls: it believes our leaf, and talks to the server."""

    def s_client(self, protocol, port, daemon, say, hear, *options):
        forwarder = Forwarder(self, daemon, port)
        command = ["openssl", "s_client", "-starttls", protocol, "-connect",
                   f"localhost:{forwarder.port}", "-CAfile", self.ours(daemon),
                   "-verify_return_error", "-verify_hostname", "localhost", "-crlf",
                   "-servername", "localhost", *options]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as process:
            watch = threading.Timer(30, process.kill)
            watch.start()
            text = b""
            if say:
                process.stdin.write(say)
                process.stdin.flush()
            while hear not in text:
                part = process.stdout.read1(65536)
                if not part:
                    break
                text += part
            watch.cancel()
            process.kill()
        self.assertIn(hear, text)
        self.assertIn(b"Verify return code: 0 (ok)", text)

    def test_smtp(self):
        server, daemon = Smtp(self, self.pair), self.daemon()
        self.s_client("smtp", server.port, daemon, b"NOOP\nhelp\n", b"Supported commands")
        self.check_opened(daemon, "smtp", ("server", b"220 mail.test"))

    def test_imap(self):
        server, daemon = Dovecot(self, self.pair), self.daemon()
        self.s_client("imap", server.imap, daemon,
                      f"a LOGIN {USER} {PASSWORD}\nb SELECT INBOX\n".encode(),
                      b"1 EXISTS")
        self.check_opened(daemon, "imap", ("server", b"* OK"))

    def test_pop3(self):
        server, daemon = Dovecot(self, self.pair), self.daemon()
        self.s_client("pop3", server.pop3, daemon,
                      f"USER {USER}\nPASS {PASSWORD}\nSTAT\n".encode(), b"+OK 1 ")
        self.check_opened(daemon, "pop3", ("server", b"+OK"))

    def test_ftp(self):
        server, daemon = Ftp(self, self.pair), self.daemon()
        self.s_client("ftp", server.port, daemon,
                      f"USER {USER}\nPASS {PASSWORD}\nPWD\n".encode(), b'257 "/"')
        self.check_opened(daemon, "ftp", ("server", b"220 "))

    def test_postgresql(self):
        server, daemon = Postgresql(self, self.pair), self.daemon()
        # It ends the connection when what comes in TLS is none of its messages.
        self.s_client("postgres", server.port, daemon, b"", b"Verify return code")
        self.check_opened(daemon, "postgresql", ("client", SSL_REQUEST))

    def test_smtp_with_tls_1_2(self):
        server, daemon = Smtp(self, self.pair), self.daemon()
        self.s_client("smtp", server.port, daemon, b"NOOP\nhelp\n",
                      b"Supported commands", "-tls1_2")
        tls, _ = self.check_opened(daemon, "smtp", ("server", b"220 mail.test"))
        self.assertEqual(get(tls, "sightglass.client.version"), "1.2")


class OpenedByOthers(Starttls):
    def curl(self, daemon, *arguments, ca=None):
        done = subprocess.run(
            ["curl", "-sS", "--max-time", "30", "--ssl-reqd", "--cacert",
             ca or self.ours(daemon), *arguments], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def gnutls(self, daemon, protocol, port, say, hear):
        forwarder = Forwarder(self, daemon, port)
        with subprocess.Popen(
                ["gnutls-cli", f"--starttls-proto={protocol}", "--crlf", "-p",
                 str(forwarder.port), "--x509cafile", self.ours(daemon), "localhost"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT) as process:
            watch = threading.Timer(30, process.kill)
            watch.start()
            text = b""
            while hear not in text:
                part = process.stdout.read1(65536)
                if not part:
                    break
                text += part
                if b"Handshake was completed" in text and say:
                    process.stdin.write(say)
                    process.stdin.flush()
                    say = b""
            watch.cancel()
            process.kill()
        self.assertIn(hear, text)
        self.assertIn(b"certificate is trusted", text)

    def test_smtp_by_curl(self):
        server, daemon = Smtp(self, self.pair), self.daemon()
        path = os.path.join(self.directory, "message")
        with open(path, "wb") as out:
            out.write(MAIL)
        port = Forwarder(self, daemon, server.port).port
        self.curl(daemon, f"smtp://localhost:{port}", "--mail-from", "a@test",
                  "--mail-rcpt", "b@test", "--upload-file", path)
        self.assertEqual(server.got(), MAIL)
        self.check_opened(daemon, "smtp", ("client", b"EHLO "))

    def test_smtp_by_python(self):
        server, daemon = Smtp(self, self.pair), self.daemon()
        port = Forwarder(self, daemon, server.port).port
        mail = MAIL + base64.encodebytes(pattern(1 << 20, 1)).replace(b"\n", b"\r\n")
        with smtplib.SMTP("localhost", port, timeout=30) as s:
            s.starttls(context=self.context(self.ours(daemon)))
            s.sendmail("a@test", ["b@test"], mail)
        self.assertTrue(server.got() == mail)
        _, flow = self.check_opened(daemon, "smtp", ("client", b"ehlo "))
        self.assertGreater(get(flow, "sightglass.bytes.client"), 1 << 20)

    def test_smtp_by_gnutls(self):
        server, daemon = Smtp(self, self.pair), self.daemon()
        self.gnutls(daemon, "smtp", server.port, b"HELP\n", b"Supported commands")
        self.check_opened(daemon, "smtp", ("server", b"220 mail.test"))

    def test_imap_by_curl(self):
        server, daemon = Dovecot(self, self.pair), self.daemon()
        port = Forwarder(self, daemon, server.imap).port
        got = self.curl(daemon, f"imap://{USER}:{PASSWORD}@localhost:{port}/INBOX;UID=1")
        self.assertTrue(got.endswith(b"\r\n\r\nthrough the glass\r\n"), got)
        self.check_opened(daemon, "imap", ("server", b"* OK"))

    def test_imap_by_python(self):
        server, daemon = Dovecot(self, self.pair), self.daemon()
        port = Forwarder(self, daemon, server.imap).port
        mail = MAIL + base64.encodebytes(pattern(1 << 20, 2)).replace(b"\n", b"\r\n")
        with imaplib.IMAP4("localhost", port, timeout=30) as imap:
            imap.starttls(self.context(self.ours(daemon)))
            imap.login(USER, PASSWORD)
            imap.append("INBOX", None, None, mail)
            imap.select("INBOX")
            _, parts = imap.fetch("2", "(RFC822)")
        self.assertTrue(parts[0][1] == mail)
        self.check_opened(daemon, "imap", ("server", b"* OK"))

    def test_pop3_by_curl(self):
        server, daemon = Dovecot(self, self.pair), self.daemon()
        port = Forwarder(self, daemon, server.pop3).port
        got = self.curl(daemon, f"pop3://{USER}:{PASSWORD}@localhost:{port}/1")
        self.assertTrue(got.endswith(b"\r\n\r\nthrough the glass\r\n"), got)
        self.check_opened(daemon, "pop3", ("server", b"+OK"))

    def test_pop3_by_python(self):
        server, daemon = Dovecot(self, self.pair), self.daemon()
        pop3 = poplib.POP3("localhost", Forwarder(self, daemon, server.pop3).port, 30)
        pop3.stls(context=self.context(self.ours(daemon)))
        pop3.user(USER)
        pop3.pass_(PASSWORD)
        self.assertEqual(pop3.stat()[0], 1)
        pop3.quit()
        self.check_opened(daemon, "pop3", ("server", b"+OK"))

    def test_pop3_by_gnutls(self):
        server, daemon = Dovecot(self, self.pair), self.daemon()
        self.gnutls(daemon, "pop3", server.pop3, b"CAPA\n", b"SASL")
        self.check_opened(daemon, "pop3", ("server", b"+OK"))

    def test_ftp_by_python(self):
        server, daemon = Ftp(self, self.pair), self.daemon()
        # The data connections do not come by here: they show the server's own.
        context = self.context(self.ours(daemon))
        context.load_verify_locations(self.ca.ca)
        port = Forwarder(self, daemon, server.port).port
        content = pattern(1 << 20, 3)
        with ftplib.FTP_TLS(timeout=30, context=context) as ftp:
            ftp.connect("localhost", port)
            ftp.login(USER, PASSWORD)
            ftp.prot_p()
            ftp.storbinary("STOR x", io.BytesIO(content))
            got = io.BytesIO()
            ftp.retrbinary("RETR x", got.write)
        self.assertTrue(got.getvalue() == content)
        self.check_opened(daemon, "ftp", ("client", b"AUTH TLS\r\n"))

    def test_postgresql_by_psql(self):
        server, daemon = Postgresql(self, self.pair), self.daemon()
        port = Forwarder(self, daemon, server.port).port
        done = subprocess.run(
            [find_postgresql("psql"), "-XtA", "-c",
             "select md5(string_agg(i::text, ',')) from generate_series(1, 100000) i",
             f"host=localhost port={port} user={USER} dbname=postgres "
             f"sslmode=verify-full sslrootcert={self.ours(daemon)}"],
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        numbers = ",".join(str(i) for i in range(1, 100001))
        self.assertEqual(done.stdout.strip(),
                         hashlib.md5(numbers.encode()).hexdigest())
        self.check_opened(daemon, "postgresql", ("client", SSL_REQUEST))


class Scripted(Starttls):
    """A server of SMTP that does as the test wants it to."""

    def server_context(self, pair=None, **attributes):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*(pair or self.pair))
        for name, value in attributes.items():
            setattr(context, name, value)
        return context

    def smtp(self, serve, answer=b"220 go ahead\r\n"):
        """Greets, takes EHLO and STARTTLS line by line, answers; then serve(s)."""
        self.heard = []

        def handle(s):
            s.sendall(b"220 mail.test ESMTP\r\n")
            while True:
                line = read_until(s, b"\n")
                self.heard.append(line)
                if line.upper() == b"STARTTLS\r\n":
                    break
                s.sendall(b"250-mail.test\r\n250 STARTTLS\r\n")
            s.sendall(answer)
            serve(s)
        return ThreadServer(self, handle)

    def echo_in_tls(self, context=None):
        """Says back what it hears in TLS, all of which is in self.inside."""
        self.inside = []

        def serve(s):
            with (context or self.server_context()).wrap_socket(
                    s, server_side=True) as tls:
                while part := tls.recv(65536):
                    self.inside.append(part)
                    tls.sendall(part)
        return serve

    def ask(self, s):
        """A client's part up to where TLS begins."""
        s.settimeout(30)
        self.assertEqual(read_until(s, b"\n"), b"220 mail.test ESMTP\r\n")
        s.sendall(b"EHLO me\r\n")
        read_until(s, b"250 STARTTLS\r\n")
        s.sendall(b"STARTTLS\r\n")
        self.assertEqual(read_until(s, b"\n"), b"220 go ahead\r\n")

    def begin_tls(self, s, cafile, name="localhost"):
        """The client's socket in TLS, checked to be good for an echo."""
        context = self.context(cafile)
        context.check_hostname = name is not None
        tls = context.wrap_socket(s, server_hostname=name)
        self.addCleanup(tls.close)
        tls.sendall(b"inside\r\n")
        self.assertEqual(read_until(tls, b"\n"), b"inside\r\n")
        return tls

    def talk(self, daemon, port, cafile, name="localhost", **options):
        s = daemon.flow(port, **options)
        self.addCleanup(s.close)
        self.ask(s)
        return self.begin_tls(s, cafile, name)

    def hello(self, version=None):
        """A client hello, and what makes TLS of the answer."""
        context = self.context(self.ca.ca)
        if version:
            context.maximum_version = version
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        return outgoing.read(), incoming, outgoing, tls

    def finish(self, s, incoming, outgoing, tls):
        """The rest of a handshake whose hello was sent, and an echo."""
        def until_done(step):
            while True:
                try:
                    return step()
                except ssl.SSLWantReadError:
                    if outgoing.pending:
                        s.sendall(outgoing.read())
                    part = s.recv(65536)
                    self.assertTrue(part, "the connection ended")
                    incoming.write(part)
        until_done(tls.do_handshake)
        tls.write(b"inside\r\n")
        self.assertEqual(until_done(lambda: tls.read(99)), b"inside\r\n")


class Bytes(Scripted):
    """What passes, and when."""

    def test_a_megabyte_each_way_inside(self):
        server = self.smtp(self.echo_in_tls())
        daemon = self.daemon()
        tls = self.talk(daemon, server.port, self.ours(daemon))
        content, got = pattern(1 << 20, 4), []
        writer = threading.Thread(target=tls.sendall, args=(content,))
        writer.start()
        while sum(map(len, got)) < len(content):
            got.append(tls.recv(65536))
        writer.join()
        self.assertTrue(b"".join(got) == content)
        self.assertTrue(b"".join(self.inside) == b"inside\r\n" + content)
        tls.close()
        _, flow = self.check_opened(daemon, "smtp", ("client", b"EHLO me"))
        self.assertEqual(base64.b64decode(get(flow, "sightglass.first.client")),
                         b"EHLO me\r\nSTARTTLS\r\n")

    def test_a_byte_at_a_time(self):
        server = self.smtp(self.echo_in_tls())
        daemon = self.daemon()
        with daemon.flow(server.port) as s:
            s.settimeout(30)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            hello, *rest = self.hello_for(daemon)
            read_until(s, b"\n")
            for byte in b"EHLO me\r\n":
                s.sendall(bytes([byte]))
            read_until(s, b"250 STARTTLS\r\n")
            for byte in b"STARTTLS\r\n":
                s.sendall(bytes([byte]))
            read_until(s, b"\n")
            for byte in hello:
                s.sendall(bytes([byte]))
            self.finish(s, *rest)
        self.check_opened(daemon, "smtp", ("client", b"EHLO me"))

    def hello_for(self, daemon):
        real, self.ca.ca = self.ca.ca, self.ours(daemon)
        try:
            return self.hello()
        finally:
            self.ca.ca = real

    def test_a_client_that_does_not_wait_for_the_answer(self):
        server = self.smtp(self.echo_in_tls())
        daemon = self.daemon()
        with daemon.flow(server.port) as s:
            s.settimeout(30)
            hello, *rest = self.hello_for(daemon)
            read_until(s, b"\n")
            s.sendall(b"EHLO me\r\nSTARTTLS\r\n" + hello)
            read_until(s, b"220 go ahead\r\n")
            self.finish(s, *rest)
        self.assertEqual(self.heard, [b"EHLO me\r\n", b"STARTTLS\r\n"])
        self.check_opened(daemon, "smtp", ("client", b"EHLO me"))

    def test_a_hello_behind_a_request_that_is_refused_passes(self):
        got = []

        def serve(s):
            while part := s.recv(65536):
                got.append(part)
            s.sendall(b"221 what was that?\r\n")
        server = self.smtp(serve, b"454 not now\r\n")
        daemon = self.daemon()
        hello = self.hello()[0]
        with daemon.flow(server.port) as s:
            s.settimeout(30)
            read_until(s, b"\n")
            s.sendall(b"EHLO me\r\nSTARTTLS\r\n" + hello)
            read_until(s, b"454 not now\r\n")
            s.sendall(b"QUIT\r\n")
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(s.recv(99), b"221 what was that?\r\n")
        self.assertEqual(b"".join(got), hello + b"QUIT\r\n")
        records = daemon.stop()
        self.assertEqual([r for r in records
                          if r["event"]["dataset"] == "sightglass.tls"], [])
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.protocol"), "smtp")
        self.assertIsNone(get(flow, "sightglass.starttls"))

    def test_commands_in_front_of_tls_stay_in_front_of_it(self):
        # RFC 3207 section 6, CVE-2011-0411: a server throws away what it had
        # read ahead, and nobody may say it again inside TLS.
        thrown = []
        inside = self.echo_in_tls()

        def handle(s):
            s.sendall(b"220 mail.test ESMTP\r\n")
            text = b""
            while b"STARTTLS\r\n" not in text:
                text += s.recv(4096)
            thrown.append(text[text.index(b"STARTTLS\r\n") + 10:])
            s.sendall(b"220 go ahead\r\n")
            inside(s)
        server = ThreadServer(self, handle)
        daemon = self.daemon()
        with daemon.flow(server.port) as s:
            s.settimeout(30)
            read_until(s, b"\n")
            s.sendall(b"STARTTLS\r\nMAIL FROM:<evil@test>\r\nRCPT TO:<b@test>\r\n")
            read_until(s, b"\n")
            self.begin_tls(s, self.ours(daemon)).close()
        wait_for(lambda: self.inside, "the echo")
        self.assertEqual(thrown, [b"MAIL FROM:<evil@test>\r\nRCPT TO:<b@test>\r\n"])
        self.assertEqual(b"".join(self.inside), b"inside\r\n")
        self.check_opened(daemon, "smtp", ("client", b"STARTTLS\r\nMAIL"))

    def test_what_the_server_says_behind_its_agreement_passes(self):
        server = self.smtp(self.echo_in_tls(), b"220 go ahead\r\n250 injected\r\n")
        daemon = self.daemon()
        with daemon.flow(server.port) as s:
            self.ask(s)
            self.assertEqual(read_until(s, b"\n"), b"250 injected\r\n")
            self.begin_tls(s, self.ours(daemon)).close()
        self.check_opened(daemon, "smtp", ("client", b"EHLO me"))

    def test_a_server_that_says_more_after_a_while(self):
        told = threading.Event()

        def serve(s):
            told.wait(30)
            s.sendall(b"250 one more thing\r\n")
            self.echo_in_tls()(s)
        server = self.smtp(serve)
        daemon = self.daemon()
        with daemon.flow(server.port) as s:
            self.ask(s)
            told.set()
            self.assertEqual(read_until(s, b"\n"), b"250 one more thing\r\n")
            self.begin_tls(s, self.ours(daemon)).close()
        self.check_opened(daemon, "smtp", ("client", b"EHLO me"))

    def test_a_mail_is_no_command(self):
        server = Smtp(self, self.pair)
        daemon = self.daemon()
        body = (b"Subject: x\r\n\r\nSTARTTLS\r\n\x16\x03\x01\x02\0\x01"
                + b"220 go\r\nSTARTTLS\r\n")
        port = Forwarder(self, daemon, server.port).port
        with smtplib.SMTP("localhost", port, timeout=30) as s:
            s.sendmail("a@test", ["b@test"], body)
        self.assertEqual(server.got(), body)
        flow = self.one(daemon.stop(), event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.protocol"), "smtp")
        self.assertEqual(get(flow, "sightglass.close"), "finished")

    def test_a_server_that_refuses_stays_plain(self):
        server = self.smtp(lambda s: s.sendall(read_until(s, b"\n")), b"502 no\r\n")
        daemon = self.daemon()
        with daemon.flow(server.port) as s:
            s.settimeout(30)
            s.sendall(b"STARTTLS\r\n")
            read_until(s, b"502 no\r\n")
            s.sendall(b"NOOP\r\n")
            self.assertEqual(read_until(s, b"\n"), b"NOOP\r\n")
        flow = self.one(daemon.stop(), event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.bytes"), {"client": 16, "server": 35})

    def test_an_agreement_that_no_tls_follows(self):
        server = self.smtp(lambda s: s.sendall(read_until(s, b"\n")))
        daemon = self.daemon()
        with daemon.flow(server.port) as s:
            self.ask(s)
            s.sendall(b"rather not\r\n")
            self.assertEqual(read_until(s, b"\n"), b"rather not\r\n")
        flow = self.one(daemon.stop(), event__dataset="sightglass.flow")
        self.assertEqual(
            {k: get(flow, "sightglass." + k) for k in
             ("protocol", "starttls", "close")},
            {"protocol": "smtp", "starttls": None, "close": "finished"})

    def test_either_end_may_leave_behind_the_agreement(self):
        server = self.smtp(lambda s: None)
        daemon = self.daemon()
        with daemon.flow(server.port) as s:
            self.ask(s)
            self.assertEqual(s.recv(9), b"")
        with daemon.flow(server.port) as s:
            self.ask(s)
        flows = [r for r in daemon.stop() if r["event"]["dataset"] == "sightglass.flow"]
        self.assertEqual({get(r, "sightglass.close") for r in flows}, {"finished"})
        self.assertEqual(len(flows), 2)

    def test_a_hello_that_never_ends_meets_its_deadline(self):
        server = self.smtp(self.echo_in_tls())
        daemon = self.daemon("flow.handshake_timeout=300ms")
        with daemon.flow(server.port) as s:
            self.ask(s)
            s.sendall(self.hello()[0][:100])
            self.assertEqual(s.recv(9), b"")
        flow = self.one(daemon.stop(), event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.close"), "client_handshake_timeout")


class SpeaksFirst(Scripted):
    """Who waits for a server's greeting need not wait for us too."""

    def test_a_client_at_a_port_of_such_servers_gets_it_at_once(self):
        if listens(119):
            self.skipTest("somebody serves news here")
        server = self.smtp(self.echo_in_tls())
        # The first address is silent; what counts is its port.
        other = (struct.pack("!B", 4) + socket.inet_aton("127.0.0.1")
                 + struct.pack("!H", server.port))
        daemon = self.daemon("flow.sniff_timeout=1min")
        with daemon.flow(119, tlvs=[(TLV_ALTERNATE, other)]) as s:
            self.ask(s)  # it gives up after half of that
            self.begin_tls(s, self.ours(daemon)).close()
        self.check_opened(daemon, "smtp", ("client", b"EHLO me"))


class DataConnections(Test):
    """FTP in a namespace in which every connection is a flow."""

    def test_a_server_that_misses_a_session_is_relayed_in_the_end(self):
        ca = self.certificates()
        server = Vsftpd(self, ca.server())
        path = os.path.join(self.directory, "content")
        with open(path, "wb") as out:
            out.write(pattern(1 << 16, 6))
        environment = dict(os.environ, SSL_CERT_FILE=ca.ca, HOME=self.directory)
        environment.pop("SSL_CERT_DIR", None)
        script = "\n".join([
            "import subprocess, sys",
            "for name in 'abcd':",
            "    subprocess.run(['curl', '-sS', '--ssl-reqd', '-T', sys.argv[1],",
            "                    sys.argv[2] + name], check=False)"])
        done = subprocess.run(
            [CLI, "exec", "-d", os.path.join(self.directory, "state"), "--",
             sys.executable, "-c", script, path,
             f"ftp://ftp:x@127.0.0.1:{server.port}/up/"],
            capture_output=True, text=True, timeout=60, check=False,
            env=environment)
        self.assertEqual(done.stderr.count("curl: ("), 2, done.stderr)
        self.assertEqual(done.stderr.count("splice  upstream_handshake"), 4,
                         done.stderr)
        with open(os.path.join(server.root, "up", "d"), "rb") as file:
            self.assertTrue(file.read() == pattern(1 << 16, 6))

    def test_a_data_connection_is_a_flow_of_its_own(self):
        ca = self.certificates()
        server = Ftp(self, ca.server())
        content = pattern(1 << 20, 5)
        path = os.path.join(self.directory, "content")
        with open(path, "wb") as out:
            out.write(content)
        environment = dict(os.environ, SSL_CERT_FILE=ca.ca, HOME=self.directory)
        environment.pop("SSL_CERT_DIR", None)
        done = subprocess.run(
            [CLI, "exec", "-d", os.path.join(self.directory, "state"), "--",
             sys.executable, "-c",
             "import ftplib, ssl\n"
             "ftp = ftplib.FTP_TLS(context=ssl.create_default_context())\n"
             f"ftp.connect('127.0.0.1', {server.port})\n"
             f"ftp.login('{USER}', '{PASSWORD}')\n"
             "ftp.prot_p()\n"
             f"ftp.storbinary('STOR x', open('{path}', 'rb'))\n"
             "ftp.quit()"],
            capture_output=True, text=True, timeout=60, check=False,
            env=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(server.path("x"), "rb") as file:
            self.assertTrue(file.read() == content)
        shown = self.run_cli("show", "-d", os.path.join(self.directory, "state"),
                             "-o", "json")
        records = [json.loads(line) for line in shown.stdout.splitlines()]
        tls = [r for r in records if r["event"]["dataset"] == "sightglass.tls"]
        self.assertEqual({get(r, "sightglass.decision") for r in tls}, {"inspect"})
        self.assertEqual(sorted(str(get(r, "sightglass.starttls")) for r in tls),
                         ["None", "ftp"])
        data = self.one(records, event__dataset="sightglass.flow",
                        sightglass__bytes__client=len(content))
        self.assertIsNone(get(data, "sightglass.starttls"))


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
        return sorted((r for r in daemon.stop()
                       if r["event"]["dataset"] == "sightglass.tls"),
                      key=lambda r: r["@timestamp"])

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
                timeout=30, check=False).returncode
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
