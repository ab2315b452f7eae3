# SPDX-License-Identifier: ISC
"""Names that were resolved, joined to the flows that go to their addresses."""

import os
import socket
import struct
import sys
import unittest

from harness import Daemon, Process, ThreadServer, get, loopback_address, wait_for
from test_dns import HTTPS, PATIENT, TLS, Lossy, Unbound
from test_exec import Exec

QUESTION = b"\3wWw\7example\4test\0\0\1\0\1"


def record(name, kind, data, ttl=60):
    return name + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def query(number, question=QUESTION):
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + question


def answer(asked, *records):
    return (asked[:2] + struct.pack("!5H", 0x8180, 1, len(records), 0, 0)
            + asked[12:] + b"".join(records))


def echo(connection):
    while data := connection.recv(4096):
        connection.sendall(data)


def names(record):
    """(name, by) of each, in order."""
    return [(n["name"], n["by"]) for n in get(record, "sightglass.dns.names") or []]


class Flows(Exec):
    """Flows of datagrams and of streams, handed over as a forwarder does."""

    def serve(self, *settings, answers, **options):
        self.server = Lossy(self, lambda q, _: [answer(q, *answers)])
        self.target = ThreadServer(self, echo)
        self.daemon = Daemon(self, "drain_timeout=0", *settings, **options)

    def resolve(self, number=1, executable=b"/usr/bin/one", question=QUESTION, **more):
        """A flow of datagrams in which the name was resolved; it stays open."""
        bridge = self.daemon.bridge()
        self.addCleanup(bridge.close)
        bridge.sendall(self.daemon.header(self.server.address, 53, datagram=True,
                                          executable=executable, **more))
        bridge.settimeout(60)
        asked = query(number, question)
        bridge.sendall(struct.pack("!HB4sH", len(asked), 4,
                                   socket.inet_aton(self.server.address), 53) + asked)
        head = bridge.recv(9, socket.MSG_WAITALL)
        bridge.recv(struct.unpack("!H", head[:2])[0], socket.MSG_WAITALL)
        return bridge

    def go(self, executable=b"/usr/bin/one", address="127.0.0.1", **more):
        with self.daemon.flow(self.target.port, address, executable=executable,
                              **more) as flow:
            flow.settimeout(60)
            flow.sendall(b"ping")
            self.assertEqual(flow.recv(4), b"ping")

    def of_both(self, flows):
        """The flow of one program, and that of the other."""
        return [self.one(flows, process__executable=f"/usr/bin/{name}")
                for name in ("one", "two")]

    def streams(self):
        """The records of flows that are no datagrams."""
        flows = [r for r in self.daemon.stop()
                 if r["event"]["dataset"] == "sightglass.flow"]
        return [r for r in flows if get(r, "network.transport") == "tcp"]


