# SPDX-License-Identifier: ISC
"""Flows that have to use one network interface: bound to it, or to an address of it.

The machine is a namespace of its own with two interfaces on which the same link-local
address stands, each with a server of its own behind it.
"""

import ctypes
import os
import socket
import struct
import threading
import unittest

from harness import TLV_INTERFACE, Daemon, Test, get
from test_resolvers import run

CLONE_NEWNET = 0x40000000
ADDRESS = "fe80::77"
NOBODYS = 0x7ffffffe


def enter_machine():
    """From here this process and its children have a network of their own. Returns the
    indexes of two interfaces in it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise unittest.SkipTest("no namespaces here: "
                                + os.strerror(ctypes.get_errno()))
    run("ip", "link", "set", "lo", "up")
    indexes = []
    for name in ("one", "two"):
        run("ip", "link", "add", name, "type", "bridge")
        run("ip", "link", "set", name, "up")
        run("ip", "address", "add", f"{ADDRESS}/64", "dev", name, "nodad")
        indexes.append(socket.if_nametoindex(name))
    return indexes


def stream_server(test, index, words):
    """Says those words to whoever connects to the address on that interface."""
    server = socket.socket(socket.AF_INET6)
    test.addCleanup(server.close)
    server.bind((ADDRESS, 7, 0, index))
    server.listen()

    def serve():
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                client.sendall(words)
                client.recv(9)

    threading.Thread(target=serve, daemon=True).start()


def tlvs(index):
    return [(TLV_INTERFACE, struct.pack("!I", index))]


class Interfaces(Test):
    def setUp(self):
        super().setUp()
        self.one, self.two = enter_machine()

    def read(self, daemon, index, address=ADDRESS, port=7):
        with daemon.flow(port, address, pass_fd=False, tlvs=tlvs(index)) as s:
            s.settimeout(20)
            s.sendall(b"\0")
            return s.recv(99)

    def test_a_stream_goes_where_its_interface_leads(self):
        stream_server(self, self.one, b"one")
        stream_server(self, self.two, b"two")
        daemon = Daemon(self)
        self.assertEqual(self.read(daemon, self.two), b"two")
        self.assertEqual(self.read(daemon, self.one), b"one")
        self.assertEqual(self.read(daemon, NOBODYS), b"")
        closes = [get(r, "sightglass.close") for r in daemon.stop()
                  if r["event"]["dataset"] == "sightglass.flow"]
        self.assertEqual(sorted(closes), ["connect_failed", "finished", "finished"])

    def test_no_other_interface_is_used(self):
        """127.0.0.1 answers, and is not reached by way of another interface."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            daemon = Daemon(self)
            lo = socket.if_nametoindex("lo")
            with daemon.flow(port, pass_fd=False, tlvs=tlvs(lo)) as s:
                s.sendall(b"\0")
                server.settimeout(20)
                server.accept()[0].close()
            self.assertEqual(self.read(daemon, self.one, "127.0.0.1", port), b"")
            server.setblocking(False)
            with self.assertRaises(BlockingIOError):
                server.accept()
            daemon.stop()

    def test_datagrams_too(self):
        servers = []
        for index in (self.one, self.two):
            server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            self.addCleanup(server.close)
            server.settimeout(20)
            server.bind((ADDRESS, 7, 0, index))
            servers.append(server)
        daemon = Daemon(self)
        raw = socket.inet_pton(socket.AF_INET6, ADDRESS)
        frame = struct.pack("!HB", 3, 6) + raw + struct.pack("!H", 7) + b"ask"
        for index, server in zip((self.one, self.two), servers):
            with daemon.bridge() as s:
                s.settimeout(20)
                s.sendall(daemon.header(ADDRESS, 7, datagram=True, tlvs=tlvs(index))
                          + frame)
                asked, client = server.recvfrom(99)
                self.assertEqual((asked, client[3]), (b"ask", index))
                server.sendto(b"say", client)
                answer = s.recv(99)
            self.assertEqual(answer, frame[:-3] + b"say")
        daemon.stop()


if __name__ == "__main__":
    unittest.main()
