# SPDX-License-Identifier: ISC
"""HTTP/2 through the daemon, by the clients and servers that people use: each
exchange is in the log as the two ends saw it."""

import os
import subprocess
import unittest

from harness import (PEERS, Daemon, Forwarder, Nginx, Process, Test, free_port, get,
                     listens, wait_for)

PEER = os.path.join(PEERS, "http2.js")


class Http2(Test):
    def setUp(self):
        super().setUp()
        self.ca = self.certificates()
        self.pair = self.ca.server()
        self.www = os.path.join(self.directory, "www")
        os.makedirs(self.www)

    def put(self, name, content):
        with open(os.path.join(self.www, name), "wb") as out:
            out.write(content)

    def start(self, port, *settings):
        """The daemon, and the port under which it has that server."""
        daemon = Daemon(self, *settings, trust=self.ca.ca)
        return daemon, Forwarder(self, daemon, port).port

    def server(self, name, *command):
        """A server that is told which port to take; the port."""
        port = free_port()
        Process(self, [c.replace("PORT", str(port)) for c in command], name)
        wait_for(lambda: listens(port), f"{name} to listen")
        return port

    def nghttpd(self, *options, tls=True):
        pair = [self.pair[1], self.pair[0]] if tls else ["--no-tls"]
        return self.server("nghttpd", "nghttpd", "-d", self.www, *options,
                           *([] if tls else pair), "PORT", *(pair if tls else []))

    def run_client(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def our_ca(self, daemon):
        return daemon.path("ca", "sightglass-ca.pem")

    def http(self, daemon):
        self.records = daemon.stop()
        return [r for r in self.records
                if r["event"]["dataset"] == "sightglass.http"]


class Opened(Http2):
    def test_what_curl_posts_to_nginx_is_read(self):
        # It must have read the body: after an earlier answer nginx resets the stream
        # (RFC 9113 section 8.1), which some curls take for a failure.
        nginx = Nginx(self, self.pair, http2=True, locations="""
            location /said { proxy_pass https://127.0.0.1:$server_port/heard; }
            location /heard { return 201 'heard\\n'; }""")
        daemon, port = self.start(nginx.port)
        said = self.run_client(
            "curl", "-sS", "--cacert", self.our_ca(daemon), "-H", "X-Two: 1",
            "-H", "X-Two: 2", "-d", "greeting=hello", "-w", "%{http_version}",
            f"https://localhost:{port}/said?q=1")
        self.assertEqual(said, "heard\n2")
        records = daemon.stop()
        http = self.one(records, event__dataset="sightglass.http")
        self.assertEqual(get(http, "http.version"), "2")
        self.assertEqual(get(http, "url.full"), f"https://localhost:{port}/said?q=1")
        self.assertEqual(get(http, "url.port"), port)
        self.assertEqual(get(http, "http.request.method"), "POST")
        self.assertEqual(get(http, "http.request.headers.x-two"), ["1", "2"])
        self.assertEqual(get(http, "http.request.body.content"), "greeting=hello")
        self.assertEqual(get(http, "http.response.status_code"), 201)
        self.assertEqual(get(http, "http.response.body.content"), "heard\n")
        self.assertIsNone(get(http, "sightglass.incomplete"))
        self.assertIsNone(get(http, "http.request.headers.:path"))
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.protocol"), "http2")
        self.assertEqual(get(flow, "sightglass.exchanges"), 1)

    def test_pushed_answers_trailers_and_padding(self):
        self.put("a.json", b'{"a": 1}')
        self.put("big.txt", b"x" * 100000)
        server = self.nghttpd("-p", "/a.json=/big.txt", "--trailer", "x-sum: 7", "-b",
                              "200")
        daemon, port = self.start(server)
        self.run_client("nghttp", "-ny", "--padding=255",
                        f"https://localhost:{port}/a.json")
        records = self.http(daemon)
        self.assertEqual(len(records), 2, records)
        asked = self.one(records, url__path="/a.json")
        pushed = self.one(records, url__path="/big.txt")
        self.assertIsNone(get(asked, "sightglass.pushed"))
        self.assertIs(get(pushed, "sightglass.pushed"), True)
        self.assertEqual(get(pushed, "url.full"), f"https://localhost:{port}/big.txt")
        self.assertEqual(get(pushed, "http.response.body.bytes"), 100000)
        self.assertIs(get(pushed, "http.response.body.truncated"), True)
        for record in records:
            self.assertEqual(get(record, "http.response.trailers.x-sum"), ["7"])
            self.assertEqual(get(record, "http.response.status_code"), 200)

    def test_each_of_thousands_of_streams_is_read(self):
        self.put("small", b"0123456789")
        daemon, port = self.start(self.nghttpd("-m", "1000"))
        said = self.run_client("h2load", "-n", "6000", "-c", "3", "-m", "700",
                               f"https://localhost:{port}/small")
        self.assertIn("6000 succeeded", said)
        records = self.http(daemon)
        self.assertEqual(len(records), 6000)
        self.assertEqual({(get(r, "http.response.status_code"),
                           get(r, "http.response.body.content"),
                           get(r, "sightglass.incomplete")) for r in records},
                         {(200, "0123456789", None)})
        self.assertEqual(
            len({(r["sightglass"]["flow"], r["sightglass"]["stream"])
                 for r in records}), 6000)

    def test_a_body_longer_than_the_capture_is_counted_whole(self):
        nginx = Nginx(self, self.pair, http2=True)
        nginx.put("long", os.urandom(3 << 20))
        daemon, port = self.start(nginx.port, "capture.body=1 KiB")
        self.run_client("curl", "-sS", "--cacert", self.our_ca(daemon), "-o",
                        os.path.join(self.directory, "got"),
                        f"https://localhost:{port}/long")
        with open(os.path.join(nginx.root, "long"), "rb") as sent, \
                open(os.path.join(self.directory, "got"), "rb") as got:
            self.assertEqual(sent.read(), got.read())
        (http,) = self.http(daemon)
        self.assertEqual(get(http, "http.response.body.bytes"), 3 << 20)
        self.assertIs(get(http, "http.response.body.truncated"), True)


class Node(Http2):
    """What only a program of one's own makes a client or a server do."""

    def play(self, *names):
        server = Process(self, ["node", PEER, "serve", *self.pair], "server")
        port = int(wait_for(server.output, "node to listen").split()[0])
        daemon, port = self.start(port)
        said = self.run_client("node", PEER, "ask", str(port), self.our_ca(daemon),
                               *names)
        self.said = dict(line.split(" ", 1) for line in said.splitlines())
        return self.http(daemon)

    def test_trailers_both_ways(self):
        (http,) = self.play("echo")
        self.assertEqual(self.said, {"echo": "200 15 0"})
        self.assertEqual(get(http, "http.request.trailers.x-sent"), ["all"])
        self.assertEqual(get(http, "http.response.trailers.x-end"), ["echo"])
        self.assertEqual(get(http, "http.response.body.content"), "said and echoed")

    def test_an_informational_answer_comes_before_the_final_one(self):
        (http,) = self.play("hints")
        self.assertEqual(self.said, {"hints": "204 0 0"})
        self.assertEqual(get(http, "http.response.status_code"), 204)
        self.assertEqual(get(http, "sightglass.informational"),
                         {"count": 1, "last": 103})
        self.assertIsNone(get(http, "http.response.headers.link"))

    def test_a_stream_that_either_end_resets_says_so(self):
        records = self.play("cancel", "refuse")
        self.assertEqual(self.said, {"cancel": "cancelled 8", "refuse": "0 0 7"})
        cancelled = self.one(records, url__path="/endless")
        self.assertEqual(get(cancelled, "sightglass.reset"),
                         {"by": "client", "error": "CANCEL"})
        self.assertEqual(get(cancelled, "sightglass.incomplete"), "cut_response")
        self.assertEqual(get(cancelled, "http.response.body.content"),
                         "the beginning")
        refused = self.one(records, url__path="/refuse")
        self.assertEqual(get(refused, "sightglass.reset"),
                         {"by": "server", "error": "REFUSED_STREAM"})
        self.assertEqual(get(refused, "sightglass.incomplete"), "no_response")

    def test_heads_over_many_frames_while_the_tables_change(self):
        records = self.play("hints", "heads", "heads", "echo", "heads")
        self.assertEqual(len(records), 5)
        for record in records:
            if get(record, "url.path") == "/heads":
                for i in range(40):
                    self.assertEqual(get(record, f"http.request.headers.y-{i}"),
                                     [str(i) * 500])
                    self.assertEqual(get(record, f"http.response.headers.x-{i}"),
                                     [str(i) * 500])

    def test_a_websocket_of_a_stream_is_read(self):
        self.play("hints", "socket", "tunnel")
        messages = [r for r in self.records
                    if r["event"]["dataset"] == "sightglass.websocket"]
        self.assertEqual([(get(m, "websocket.from"), get(m, "websocket.content"),
                           get(m, "sightglass.stream")) for m in messages],
                         [("client", "abc", 3), ("server", "abc", 3)])

    def test_a_tunnel_is_told_when_it_opens(self):
        records = self.play("tunnel", "hints")
        self.assertEqual(self.said["tunnel"], "echoed through")
        tunnel = self.one(records, url__path="/tunnel")
        self.assertEqual(get(tunnel, "http.request.method"), "CONNECT")
        self.assertEqual(get(tunnel, "sightglass.protocol"), "websocket")
        self.assertIs(get(tunnel, "sightglass.upgraded"), True)
        self.assertEqual(get(tunnel, "url.scheme"), "https")
        self.assertEqual(len(records), 2)


class InTheClear(Http2):
    def test_prior_knowledge(self):
        self.put("a", b"in the clear\n")
        daemon, port = self.start(self.nghttpd(tls=False))
        self.run_client("curl", "-sS", "--http2-prior-knowledge",
                        f"http://localhost:{port}/a")
        records = daemon.stop()
        http = self.one(records, event__dataset="sightglass.http")
        self.assertEqual(get(http, "url.full"), f"http://localhost:{port}/a")
        self.assertEqual(get(http, "http.response.body.content"), "in the clear\n")
        flow = self.one(records, event__dataset="sightglass.flow")
        self.assertEqual(get(flow, "sightglass.protocol"), "http2")

    def test_a_connection_that_is_upgraded_changes_its_reader(self):
        nginx = Nginx(self)
        nginx.put("a", b"answered by stream 1\n")
        proxy = self.server("nghttpx", "nghttpx", "-f", "127.0.0.1,PORT;no-tls",
                            "-b", f"127.0.0.1,{nginx.port}", "--conf=/dev/null")
        daemon, port = self.start(proxy)
        said = self.run_client("curl", "-sS", "--http2", "-w", "%{http_version}",
                               f"http://localhost:{port}/a",
                               f"http://localhost:{port}/a?again")
        self.assertEqual(said, "answered by stream 1\n2" * 2)
        records = daemon.stop()
        asked = self.one(records, http__version="1.1")
        self.assertEqual(get(asked, "http.response.status_code"), 101)
        self.assertIs(get(asked, "sightglass.upgraded"), True)
        answered = [r for r in records if get(r, "http.version") == "2"]
        self.assertEqual([get(r, "url.full") for r in answered],
                         [f"http://localhost:{port}/a",
                          f"http://localhost:{port}/a?again"])
        for record in answered:
            self.assertEqual(get(record, "http.response.body.content"),
                             "answered by stream 1\n")
        self.assertEqual(get(answered[0], "sightglass.stream"), 1)
        self.assertEqual(len({get(r, "http.request.id")
                              for r in [asked, *answered]}), 3)


if __name__ == "__main__":
    unittest.main()