@unittest.skipUnless(os.getuid() == 0, "needs port 53")
class Names(Flows):
    def test_a_flow_in_another_worker_has_the_name(self):
        alias = record(b"\xc0\x0c", 5, b"\3cdn\4test\0")
        self.serve("flow.max=1", answers=[
            alias, record(b"\3cdn\4test\0", 1, b"\x7f\0\0\1")], workers=2)
        bridge = self.resolve()  # which keeps its worker busy
        self.go()
        bridge.close()
        self.go(executable=b"/usr/bin/two")
        own, others = self.of_both(self.streams())
        self.assertEqual(names(own), [("www.example.test", "application")])
        self.assertEqual(names(others), [("www.example.test", "machine")])
        for flow in (own, others):
            self.assertEqual(get(flow, "destination.domain"), "www.example.test")
            self.assertEqual(get(flow, "destination.ip"), "127.0.0.1")
            age_s = get(flow, "sightglass.dns.names")[0]["age"]
            self.assertGreaterEqual(age_s, 0)
            self.assertLess(age_s, 60)
        asked = self.one(self.daemon.records("dns"))
        self.assertNotEqual(get(asked, "sightglass.flow").split("-")[1],
                            get(own, "sightglass.flow").split("-")[1])

    def test_what_the_flow_itself_is_called_comes_first(self):
        self.serve(answers=[record(b"\xc0\x0c", 1, b"\x7f\0\0\1")])
        self.resolve()
        self.go(authority="other.test")
        flow = self.one(self.streams())
        self.assertEqual(get(flow, "destination.domain"), "other.test")
        self.assertEqual(names(flow), [("www.example.test", "application")])

    def test_a_name_ends_with_its_ttl_and_the_grace(self):
        self.serve("dns.names_grace=0", answers=[
            record(b"\xc0\x0c", 1, b"\x7f\0\0\1", ttl=0)])
        self.resolve()
        self.go()
        flow = self.one(self.streams())
        self.assertIsNone(get(flow, "destination.domain"))
        self.assertIsNone(get(flow, "sightglass.dns"))

    def test_none_are_kept_where_there_is_no_room(self):
        self.serve("dns.names=0", answers=[record(b"\xc0\x0c", 1, b"\x7f\0\0\1")])
        self.resolve()
        self.go()
        self.assertIsNone(get(self.one(self.streams()), "sightglass.dns"))

    def test_a_worker_that_died_leaves_its_names(self):
        self.serve(answers=[record(b"\xc0\x0c", 1, b"\x7f\0\0\1")], workers=1)
        self.resolve()
        status = self.daemon.control("status")
        os.kill(status["workers"][0]["pid"], 9)
        wait_for(lambda: self.daemon.control("status")["workers"][0]["restarts"] == 1,
                 "the worker to be started again")
        self.go()
        flow = self.one(self.streams())
        self.assertEqual(names(flow), [("www.example.test", "application")])

    def test_the_latest_of_many_are_told_and_no_more(self):
        self.serve(answers=[record(b"\xc0\x0c", 1, b"\x7f\0\0\1")], workers=1)
        for i in range(12):
            self.resolve(i, question=b"\3n%02d\4test\0\0\1\0\1" % i,
                         executable=b"/usr/bin/two").close()
        self.go()
        flow = self.one(self.streams())
        self.assertEqual(names(flow), [(f"n{i:02}.test", "machine")
                                       for i in range(11, 3, -1)])

    def test_what_was_not_asked_for_is_not_believed(self):
        self.serve(answers=[record(b"\4bank\4test\0", 1, b"\x7f\0\0\1")])
        self.resolve()
        self.go()
        self.assertIsNone(get(self.one(self.streams()), "sightglass.dns"))


def service():
    """An HTTPS record that says h2 and h3."""
    return record(b"\xc0\x0c", 65, b"\0\1\0" b"\0\1\0\6\2h2\2h3")


@unittest.skipUnless(os.getuid() == 0, "needs port 53")
class Quic(Flows):
    """Flows of datagrams to ports of QUIC."""

    def datagram(self, port, address="127.0.0.1", **more):
        bridge = self.daemon.bridge()
        bridge.sendall(self.daemon.header(address, port, datagram=True, **more))
        bridge.settimeout(60)
        return bridge

    def quic(self, records):
        return [r for r in records if get(r, "sightglass.quic") is not None]

    def refused(self, port=443, **more):
        with self.datagram(port, **more) as bridge:
            self.assertEqual(bridge.recv(1), b"")

    def test_a_refused_flow_tells_who_announced_it(self):
        self.serve("policy.quic=block", answers=[
            record(b"\xc0\x0c", 1, b"\x7f\0\0\1"), service()])
        self.resolve()
        self.refused(executable=b"/usr/bin/one")
        self.refused(executable=b"/usr/bin/two")
        own, others = self.of_both(self.quic(self.daemon.stop()))
        for flow, by in ((own, "application"), (others, "machine")):
            self.assertEqual(get(flow, "sightglass.quic"), {
                "refused": True, "announced": "https_record",
                "name": "www.example.test"})
            self.assertEqual(names(flow), [("www.example.test", by)])
            self.assertEqual(get(flow, "destination.domain"), "www.example.test")
            self.assertEqual(get(flow, "sightglass.close"), "refused_by_policy")
            self.assertEqual(get(flow, "sightglass.reason"), "quic")

    def test_what_an_answer_of_http_announced(self):
        def answer_once(connection):
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                               b'Alt-Svc: h3=":443"; ma=600\r\n\r\n')
            connection.recv(1)

        self.serve("policy.quic=block", answers=[
            record(b"\xc0\x0c", 1, b"\x7f\0\0\1")])
        server = ThreadServer(self, answer_once)
        self.resolve()
        with self.daemon.flow(server.port) as flow:
            flow.sendall(b"GET / HTTP/1.1\r\nHost: WWW.example.test\r\n\r\n")
            flow.settimeout(60)
            self.assertIn(b"Alt-Svc", flow.recv(4096))
        self.refused()
        flow = self.one(self.quic(self.daemon.stop()))
        self.assertEqual(get(flow, "sightglass.quic"), {
            "refused": True, "announced": "alt_svc", "name": "www.example.test"})

    def test_dns_over_quic_is_refused_too(self):
        self.serve("policy.quic=block", answers=[])
        self.refused(853)
        flow = self.one(self.quic(self.daemon.stop()))
        self.assertEqual(get(flow, "sightglass.quic"), {"refused": True})

    def test_it_passes_with_its_record_where_nobody_asked_for_less(self):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        address = loopback_address()
        server.bind((address, 443))
        server.settimeout(60)
        for settings in ((), ("policy.quic=block", f"policy.splice={address}")):
            with self.subTest(settings):
                self.serve(*settings, answers=[], directory=os.path.join(
                    self.directory, str(len(settings))))
                with self.datagram(443, address) as bridge:
                    bridge.sendall(struct.pack("!HB4sH", 4, 4,
                                               socket.inet_aton(address), 443) + b"ping")
                    self.assertEqual(server.recv(9), b"ping")
                flow = self.one(self.quic(self.daemon.stop()))
                self.assertEqual(get(flow, "sightglass.quic"), {"refused": False})
                self.assertEqual(get(flow, "sightglass.decision"), "splice")


