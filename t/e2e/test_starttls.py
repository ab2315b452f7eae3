# SPDX-License-Identifier: ISC
"""TLS that begins in a plain dialogue (STARTTLS): opened from there on, byte
for byte, with real servers and clients of SMTP, IMAP, POP3, FTP and PostgreSQL."""

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
import struct
import subprocess
import sys
import threading
import unittest

from harness import (CLI, TLV_ALTERNATE, Forwarder, Test, ThreadServer, get, listens,
                     wait_for)
from starttls import MAIL, Scripted, Starttls, read_until
from starttls_peers import (PASSWORD, USER, Dovecot, Ftp, Postgresql, Smtp, Vsftpd,
                            find_postgresql)

SSL_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"


def pattern(length, seed):
    """Bytes that repeat nowhere near."""
    return hashlib.shake_256(str(seed).encode()).digest(length)


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
            watch = threading.Timer(60, process.kill)
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
            ["curl", "-sS", "--max-time", "60", "--ssl-reqd", "--cacert",
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
            watch = threading.Timer(60, process.kill)
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
        with smtplib.SMTP("localhost", port, timeout=60) as s:
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
        with imaplib.IMAP4("localhost", port, timeout=60) as imap:
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
        pop3 = poplib.POP3("localhost", Forwarder(self, daemon, server.pop3).port, 60)
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
        with ftplib.FTP_TLS(timeout=60, context=context) as ftp:
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
            s.settimeout(60)
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
            s.settimeout(60)
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
            s.settimeout(60)
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
            s.settimeout(60)
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
            told.wait(60)
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
        with smtplib.SMTP("localhost", port, timeout=60) as s:
            s.sendmail("a@test", ["b@test"], body)
        self.assertEqual(server.got(), body)
        flow = self.one(daemon.stop(), event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.protocol"), "smtp")
        self.assertEqual(get(flow, "sightglass.close"), "finished")

    def test_a_server_that_refuses_stays_plain(self):
        server = self.smtp(lambda s: s.sendall(read_until(s, b"\n")), b"502 no\r\n")
        daemon = self.daemon()
        with daemon.flow(server.port) as s:
            s.settimeout(60)
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
            self.ask(s)  # it gives up before that
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
            "                    sys.argv[2] + name], check=False)",
            # What was learned of the first two is told to the worker.
            "    while name == 'b' and not subprocess.check_output(sys.argv[3:]): pass"])
        state = os.path.join(self.directory, "state")
        done = subprocess.run(
            [CLI, "exec", "-d", state, "--", sys.executable, "-c", script, path,
             f"ftp://ftp:x@127.0.0.1:{server.port}/up/", CLI, "bypass", "list", "-d",
             state, "-o", "json"],
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


if __name__ == "__main__":
    unittest.main()
