# SPDX-License-Identifier: ISC
"""HTTP/1 that few write, through the daemon: what is in the log of it, and that it
arrives as it was sent."""

import os
import ssl
import subprocess
import unittest

from harness import Daemon, Forwarder, Test, ThreadServer, get

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Http1(Test):
    def serve(self, turns, tls=None):
        """A server that waits for the bytes of each turn and then says its own."""
        def handle(connection):
            for sent, answer in turns:
                got = bytearray()
                while len(got) < len(sent):
                    part = connection.recv(65536)
                    if not part:
                        return
                    got += part
                self.got += got
                connection.sendall(answer)

        self.got = bytearray()
        return ThreadServer(self, handle, tls)

    def talk(self, s, turns):
        """Plays the client's part; the server's end is the last thing it sees."""
        for sent, answer in turns:
            s.sendall(sent)
            back = bytearray()
            while len(back) < len(answer):
                back += s.recv(65536)
            self.assertTrue(back == answer, back[:999])
        self.assertEqual(s.recv(9), b"")
        self.assertTrue(self.got == b"".join(sent for sent, _ in turns))

    def play(self, *turns):
        """The http records of a conversation in the clear."""
        server = self.serve(turns)
        daemon = Daemon(self)
        with daemon.flow(server.port) as s:
            self.talk(s, turns)
        self.records = daemon.stop()
        return [r for r in self.records
                if r["event"]["dataset"] == "sightglass.http"]

    def test_a_head_that_is_too_long_passes_and_says_so(self):
        long = b"GET /long HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 300000
        cut, whole = self.play((long + b"\r\nX: 1\r\n\r\n", OK),
                               (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", OK))
        self.assertIs(get(cut, "http.request.head_too_long"), True)
        self.assertEqual(get(cut, "url.path"), "/long")
        self.assertIsNone(get(whole, "http.request.head_too_long"))
        for record in cut, whole:
            self.assertEqual(get(record, "http.response.body.content"), "ok")

    def test_a_long_head_is_read(self):
        (record,) = self.play((b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: "
                               + b"x" * 200000 + b"\r\n\r\n", OK))
        self.assertEqual(get(record, "http.request.headers.x-long"), ["x" * 200000])

    def test_what_cannot_be_read_ends_the_reading_and_nothing_else(self):
        bad = b"\0\1\2 this is no request\r\n\r\n" * 1000
        turns = [(b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n", OK), (bad, bad + OK),
                 (b"GET /unseen HTTP/1.1\r\nHost: a\r\n\r\n", OK)]
        (whole,) = self.play(*turns)
        self.assertEqual(get(whole, "url.path"), "/good")
        self.assertEqual(get(whole, "http.response.body.content"), "ok")
        self.assertIsNone(get(whole, "sightglass.incomplete"))
        flow = self.one(self.records, event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.bytes"), {
            "client": sum(len(sent) for sent, _ in turns),
            "server": sum(len(answer) for _, answer in turns)})
        unread = get(flow, "sightglass.unread")
        self.assertEqual((unread["why"], unread["server"]),
                         ("HPE_INVALID_METHOD", len(bad) + 2 * len(OK)))
        unseen = len(turns[-1][0])
        self.assertLessEqual(unseen, unread["client"])
        self.assertLess(unread["client"], unseen + len(bad))

    def test_what_breaks_inside_a_request_is_said(self):
        (record,) = self.play((
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\nok\r\nzz\r\n", OK))
        self.assertEqual(get(record, "sightglass.incomplete"), "parser_gave_up")
        self.assertEqual(get(record, "sightglass.parse_error"),
                         "HPE_INVALID_CHUNK_SIZE")
        self.assertEqual(get(record, "http.request.body.content"), "ok")

    @staticmethod
    def take_a_form(connection):
        got = b""
        while not got.endswith(b"--\r\n"):
            got += connection.recv(65536)
        connection.sendall(OK)

    def test_a_form_with_files_is_left_readable(self):
        file = os.path.join(self.directory, "grüße.txt")
        with open(file, "w", encoding="utf-8") as out:
            out.write("what the file says\n")
        server = ThreadServer(self, self.take_a_form)
        daemon = Daemon(self)
        port = Forwarder(self, daemon, server.port).port
        subprocess.run(["curl", "-sS", "--max-time", "60", "-F", "name=value", "-F",
                        f"upload=@{file};type=text/plain", f"http://localhost:{port}/"],
                       check=True, capture_output=True)
        record = self.one(daemon.stop(), event__dataset="sightglass.http")
        content = get(record, "http.request.body.content")
        for part in ('name="upload"; filename="grüße.txt"', "what the file says\n",
                     'name="name"\r\n\r\nvalue\r\n'):
            self.assertIn(part, content)

    def test_what_is_no_text_stands_in_base64(self):
        (record,) = self.play((b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                               b"\r\n\0\xff\0\xfe", OK))
        self.assertEqual(get(record, "http.request.body"), {
            "bytes": 4, "content": "AP8A/g==", "encoding": "base64"})

    def test_another_host_than_tls_was_begun_with_is_flagged(self):
        ca = self.certificates()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*ca.server())
        turns = [(b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n", OK),
                 (b"GET /b HTTP/1.1\r\nHost: elsewhere.test:8443\r\n\r\n", OK)]
        server = self.serve(turns, context)
        daemon = Daemon(self, trust=ca.ca)
        trusting = ssl.create_default_context(
            cafile=daemon.path("ca", "sightglass-ca.pem"))
        with trusting.wrap_socket(daemon.flow(server.port),
                                  server_hostname="localhost") as s:
            self.talk(s, turns)
        records = daemon.stop()
        same, other = (self.one(records, url__path=path) for path in ("/a", "/b"))
        self.assertIsNone(get(same, "sightglass.host_mismatch"))
        self.assertIs(get(other, "sightglass.host_mismatch"), True)
        self.assertEqual(get(other, "url.full"), "https://elsewhere.test:8443/b")


if __name__ == "__main__":
    unittest.main()