@unittest.skipUnless(os.getuid() == 0, "needs port 53")
class Programs(Exec):
    """The same by programs in sightglass exec."""

    def test_over_each_transport(self):
        target = ThreadServer(self, echo, address="0.0.0.0")
        ways = {"udp": (), "tcp": ("+tcp",), "tls": TLS, "https": HTTPS,
                "get": (*HTTPS, "+https-get")}
        zone, script = [], []
        for i, way in enumerate(ways):
            zone += [(f"{way}.test", "A", f"127.77.0.{i}")]
        zone += [("hint.test", "HTTPS", "1 . alpn=h2 ipv4hint=127.77.0.99")]
        server = Unbound(self, zone)
        kdig = f"kdig @{server.address} {' '.join(PATIENT)}"
        say = ("import socket, sys\n"
               "s = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
               "s.sendall(b'ping')\ns.recv(4)\n")
        for i, (way, options) in enumerate(ways.items()):
            script += [f"{kdig} {' '.join(options)} {way}.test "
                       ">&2 || exit 1",
                       f"{sys.executable} -c \"$0\" 127.77.0.{i} {target.port}"]
        script += [f"{kdig} hint.test HTTPS >&2 || exit 1",
                   f"{sys.executable} -c \"$0\" 127.77.0.99 {target.port}"]
        done = self.exec("sh", "-c", "\n".join(script), say)
        self.assertEqual(done.returncode, 0, done.stderr)
        flows = [r for r in self.records("flow")
                 if (get(r, "destination.ip") or "").startswith("127.77.")]
        said = {r["destination"]["domain"]: names(r) for r in flows}
        wanted = [*(f"{way}.test" for way in ways), "hint.test"]
        self.assertEqual(said, {n: [(n, "machine")] for n in wanted})

    def test_what_curl_resolved_itself(self):
        server = Unbound(self, [("www.example.test", "A", "127.77.1.1")])
        target = Process(self, [sys.executable, "-u", "-m", "http.server", "0",
                                "--bind", "127.77.1.1"], "http.server")
        wait_for(lambda: "port " in target.output(), "its port")
        port = target.output().partition("port ")[2].split()[0]
        done = self.exec("curl", "-sS", "-o", "/dev/null", "--doh-insecure",
                         "--doh-url", f"https://{server.address}/dns-query",
                         f"http://www.example.test:{port}/")
        self.assertEqual(done.returncode, 0, done.stderr)
        http = self.one(self.records("http"), destination__ip="127.77.1.1")
        self.assertEqual(names(http), [("www.example.test", "application")])
        self.assertEqual(get(http, "destination.domain"), "www.example.test")


if __name__ == "__main__":
    unittest.main()
