# SPDX-License-Identifier: ISC
"""What a flow costs in its worker's memory, in each of its states, with peers that
make it cost most: long hellos, and readers that do not read. The bounds are those
that ARCHITECTURE.md and sightglass.yaml(5) state."""

import os
import resource
import selectors
import socket
import ssl
import struct
import sys
import threading
import time
import unittest

from harness import PEERS, Daemon, Process, Test, ThreadServer, is_sanitized, wait_for
from hellos import made_hello, messages
from seen import row

LONG = "LONG" in os.environ  # make check-long
FLOWS = 64
KIB = 1024
# Of a flow that is not relayed yet, and of one that is and whose peers do not read.
HANDSHAKE_BOUND = 192 * KIB
RELAY_BOUND = 512 * KIB
# Besides, of exchanges that are not over: heads, bodies, and what waits.
HEAD, BODY, WAITING = 256 * KIB, 64 * KIB, 10240 * KIB


class Memory(Test):
    settings = ()

    def setUp(self):
        super().setUp()
        if sys.platform != "linux":
            self.skipTest("a process's memory is read from /proc")
        if is_sanitized():
            self.skipTest("a sanitizer keeps what is freed")
        self.ca = self.certificates()
        self.daemon = Daemon(self, "flow.handshake_timeout=5 min",
                             "flow.header_timeout=1 min", "flow.sniff_timeout=1 min",
                             "flow.connect_timeout=5 min", *self.settings,
                             trust=self.ca.ca, workers=1)
        self.stop = threading.Event()
        self.addCleanup(self.stop.set)
        self.sockets = []
        self.addCleanup(self.close)

    def close(self):
        for s in self.sockets:
            s.close()

    def worker(self):
        return self.daemon.control("status")["workers"][0]

    def memory(self, pid=None):
        """Bytes of the worker's own that are in memory."""
        pid = pid or self.worker()["pid"]
        with open(f"/proc/{pid}/status", encoding="ascii") as lines:
            fields = dict(line.split(":", 1) for line in lines)
        return int(fields["RssAnon"].split()[0]) * KIB

    def cost(self, begin, bound, flows=FLOWS):
        """Begins flows until they stand still; none may cost more than the bound.
        The first ones are not counted: what a worker needs once they bring."""
        for _ in range(4):
            begin()
        before = self.settled(4)
        for _ in range(flows):
            begin()
        each = (self.settled(flows + 4) - before) / flows
        print(f"{self.id().rpartition('.')[2]}: {each / KIB:.0f} KiB a flow")
        self.assertLess(each, bound)

    def settled(self, flows=None):
        """The memory, once there are so many flows and it is the same for a while."""
        if flows is not None:
            wait_for(lambda: self.worker()["flows"] == flows, "the flows")
        seen = [0]

        def same():
            seen.append(self.memory())
            self.stop.wait(0.1)
            return len(seen) > 3 and len(set(seen[-3:])) == 1
        wait_for(same, "the worker to stand still")
        return seen[-1]

    def keep(self, s):
        self.sockets.append(s)
        return s

    def hello(self, size=15500):
        """A client hello of so many bytes: a real one with an extension of nothing."""
        _, body = next(messages(made_hello()))
        padding = size - len(body) - 4
        at = 35 + body[34]
        at += 2 + struct.unpack("!H", body[at:at + 2])[0]
        at += 1 + body[at]
        extensions = body[at + 2:] + struct.pack("!HH", 21, padding) + bytes(padding)
        body = body[:at] + struct.pack("!H", len(extensions)) + extensions
        message = b"\x01" + len(body).to_bytes(3, "big") + body
        return b"\x16\x03\x01" + struct.pack("!H", len(message)) + message

    def tls_server(self, handler):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.ca.server())
        return ThreadServer(self, handler, context)

    def wait(self, _):
        self.stop.wait(300)


