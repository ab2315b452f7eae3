# SPDX-License-Identifier: ISC
"""dns.strip_ech: answers reach the client without the parameter, whatever carries
them, and with no other byte changed."""

import base64
import os
import socket
import struct
import unittest

from harness import Daemon, Test, ThreadServer, get
from test_dns import (HTTPS, PATIENT, TLS, ZONE, Lossy, Unbound, what_kdig_said)
from test_exec import Exec

NAME = b"\3wWw\7example\4test\0"
ON = "dns.strip_ech=true"


def parameter(key, value):
    return struct.pack("!HH", key, len(value)) + value


ALPN, ECH, HINT = (parameter(1, b"\2h2\2h3"), parameter(5, b"ABCD" * 16),
                   parameter(6, bytes(15) + b"\1"))
STRIPPED = parameter(65280, bytes(64))


def query(number, edns=b""):
    return (struct.pack("!6H", number, 0x0120, 1, 0, 0, int(edns != b"")) + NAME
            + struct.pack("!HH", 65, 1) + edns)


def answer(asked, parameters):
    """An answer to it: the question as it was asked, the record, EDNS."""
    data = b"\0\1\0" + parameters
    edns = b"\0" + struct.pack("!HHIH", 41, 1232, 0x8000, 4) + b"\0\3\0\0"
    return (asked[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 1) + asked[12:12 + 22]
            + b"\xc0\x0c" + struct.pack("!HHIH", 65, 1, 60, len(data)) + data + edns)


BEFORE = answer(query(0), ALPN + ECH + HINT)
AFTER = answer(query(0), ALPN + HINT + STRIPPED)


def read(connection, length):
    connection.settimeout(60)
    data = b""
    while len(data) < length:
        more = connection.recv(length - len(data))
        if not more:
            break
        data += more
    return data


class Streams(Test):
    """Servers that say just these bytes, in these pieces."""

    def talk(self, asked, pieces, *settings):
        """What the client gets; each piece leaves only when it was asked for, so that
        none comes with another."""
        def serve(connection):
            read(connection, len(asked))
            for piece in pieces:
                connection.sendall(piece)
                connection.recv(1)

        server = ThreadServer(self, serve)
        self.daemon = Daemon(self, "drain_timeout=0", *settings)
        with self.daemon.flow(server.port) as flow:
            flow.sendall(asked)
            said = b""
            for i in range(len(pieces)):
                # What is held comes later, all of it at once.
                wanted = sum(map(len, pieces[:i + 1]))
                if i in self.stops:
                    said += read(flow, wanted - len(said))
                flow.sendall(b".")
        return said

    def dns(self):
        return self.one([r for r in self.daemon.stop()
                         if r["event"]["dataset"] == "sightglass.dns"])

    def check(self, asked, pieces, expected, stops=None):
        self.stops = stops if stops is not None else [len(pieces) - 1]
        said = self.talk(asked, pieces, ON)
        self.assertEqual(said, expected)
        record = self.dns()
        self.assertIs(get(record, "sightglass.dns.ech_stripped"), True)
        # The record has what the server said.
        self.assertIn(" ech=QUJDRE", get(record, "dns.answers")[0]["data"])

    def request(self, version="1.1"):
        asked = base64.urlsafe_b64encode(query(0)).decode().rstrip("=")
        return (f"GET /dns-query?dns={asked} HTTP/{version}\r\nHost: dns.test\r\n\r\n"
                .encode())

    def head(self, *fields):
        return "\r\n".join(["HTTP/1.1 200 OK", *fields,
                            "Content-Type: application/dns-message", "", ""]).encode()

    def test_http_1_with_a_length(self):
        head = self.head(f"Content-Length: {len(BEFORE)}")
        self.check(self.request(), [head + BEFORE], head + AFTER)

    def test_http_1_in_pieces(self):
        head = self.head(f"Content-Length: {len(BEFORE)}")
        self.check(self.request(), [head, BEFORE[:30], BEFORE[30:80], BEFORE[80:]],
                   head + AFTER, stops=[0, 3])

    def test_http_1_in_chunks(self):
        def chunks(message):
            out = b""
            for i in range(0, len(message), 7):
                part = message[i:i + 7]
                out += b"%x\r\n" % len(part) + part + b"\r\n"
            return out + b"0\r\nX-Trailer: 1\r\n\r\n"

        head = self.head("Transfer-Encoding: chunked")
        self.check(self.request(), [head, chunks(BEFORE)[:50], chunks(BEFORE)[50:]],
                   head + chunks(AFTER), stops=[0, 2])

    def test_what_was_not_asked_for_stays(self):
        head = self.head(f"Content-Length: {len(BEFORE)}")
        self.stops = [0]
        said = self.talk(self.request(), [head + BEFORE])
        self.assertEqual(said, head + BEFORE)
        self.assertIsNone(get(self.dns(), "sightglass.dns.ech_stripped"))

    def test_what_never_comes_whole_passes_in_time(self):
        head = self.head(f"Content-Length: {len(BEFORE) + 1}")
        self.stops = [0]
        said = self.talk(self.request(), [head + BEFORE], ON)
        self.assertEqual(said, head + BEFORE)

    def test_what_else_passes_is_not_touched(self):
        body = BEFORE * 3
        head = (b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body))
        self.stops = [0, 1]
        said = self.talk(self.request(), [head, body], ON)
        self.assertEqual(said, head + body)

    def frame(self, kind, flags, stream, content):
        return (struct.pack("!I", len(content))[1:]
                + struct.pack("!BBI", kind, flags, stream) + content)

    def test_http_2_between_frames_of_another_stream(self):
        asked = base64.urlsafe_b64encode(query(0)).rstrip(b"=")
        target = b"/dns-query?dns=" + asked

        def head(path):
            return (b"\x82\x86\x04" + bytes([len(path)]) + path + b"\x01\x04test")

        request = (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + self.frame(4, 0, 0, b"")
                   + self.frame(1, 5, 1, head(target)) + self.frame(1, 5, 3, head(b"/x")))
        kind = b"application/dns-message"
        answered = b"\x88\x0f\x10" + bytes([len(kind)]) + kind

        def pieces(message):
            padded = bytes([9]) + message[10:60] + bytes(9)
            return [self.frame(4, 0, 0, b"") + self.frame(1, 4, 3, b"\x88")
                    + self.frame(1, 4, 1, answered),
                    self.frame(0, 0, 1, message[:10]) + self.frame(0, 0, 3, b"other"),
                    self.frame(0, 8, 1, padded) + self.frame(0, 1, 3, BEFORE)
                    + self.frame(0, 0, 1, message[60:61]),
                    self.frame(0, 1, 1, message[61:])]

        self.check(request, pieces(BEFORE), b"".join(pieces(AFTER)), stops=[0, 3])


