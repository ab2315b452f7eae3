# SPDX-License-Identifier: ISC
"""Random conversations, through the daemon and without it: both ends must get the
same bytes and see the same end, and of those that follow the book each exchange and
each message of a WebSocket is in the log.

A conversation is made of its seed; a failure names it. SEEDS in the environment is
how many are tried of each kind (make check-long: thousands, from a random one on),
FIRST_SEED the one to begin with.
"""

import collections
import os
import random
import socket
import ssl
import unittest

from differential import http1, http2, websocket
from differential.ends import OTHER, End, Play
from differential.steps import Exchange, Message, damaged
from harness import Daemon, Test, get

SEEDS = int(os.environ.get("SEEDS", "60"))
FIRST = int(os.environ.get("FIRST_SEED", "0"))


def conversation(protocol, seed):
    """(steps, what must be in the log or None) of a seed."""
    source = random.Random(f"{protocol.__name__} {seed}")
    how = seed % 3
    if how == 1:
        return protocol.odd(source)
    steps, told = protocol.valid(source)
    return (damaged(source, steps), None) if how == 2 else (steps, told)


class Differential(Test):
    def setUp(self):
        super().setUp()
        self.ca = self.certificates()
        pair = self.ca.server()
        self.server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server_context.load_cert_chain(*pair)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        self.port = self.listener.getsockname()[1]
        # A client that is silent is soon one whose server speaks first.
        self.daemon = Daemon(self, "flow.sniff_timeout=20ms", trust=self.ca.ca)
        self.trusts = {"directly": self.ca.ca,
                       "through": self.daemon.path("ca", "sightglass-ca.pem")}
        self.told = {}

    def client(self, way, seed, alpn):
        connected = socket.create_connection(("127.0.0.1", self.port)) \
            if way == "directly" else self.daemon.flow(
                self.port, executable=f"/seed/{seed}".encode())
        if not alpn:
            return End(connected)
        context = ssl.create_default_context(cafile=self.trusts[way])
        context.set_alpn_protocols([alpn])
        return End(connected, context, "localhost")

    def play(self, way, seed, steps, alpn):
        play = Play(self.listener, lambda: self.client(way, seed, alpn),
                    self.server_context if alpn else None)
        return play.run(steps)

    def check_seed(self, protocol, seed, alpn):
        steps, told = conversation(protocol, seed)
        sent = {side: b"".join(s[2] for s in steps if s[:2] == ("send", side))
                for side in OTHER}
        directly = self.play("directly", seed, steps, alpn)
        through = self.play("through", seed, steps, alpn)
        for side, other in OTHER.items():
            self.assertTrue(directly[side].data == sent[other], side)
            self.assertTrue(through[side].data == directly[side].data, side)
            self.assertEqual(through[side].end, directly[side].end, side)
        if told is not None:
            self.told[f"/seed/{seed}"] = collections.Counter(told)

    def check(self, protocol, alpn=None):
        if alpn:
            self.server_context.set_alpn_protocols([alpn])
        for seed in range(FIRST, FIRST + SEEDS):
            try:
                self.check_seed(protocol, seed, alpn)
            except (AssertionError, OSError) as error:
                raise AssertionError(f"FIRST_SEED={seed} SEEDS=1: {error}") from error
        print(f"seeds {FIRST} to {FIRST + SEEDS - 1}")
        self.check_log(self.daemon.stop())

    def check_log(self, records):
        logged = collections.defaultdict(collections.Counter)
        flows = collections.Counter()
        for record in records:
            who = get(record, "process.executable")
            if record["event"]["dataset"] == "sightglass.flow":
                flows[who] += 1
            elif record["event"]["dataset"] == "sightglass.http":
                logged[who][exchange_of(record)] += 1
            elif record["event"]["dataset"] == "sightglass.websocket":
                logged[who][message_of(record)] += 1
        self.assertEqual(set(flows.values()), {1})
        self.assertEqual(len(flows), SEEDS)
        for who, told in self.told.items():
            self.assertEqual(logged[who], told, who)

    def test_http_1(self):
        self.check(http1)

    def test_http_1_in_tls(self):
        self.check(http1, "http/1.1")

    def test_http_2(self):
        self.check(http2)

    def test_http_2_in_tls(self):
        self.check(http2, "h2")

    def test_websocket(self):
        self.check(websocket)


def exchange_of(record):
    url = record["url"]
    return Exchange(get(record, "http.request.method"),
                    url["path"] + ("?" + url["query"] if "query" in url else ""),
                    get(record, "http.response.status_code"),
                    get(record, "http.request.body.bytes"),
                    get(record, "http.response.body.bytes"))


def message_of(record):
    return Message(*(get(record, "websocket." + key)
                     for key in ("from", "type", "bytes")))


if __name__ == "__main__":
    unittest.main()
