# SPDX-License-Identifier: ISC
"""WebSocket through the daemon: each message of both ends is in the log, by the
library that most programs of Node use."""

import os
import subprocess
import unittest

from harness import (NODE_LIBRARIES, PEERS, Daemon, Forwarder, Process, Test, get,
                     wait_for)

PEER = os.path.join(PEERS, "websocket.js")
SAID = ["grüße, grüße, grüße", "grüße, grüße, grüße again", "AP8A/w==",
        "z" * 200000, "one, two"]


class WebSocket(Test):
    def play(self, how, *settings):
        ca = self.certificates()
        server = Process(self, ["node", PEER, "serve", *ca.server(), how], "server",
                         env=NODE_LIBRARIES)
        port = int(wait_for(server.output, "node to listen").split()[0])
        daemon = Daemon(self, *settings, trust=ca.ca)
        self.port = Forwarder(self, daemon, port).port
        done = subprocess.run(
            ["node", PEER, "ask", f"wss://localhost:{self.port}/talk",
             daemon.path("ca", "sightglass-ca.pem"), how], env=NODE_LIBRARIES,
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.stdout.split(), ["7", "25", "31", "4", "200000", "8",
                                               "closed", "4000"], done.stderr)
        return daemon.stop()

    def messages(self, records, side):
        return [r for r in records
                if r["event"]["dataset"] == "sightglass.websocket"
                and get(r, "websocket.from") == side]

    def check(self, records, compressed):
        upgrade = self.one(records, event__dataset="sightglass.http")
        self.assertEqual(get(upgrade, "http.response.status_code"), 101)
        self.assertIs(get(upgrade, "sightglass.upgraded"), True)
        for side in "client", "server":
            messages = self.messages(records, side)
            data = [m for m in messages if get(m, "websocket.type") in
                    ("text", "binary")]
            said = (["welcome"] if side == "server" else []) + SAID
            self.assertEqual([get(m, "websocket.content") for m in data], said)
            self.assertEqual([get(m, "websocket.encoding") for m in data],
                             ["base64" if s == SAID[2] else "utf-8" for s in said])
            for message in data:
                self.assertEqual(get(message, "websocket.compressed"),
                                 compressed or None)
                self.assertNotIn("truncated", message["websocket"])
                self.assertNotIn("decode_error", message["websocket"])
            for message in messages:
                for name in ("http.request.id", "sightglass.flow",
                             "sightglass.stream"):
                    self.assertEqual(get(message, name), get(upgrade, name))
            close = self.one(messages, websocket__type="close")
            self.assertEqual(get(close, "websocket.close_code"), 4000)
        client = self.messages(records, "client")
        self.assertEqual(get(self.one(client, websocket__content="one, two"),
                             "websocket.frames"), 2)
        self.assertEqual(get(self.one(client, websocket__type="ping"),
                             "websocket.content"), "still there?")
        self.assertEqual(get(self.one(client, websocket__type="close"),
                             "websocket.content"), "enough")
        numbers = [get(r, "websocket.number") for r in records
                   if "websocket" in r]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.protocol"), "websocket")

    def test_messages_as_they_are(self):
        records = self.play("off", "capture.body=256 KiB")
        self.check(records, False)
        long = self.one(self.messages(records, "client"),
                        websocket__content="z" * 200000)
        self.assertEqual(get(long, "websocket.bytes"), 200000)

    def test_compressed_messages_that_share_their_context(self):
        records = self.play("on", "capture.body=256 KiB")
        self.check(records, True)
        again = self.one(self.messages(records, "client"),
                         websocket__content=SAID[1])
        self.assertLess(get(again, "websocket.bytes"), 15)

    def test_compressed_messages_without_a_context(self):
        self.check(self.play("fresh", "capture.body=256 KiB"), True)

    def cut(self, how):
        records = self.play(how, "capture.body=1 KiB")
        for side in "client", "server":
            messages = self.messages(records, side)
            cut = self.one(messages, websocket__content="z" * 1024)
            self.assertIs(get(cut, "websocket.truncated"), True)
            self.one(messages, websocket__content="one, two")

    def test_a_long_message_is_cut_and_the_next_is_whole(self):
        self.cut("off")

    def test_a_long_compressed_message_is_cut_and_the_next_is_whole(self):
        self.cut("on")


if __name__ == "__main__":
    unittest.main()
