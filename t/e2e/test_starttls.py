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
import subprocess
import threading
import unittest

from harness import Daemon, Forwarder, Test, ThreadServer, get, wait_for
from starttls_peers import (PASSWORD, USER, Dovecot, Ftp, Postgresql, Smtp,
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


if __name__ == "__main__":
    unittest.main()