class Handshakes(Memory):
    def test_a_header_that_is_not_whole(self):
        header = self.daemon.header("127.0.0.1", 9, tlvs=[(0xEE, bytes(3000))])

        def begin():
            self.keep(self.daemon.bridge()).sendall(header[:-1])
        self.cost(begin, HANDSHAKE_BOUND)

    @row("42", "memory: hellos of 16 KB that are not whole", "bounded",
         "none, a script", "waits", "192 KiB a flow at most")
    def test_a_hello_of_16_kb_that_is_not_whole(self):
        hello = self.hello()

        def begin():
            self.keep(self.daemon.flow(9)).sendall(hello[:-1])
        self.cost(begin, HANDSHAKE_BOUND)

    def test_a_hello_of_16_kb_and_an_address_that_does_not_answer(self):
        """A listener with a full queue: the kernel drops what else comes."""
        listener = self.keep(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        at, hello = listener.getsockname(), self.hello()
        for _ in range(4):
            filler = self.keep(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(at)

        def begin():
            self.keep(self.daemon.flow(at[1])).sendall(hello)
        self.cost(begin, HANDSHAKE_BOUND)

    @row("42", "memory: servers that do not answer", "bounded",
         "a script, a script", "waits",
         "192 KiB a flow at most")
    def test_a_hello_of_16_kb_and_a_server_that_does_not_answer(self):
        server, hello = ThreadServer(self, self.wait), self.hello()

        def begin():
            self.keep(self.daemon.flow(server.port)).sendall(hello)
        self.cost(begin, HANDSHAKE_BOUND)

    @row("42", "memory: clients that do not go on", "bounded",
         "openssl (python), a script", "waits",
         "192 KiB a flow at most")
    def test_a_hello_of_16_kb_and_a_client_that_does_not_go_on(self):
        server, hello = self.tls_server(self.wait), self.hello()

        def begin():
            s = self.keep(self.daemon.flow(server.port))
            s.sendall(hello)
            s.settimeout(60)
            self.assertEqual(s.recv(1), b"\x16")
        self.cost(begin, HANDSHAKE_BOUND)


class Opened(Memory):
    def open(self, server):
        context = ssl.create_default_context(
            cafile=self.daemon.path("ca", "sightglass-ca.pem"))
        s = self.daemon.flow(server.port)
        s.settimeout(60)
        return self.keep(context.wrap_socket(s, server_hostname="localhost"))


class Relayed(Opened):
    def test_an_idle_flow(self):
        def answer(s):
            s.sendall(s.recv(1))
            self.stop.wait(300)
        server = self.tls_server(answer)

        def begin():
            s = self.open(server)
            s.sendall(b"x")
            self.assertEqual(s.recv(1), b"x")
        self.cost(begin, HANDSHAKE_BOUND)

    def test_peers_that_send_and_do_not_read(self):
        """Both ends write until nobody takes any more."""
        def flood(s):
            s.setblocking(False)
            data = bytes(65536)
            while not self.stop.is_set():
                try:
                    s.send(data)
                except (ssl.SSLWantWriteError, BlockingIOError):
                    if self.stop.wait(0.05):
                        return

        server = self.tls_server(flood)

        def begin():
            s = self.open(server)
            s.setblocking(False)
            data, tries = bytes(65536), 0
            while tries < 5:
                try:
                    s.send(data)
                    tries = 0
                except ssl.SSLWantWriteError:
                    tries += 1
                    self.stop.wait(0.02)
        self.cost(begin, RELAY_BOUND, 24)


class Exchanges(Opened):
    """What the tap of HTTP/1 holds of exchanges that are not over."""

    def unfinished(self, request, bound, flows):
        """Servers that take all of it and answer nothing."""
        def take(s):
            while s.recv(65536):
                pass
        server = self.tls_server(take)

        def begin():
            self.open(server).sendall(request)
        self.cost(begin, bound, flows)

    def test_a_head_that_never_ends(self):
        self.unfinished(b"GET / HTTP/1.1\r\nX: " + b"x" * (HEAD - 1024),
                        HANDSHAKE_BOUND + 2 * HEAD, 24)

    def test_a_head_of_many_fields_that_never_ends(self):
        self.unfinished(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * ((HEAD - 1024) // 6),
                        HANDSHAKE_BOUND + 2 * HEAD, 24)

    def test_a_body_that_never_ends(self):
        self.unfinished(b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n"
                        + bytes(16 * BODY), HANDSHAKE_BOUND + 2 * BODY, 24)

    def test_requests_that_wait_for_their_answers(self):
        one = (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65536\r\n\r\n"
               + bytes(65536))
        self.unfinished(one * 256, HANDSHAKE_BOUND + WAITING, 6)


class Carried(Opened):
    """Flows that carry long bodies, all at the same time, of which the log has the
    beginnings. What they hold in sum is as much a flow as it is, by default, for a
    thousand of them."""

    flows, size = (1000, 1 << 30) if LONG else (400, 4 << 20)
    settings = (f"capture.held={16 * flows} KiB",)

    def setUp(self):
        super().setUp()
        least = 4 * self.flows + 200
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < least and hard != resource.RLIM_INFINITY and hard < least:
            self.skipTest(f"only {hard} descriptors")
        if soft < least:
            resource.setrlimit(resource.RLIMIT_NOFILE, (least, hard))
            self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))

    def carry(self, flows, size):
        """What each costs at most besides its idle self, while all are under way."""
        server = Process(self, [sys.executable, f"{PEERS}/bulk.py"], "server")
        port = int(wait_for(server.output, "the server to listen").split()[0])
        self.read_all([self.ask(port, size) for _ in range(4)])
        before = self.settled()
        began = time.monotonic()
        most = self.read_all([self.ask(port, size) for _ in range(flows)])
        each = (most - before) / flows
        print(f"{flows} flows with {size / (1 << 20):.0f} MiB each, "
              f"{flows * size / (1 << 20) / (time.monotonic() - began):.0f} MiB/s: "
              f"{each / KIB:.1f} KiB a flow")
        self.assertLess(each, 64 * KIB)

    def ask(self, port, size):
        s = self.keep(self.daemon.flow(port))
        s.sendall(b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % size)
        return s

    def read_all(self, sockets):
        """Reads what they are sent, up to its end; the most memory meanwhile. The
        kernel throws the bytes away."""
        left, most, look = dict.fromkeys(sockets), 0, 0
        pid = self.worker()["pid"]
        selector = selectors.DefaultSelector()
        self.addCleanup(selector.close)
        for s in sockets:
            selector.register(s, selectors.EVENT_READ)
        room = bytearray(1 << 20)
        while left:
            for key, _ in selector.select():
                s = key.fileobj
                if left[s] is None:
                    left[s] = self.body_left(s)
                if left[s] > 0:
                    left[s] -= s.recv_into(room, len(room), socket.MSG_TRUNC)
                if left[s] == 0:
                    selector.unregister(s)
                    del left[s]
            if time.monotonic() > look:
                most, look = max(most, self.memory(pid)), time.monotonic() + 0.2
        return max(most, self.memory(pid))

    def body_left(self, s):
        """Reads the head of an answer, and no more."""
        head = s.recv(4096, socket.MSG_PEEK).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        s.recv(len(head))
        return int(head.lower().partition(b"content-length: ")[2].split()[0])

    def test_long_bodies_of_many_flows(self):
        self.carry(self.flows, self.size)


class CarriedOverTls(Opened):
    """The same, opened: beyond what such a flow costs when nothing passes."""

    flows, size = 48, 4 << 20
    settings = (f"capture.held={16 * flows} KiB",)

    def answer(self, s):
        """One request after the other, each with as many bytes as its path names."""
        while request := s.recv(4096):
            size = int(request.split()[1][1:])
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            for _ in range(0, size, 1 << 16):
                s.sendall(bytes(1 << 16))

    def ask(self, s, size):
        s.sendall(b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % size)
        left, room = size, bytearray(1 << 16)
        left -= len(s.recv(65536).partition(b"\r\n\r\n")[2])
        while left > 0:
            left -= s.recv_into(room)

    def ask_all(self, sockets, size):
        """All at the same time; the most memory meanwhile."""
        threads = [threading.Thread(target=self.ask, args=(s, size), daemon=True)
                   for s in sockets]
        for thread in threads:
            thread.start()
        pid, most = self.worker()["pid"], 0
        while any(thread.is_alive() for thread in threads):
            most = max(most, self.memory(pid))
            self.stop.wait(0.05)
        return most

    def test_long_bodies_of_many_flows(self):
        server = self.tls_server(self.answer)
        sockets = [self.open(server) for _ in range(self.flows)]
        self.ask_all(sockets[:4], self.size)
        self.ask_all(sockets, 1 << 16)
        idle = self.settled()
        each = (self.ask_all(sockets, self.size) - idle) / self.flows
        print(f"{each / KIB:.1f} KiB a flow besides TLS")
        self.assertLess(each, 64 * KIB)


if __name__ == "__main__":
    unittest.main()