@unittest.skipUnless(os.getuid() == 0, "needs port 53")
class Datagrams(Test):
    def ask(self, *settings):
        """What one client hears of a server that answers so, and the records."""
        server = Lossy(self, lambda q, _: [answer(q, ALPN + ECH + HINT)])
        daemon = Daemon(self, "drain_timeout=0", *settings,
                        directory=os.path.join(self.directory, str(len(settings))))
        asked = query(7, edns=b"\0" + struct.pack("!HHIH", 41, 4096, 0, 0))
        with daemon.bridge() as bridge:
            bridge.sendall(daemon.header(server.address, 53, datagram=True))
            bridge.sendall(struct.pack("!HB4sH", len(asked), 4,
                                       socket.inet_aton(server.address), 53) + asked)
            heard = read(bridge, 9)
            heard = read(bridge, struct.unpack("!H", heard[:2])[0])
        record = self.one([r for r in daemon.stop()
                           if r["event"]["dataset"] == "sightglass.dns"])
        return asked, heard, record

    def test_a_datagram(self):
        asked, heard, record = self.ask()
        self.assertEqual(heard, answer(asked, ALPN + ECH + HINT))
        self.assertIsNone(get(record, "sightglass.dns.ech_stripped"))
        asked, heard, stripped = self.ask(ON)
        self.assertEqual(heard, answer(asked, ALPN + HINT + STRIPPED))
        self.assertIs(get(stripped, "sightglass.dns.ech_stripped"), True)
        self.assertEqual(get(record, "dns.answers"), get(stripped, "dns.answers"))


@unittest.skipUnless(os.getuid() == 0, "needs port 53")
class Programs(Exec):
    def test_what_kdig_gets_over_each_transport(self):
        server = Unbound(self, ZONE)
        questions = ["svc.example.test", "HTTPS", "www.example.test", "AAAA",
                     "example.test", "TXT", "svc.example.test", "SVCB"]
        said = {}
        for on in (False, True):
            self.configure(f"dns:\n  strip_ech: {str(on).lower()}\n")
            for options in ((), ("+tcp",), ("+tcp", "+keepopen"), TLS, HTTPS,
                            (*HTTPS, "+https-get")):
                done = self.exec("kdig", f"@{server.address}", *PATIENT, *options,
                                 *questions)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                said[on, options] = what_kdig_said(done.stdout)
        for (on, options), messages in said.items():
            plain = said[False, ()]
            data = messages[0]["records"][0][3]
            self.assertEqual(any("ech=" in word for word in data), not on, options)
            self.assertEqual(any("key65280=" in word for word in data), on, options)
            others = [[w for w in words if not w.startswith(("key65280=", "ech="))]
                      for words in (data, plain[0]["records"][0][3])]
            self.assertEqual(others[0], others[1])
            self.assertEqual(messages[1:], plain[1:])
        marked = [get(r, "sightglass.dns.ech_stripped") for r in self.records("dns")]
        self.assertEqual(marked, [None] * 24 + [True, None, None, None] * 6)


if __name__ == "__main__":
    unittest.main()
