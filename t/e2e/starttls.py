# SPDX-License-Identifier: ISC
"""What tests of STARTTLS share: their daemon and what they look for in its records,
and a server of SMTP that does as a test wants it to."""

import base64
import json
import ssl

from harness import Daemon, Test, ThreadServer, get

MAIL = b"Subject: hello\r\n\r\nthrough the glass\r\n.. and a dot\r\n"


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
        """Of one worker, which knows at once what it has learned."""
        return Daemon(self, *settings, trust=self.ca.ca, workers=1, **options)

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
        s.settimeout(50)
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
