# SPDX-License-Identifier: ISC
"""What export writes, read by those that it is for: a HAR by its schema, commands by
sh and curl, messages by an HTTP parser, tables by a CSV reader."""

import base64
import csv
import gzip
import hashlib
import http.client
import io
import json
import os
import random
import signal
import socket
import subprocess
import unittest

from harness import (CLI, NODE_LIBRARIES, PEERS, Daemon, Forwarder, Nginx, Process, Test,
                     ThreadServer, get, wait_for)
from logs import http as record
from logs import line, stamp, write_segment

MIB = 1 << 20


class Export(Test):
    def setUp(self):
        super().setUp()
        self.log = os.path.join(self.directory, "log")

    def export(self, name, *words, status=0):
        """What it writes, as bytes."""
        done = subprocess.run([CLI, "export", name, "-i", self.log, *words],
                              capture_output=True, check=False, timeout=60)
        self.assertEqual(done.returncode, status, done.stderr)
        self.said = done.stderr.decode()
        return done.stdout

    def curl(self, *arguments):
        done = subprocess.run(["curl", "-sS", "--max-time", "60", *arguments],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def through_daemon(self, port, *settings, **options):
        """A daemon before the port, whose log is the one exported; where it is."""
        # One worker: what is exported stands in the order of its records.
        self.daemon = Daemon(self, *settings, workers=1, **options)
        self.log = self.daemon.path("log")
        return Forwarder(self, self.daemon, port).port


class Har(Export):
    def har(self, *words):
        """The entries, of a file that its schema allows."""
        text = self.export("har", *words)
        self.check_schema(text)
        log = json.loads(text)["log"]
        self.assertEqual((log["version"], log["creator"]["name"], log["pages"]),
                         ("1.2", "sightglass", []))
        return log["entries"]

    def check_schema(self, text):
        self.need_node_library("har-validator")
        done = subprocess.run(["node", os.path.join(PEERS, "har.js")], input=text,
                              env=NODE_LIBRARIES, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())

    def test_what_curl_and_nginx_said(self):
        ca = self.certificates()
        nginx = Nginx(self, tls=ca.server(), http2=True, locations="""
location /page { gzip on; gzip_types *; add_header Set-Cookie
  "a=b; Path=/; Expires=Wed, 09 Jun 2038 10:18:14 GMT; HttpOnly; SameSite=Lax"; }
location /moved { return 302 /page; }
location /form { return 200 thanks; }""")
        nginx.put("page", b"gr\xc3\xbc\xc3\x9fe, " * 500)
        nginx.put("bytes", bytes(range(256)))
        port = self.through_daemon(nginx.port, trust=ca.ca)
        url, how = f"https://localhost:{port}", ["--cacert", self.daemon.path(
            "ca", "sightglass-ca.pem")]
        self.curl(*how, "--compressed", "-b", "x=1; y=2",
                  url + "/page?q=gr%C3%BC%C3%9Fe+all&flag", url + "/bytes")
        self.curl(*how, "--http1.1", "-d", "name=A+B&sign=%26", url + "/form",
                  "-o", "/dev/null", "--next", *how, url + "/moved")
        records = self.daemon.stop()
        page, whole, form, moved = sorted(self.har(),
                                          key=lambda e: e["startedDateTime"])
        self.check_page(page, port)
        self.assertEqual(whole["response"]["content"]["encoding"], "base64")
        self.assertEqual(base64.b64decode(whole["response"]["content"]["text"]),
                         bytes(range(256)))
        self.check_form(form)
        self.assertTrue(moved["response"]["redirectURL"].endswith("/page"))
        of = self.one(records, event__id=form["_id"])
        self.assertEqual(form["connection"], get(of, "sightglass.flow"))
        self.assertEqual(form["serverIPAddress"], "127.0.0.1")

    def check_page(self, page, port):
        request, response = page["request"], page["response"]
        self.assertEqual(
            request["url"], f"https://localhost:{port}/page?q=gr%C3%BC%C3%9Fe+all&flag")
        self.assertEqual(request["httpVersion"], "HTTP/2.0")
        self.assertEqual(request["queryString"],
                         [{"name": "q", "value": "grüße all"},
                          {"name": "flag", "value": ""}])
        self.assertEqual(request["cookies"], [{"name": "x", "value": "1"},
                                              {"name": "y", "value": "2"}])
        self.assertNotIn("postData", request)
        self.assertEqual(request["headersSize"], -1)
        content = response["content"]
        self.assertEqual(content["text"], "grüße, " * 500)
        self.assertEqual(content["size"], len("grüße, ".encode()) * 500)
        self.assertEqual(content["compression"], content["size"] - response["bodySize"])
        self.assertLess(response["bodySize"], 500)
        cookie = response["cookies"][0]
        self.assertEqual((cookie["name"], cookie["value"], cookie["path"],
                          cookie["expires"], cookie["httpOnly"], cookie["secure"],
                          cookie["sameSite"]),
                         ("a", "b", "/", "2038-06-09T10:18:14.000000Z", True, False,
                          "Lax"))
        timings = page["timings"]
        self.assertGreaterEqual(timings["connect"], timings["ssl"])
        self.assertGreater(timings["ssl"], 0)
        self.assertEqual((timings["blocked"], timings["dns"]), (-1, -1))
        self.assertAlmostEqual(page["time"], sum(timings[name] for name in (
            "connect", "send", "wait", "receive")), places=2)

    def check_form(self, form):
        request = form["request"]
        self.assertEqual(request["method"], "POST")
        self.assertEqual(request["postData"], {
            "mimeType": "application/x-www-form-urlencoded",
            "params": [{"name": "name", "value": "A B"}, {"name": "sign", "value": "&"}],
            "text": "name=A+B&sign=%26"})
        self.assertEqual(request["bodySize"], 17)
        head = "".join(f"{h['name']}: {h['value']}\r\n" for h in request["headers"])
        self.assertEqual(request["headersSize"],
                         len("POST /form HTTP/1.1\r\n" + head + "\r\n"))
        self.assertEqual(form["response"]["content"]["text"], "thanks")

    def test_bodies_in_parts_are_one_entry(self):
        sent = {"bytes": os.urandom(3 * MIB + 1), "text": "größer, 🔎\n".encode() * 99999}
        nginx = Nginx(self, locations="location /up { return 204; }")
        for name, content in sent.items():
            nginx.put(name, content)
        port = self.through_daemon(nginx.port, "capture.body=all")
        url = f"http://localhost:{port}"
        for name in sent:
            self.curl(f"{url}/{name}", "-o", "/dev/null")
        self.curl("-H", "Expect:", "--data-binary",
                  f"@{os.path.join(nginx.root, 'text')}", f"{url}/up")
        self.daemon.stop()
        entries = {e["request"]["url"].rsplit("/", 1)[1]: e for e in self.har()}
        self.assertEqual(len(entries), 3)
        content = entries["bytes"]["response"]["content"]
        self.check_same(base64.b64decode(content["text"]), sent["bytes"])
        self.assertEqual(content["size"], len(sent["bytes"]))
        content = entries["text"]["response"]["content"]
        self.check_same(content["text"].encode(), sent["text"])
        self.assertNotIn("encoding", content)
        self.check_same(entries["up"]["request"]["postData"]["text"].encode(),
                        sent["text"])

    def check_same(self, content, sent):
        self.assertEqual(len(content), len(sent))
        self.assertEqual(hashlib.sha256(content).hexdigest(),
                         hashlib.sha256(sent).hexdigest())

    def test_a_websocket(self):
        ca = self.certificates()
        peer = os.path.join(PEERS, "websocket.js")
        server = Process(self, ["node", peer, "serve", *ca.server(), "plain"], "server",
                         env=NODE_LIBRARIES)
        port = self.through_daemon(int(wait_for(server.output, "node").split()[0]),
                                   trust=ca.ca)
        subprocess.run(["node", peer, "ask", f"wss://localhost:{port}/talk",
                        self.daemon.path("ca", "sightglass-ca.pem"), "plain"],
                       env=NODE_LIBRARIES, capture_output=True, timeout=60, check=True)
        records = self.daemon.stop()
        entry, = self.har()
        self.assertEqual(entry["request"]["url"], f"wss://localhost:{port}/talk")
        self.assertEqual(entry["_resourceType"], "websocket")
        messages = [r for r in records if "websocket" in r]
        self.assertEqual(
            [(m["type"], m["opcode"], m["data"]) for m in entry["_webSocketMessages"]],
            [("send" if get(r, "websocket.from") == "client" else "receive",
              {"text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10}[
                  get(r, "websocket.type")],
              get(r, "websocket.content") or "") for r in messages])
        self.assertGreater(len(messages), 10)
        self.assertGreater(entry["_webSocketMessages"][0]["time"], 1.7e9)
        # One message that passes is enough for all of it.
        self.assertEqual(len(self.har("~b one.*two")), 1)
        self.assertEqual(len(self.har("~b nobody.said.this")), 0)

    def test_what_is_not_whole_says_so(self):
        write_segment(self.log, 1, [
            record(0, "https://example.com/none", status=0,
                   sightglass__incomplete="no_response"),
            record(1, "https://example.com/cut", http__response={
                "status_code": 200, "headers": {}, "body": {
                    "bytes": 99, "content": "abc", "encoding": "utf-8",
                    "truncated": True}}),
            record(2, "https://example.com/hidden",
                   http__request__headers={"authorization": ["[redacted]"]},
                   sightglass__redacted=["authorization", "url.query.token"])])
        none, cut, hidden = self.har()
        self.assertEqual((none["response"]["status"], none["_error"]),
                         (0, "no_response"))
        self.assertEqual(cut["response"]["content"]["comment"],
                         "not all of it was kept")
        self.assertEqual(hidden["comment"], "redacted: authorization, url.query.token")
        self.assertEqual(hidden["request"]["headers"],
                         [{"name": "authorization", "value": "[redacted]"}])
        self.assertEqual(hidden["request"]["headersSize"], -1)

    def test_an_empty_log_is_an_empty_archive(self):
        write_segment(self.log, 1, [])
        self.assertEqual(self.har(), [])

    def test_one_that_is_interrupted_is_whole_too(self):
        write_segment(self.log, 1, [record(i, f"https://example.com/{i}")
                                    for i in range(3)])
        path = os.path.join(self.directory, "out")
        with open(path, "wb") as out:
            tail = Process(self, [CLI, "tail", "-o", "har", "-i", self.log],
                           "tail", stdout=out)
        wait_for(lambda: os.path.getsize(path) > 0, "its head")
        write_segment(self.log, 2, [record(4, "https://example.com/4")], is_open=True)
        wait_for(lambda: os.path.getsize(path) > 500, "an entry")
        self.assertEqual(tail.end(signal.SIGINT), 130)
        with open(path, "rb") as out:
            text = out.read()
        self.check_schema(text)
        self.assertEqual([e["request"]["url"] for e in
                          json.loads(text)["log"]["entries"]],
                         ["https://example.com/4"])

    def test_a_part_takes_its_whole_exchange_along(self):
        def part(number, text):
            made = record(5, "https://x/y", event__dataset="sightglass.body")
            del made["url"]
            made["http"] = {"request": {"id": "f-1"}, "response": {"body": {
                "offset": 3 + 4 * (number - 1), "bytes": 4, "content": text,
                "encoding": "utf-8"}}}
            made["sightglass"] = {"flow": "f", "part": number}
            return made
        whole = record(5, "https://example.com/long", http__request__id="f-1",
                       http__response__body={"bytes": 11, "content": "one",
                                             "encoding": "utf-8", "parts": 2},
                       sightglass={"flow": "f"})
        write_segment(self.log, 1, [part(1, " two"), record(6, "https://other/"),
                                    part(2, " ten"), whole])
        for words in (["~b", "ten"], ["~d", "example"], ["--where",
                      f"event.id == '{whole['event']['id']}'"]):
            entry, = self.har(*words)
            self.assertEqual(entry["response"]["content"]["text"], "one two ten", words)
        self.assertEqual(len(self.har()), 2)

    def test_memory_does_not_grow_with_bodies(self):
        """48 MiB in parts, and two thousand WebSockets that are open at once."""
        content = base64.b64encode(os.urandom(48 << 10)).decode()
        path = os.path.join(self.directory, "long.ndjson")
        with open(path, "w", encoding="utf-8") as out:
            for i in range(2000):
                out.write(line(socket_record(i)))
            for i in range(1000):
                out.write(line({
                    "event": {"dataset": "sightglass.body"}, "http": {
                        "request": {"id": "f-1"}, "response": {"body": {
                            "offset": i * (48 << 10), "bytes": 48 << 10,
                            "content": content, "encoding": "base64"}}},
                    "sightglass": {"flow": "f", "part": i + 1}}))
            out.write(line(record(5, "https://example.com/", http__request__id="f-1",
                                  sightglass={"flow": "f"}, http__response__body={
                                      "bytes": 48000 << 10, "parts": 1000})))
        with open(os.path.join(self.directory, "out"), "wb") as out:
            child = subprocess.Popen([CLI, "export", "har", "-i", path], stdout=out)
            _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(child.returncode, 0)
        self.check_memory(used, 32 << 10)
        with open(out.name, encoding="utf-8") as written:
            entries = json.load(written)["log"]["entries"]
        self.assertEqual(len(entries), 2001)
        self.assertEqual(max(len(e["response"]["content"].get("text", ""))
                             for e in entries), len(content) * 1000)

    def test_files(self):
        write_segment(self.log, 1, [record(0, "https://example.com/")])
        path = os.path.join(self.directory, "x.har")
        self.assertEqual(self.export("har", "-O", path), b"")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with open(path, "rb") as written:
            self.assertEqual(written.read(), self.export("har"))
        self.export("har", "-O", "/nowhere/x", status=3)
        self.assertIn("/nowhere/x", self.said)
        self.export("hra", status=2)
        self.assertIn("a format is pretty, ", self.said)
        for words in (["-r"], ["-n", "3"]):
            done = self.run_cli("show", "-o", "har", "-i", self.log, *words)
            self.assertEqual(done.returncode, 2, done.stderr)


def socket_record(number):
    """One that opened a WebSocket, in a flow of its own."""
    return record(number, "https://example.com/", status=101,
                  http__request__id=f"s{number}-1",
                  http__response={"status_code": 101, "body": {"bytes": 0},
                                  "headers": {"upgrade": ["websocket"]}},
                  sightglass={"flow": f"s{number}", "upgraded": True})


class Curl(Export):
    """Commands are run by sh, and what the server saw is held against the record."""

    def setUp(self):
        super().setUp()
        self.seen = []
        self.server = ThreadServer(self, self.serve)
        self.url = f"http://127.0.0.1:{self.server.port}"

    def serve(self, connection):
        stream = connection.makefile("rb")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = stream.read(1)
            if not byte:
                return
            head += byte
        first, *fields = head[:-4].split(b"\r\n")
        names = dict(f.lower().split(b": ", 1) for f in fields if b": " in f)
        body = stream.read(int(names.get(b"content-length", 0)))
        if names.get(b"transfer-encoding") == b"chunked":
            while size := int(stream.readline(), 16):
                body += stream.read(size)
                stream.readline()
            stream.readline()
        self.seen.append((first, fields, body))
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
                           b"Content-Length: 0\r\n\r\n")

    def run_sh(self, text):
        done = subprocess.run(["sh"], input=text, capture_output=True, check=False,
                              timeout=120, cwd=self.directory)
        self.assertEqual((done.returncode, done.stdout),
                         (0, b""), done.stderr.decode() + text.decode()[-3000:])

    def request(self, second, target="/", method="GET", fields=(), body=None,
                **more):
        headers = {}
        for name, value in (("host", f"127.0.0.1:{self.server.port}"), *fields):
            headers.setdefault(name, []).append(value)
        made = record(second, self.url + "/", method=method, status=0,
                      http__request__headers=headers, **more)
        path, mark, query = target.partition("?")
        made["url"] = {"full": self.url + (target if target[:1] == "/" else ""),
                       "scheme": "http", "domain": "127.0.0.1", "path": path}
        if mark:
            made["url"]["query"] = query
        if body is not None:
            made["http"]["request"]["body"] = held(body)
        return made

    def repeat(self, *records):
        """What the server saw of them; what was written."""
        write_segment(self.log, 1, list(records))
        text = self.export("curl")
        self.seen.clear()
        before = set(os.listdir(self.directory))
        self.run_sh(text)
        self.assertEqual(set(os.listdir(self.directory)), before)
        return self.seen, text.decode()

    def check_same(self, made, seen):
        first, fields, body = seen
        target = made["url"]["path"]
        if "query" in made["url"]:
            target += "?" + made["url"]["query"]
        method = made["http"]["request"]["method"]
        self.assertEqual(first, f"{method} {target} HTTP/1.1".encode())
        expected = [f"{name}: {value}".rstrip(" ").encode() for name, values in
                    made["http"]["request"]["headers"].items() for value in values]
        self.assertEqual(sorted(f.lower().rstrip(b" ") if f[:5] == b"Host:" else
                                f.rstrip(b" ") for f in fields
                                if not f.startswith(b"Content-Length")),
                         sorted(expected))
        self.assertEqual(body, bytes_of(made["http"]["request"]["body"]))

    def test_plain_ones(self):
        made = [
            self.request(0, "/a?b=c", fields=[("user-agent", "x"), ("accept", "*/*")]),
            self.request(1, "/", "POST", [("content-type", "text/plain"),
                                          ("user-agent", "y")], b"it's\n100%\n"),
            self.request(2, "/x", "PUT", [("a", "1"), ("a", "2"), ("b", "")], b"\0\xff-"),
            self.request(3, "/x", "DELETE"),
            self.request(4, "/x", "POST", [("content-length", "0")])]
        seen, text = self.repeat(*made)
        self.assertEqual(len(seen), 5)
        for one, was in zip(made[:4], seen):
            self.check_same(one, was)
        self.assertIn(b"Content-Length: 0", seen[4][1])
        self.assertIn(f"curl --http1.1 '{self.url}/a?b=c'", text)
        self.assertNotIn("-X POST", text)

    def test_bodies_that_a_shell_might_take_for_its_own(self):
        bodies = [b"@/etc/passwd", b"-d x", b"$(touch owned)", b"`touch owned`",
                  b"'; touch owned; '", b"\\", b"%s%n\\0", b"\n\n", b"a\r\nb\r\n",
                  b"\x1b[2J", "größe\u202e".encode(), b"\xc3", b"x" * 200000,
                  bytes(range(256)) * 300, b"-n", b"END\n", b"!history", b"~"]
        made = [self.request(i, method="POST", body=body,
                             fields=[("content-type", "x/y")])
                for i, body in enumerate(bodies)]
        seen, text = self.repeat(*made)
        self.assertEqual(len(seen), len(bodies))
        for one, was in zip(made, seen):
            self.check_same(one, was)
        self.assertNotIn("\x1b", text)
        self.assertNotIn("\u202e", text)

    def test_random_hostile_values(self):
        chosen = random.Random(17)
        alphabet = ([chr(c) for c in range(0x20, 0x7f)] + list("'\"\\$`;&|<>(){}[]*?#~!%")
                    + ["\t", "é", "漢", "\u202e", "\U0001f50e"])
        made = []
        for i in range(60):
            values = ["".join(chosen.choices(alphabet, k=chosen.randrange(1, 60)))
                      for _ in range(3)]
            target = "/" + "".join(c for c in values[1] if c not in " \t")
            made.append(self.request(
                i, target, chosen.choice(["GET", "POST", "PUT", "M'X", "P$T"]),
                [("user-agent", values[0].strip()), ("x-1", values[2].strip())],
                chosen.randbytes(chosen.randrange(1, 3000))))
        seen, _ = self.repeat(*made)
        self.assertEqual(len(seen), len(made))
        for one, was in zip(made, seen):
            self.check_same(one, was)

    def test_targets_are_as_they_were(self):
        targets = ["/a/../b", "/./", "/x?", "/{a,b}[1-3]", "/a b", "/%zz", "/é", "//x",
                   "/a#b", "/?a=b?c=d", "*", "/..", '/"<>\\^`|']
        made = [self.request(i, target, "OPTIONS" if target == "*" else "GET")
                for i, target in enumerate(targets)]
        seen, _ = self.repeat(*made)
        self.assertEqual([first.split(b" ", 1)[1] for first, _, _ in seen],
                         [f"{target} HTTP/1.1".encode() for target in targets])

    def test_what_cannot_be_sent_is_said(self):
        made = [
            self.request(0, fields=[("x-split", "a\r\nevil: 1"), ("bad name", "x"),
                                    ("@file", "x"), ("good", "1")]),
            self.request(1, "/\r\nGET /evil", "GET"),
            self.request(2, method="CONNECT"),
            self.request(3, method="POST", body=b"abc"),
            self.request(4, fields=[("authorization", "[redacted]")],
                         sightglass__redacted=["authorization\n touch owned"]),
            self.request(5, method="POST", fields=[("content-encoding", "gzip")],
                         body=b"plain")]
        made[3]["http"]["request"]["body"].update(truncated=True, bytes=99)
        made[5]["http"]["request"]["body"].update(decoded_bytes=5, bytes=25,
                                                  content_encoding="gzip")
        seen, text = self.repeat(*made)
        self.assertEqual(len(seen), 4)
        names = [f.split(b":")[0].lower() for f in seen[0][1]]
        self.assertEqual(sorted(names), [b"good", b"host"])
        for said in ("the field x-split", "its target has ends of lines",
                     "CONNECT asks a proxy", "its body is cut",
                     r"redacted, and not in the log: authorization\x0a touch",
                     "without: gzip"):
            self.assertIn("# ", text)
            self.assertIn(said, text)
        self.assertEqual(seen[3][2], b"plain")
        self.assertNotIn(b"content-encoding", [f.split(b":")[0] for f in seen[3][1]])

    def test_a_compressed_body_as_it_was_sent(self):
        port = self.through_daemon(self.server.port, "capture.as_sent=64 KiB")
        sent = gzip.compress(b"said in many words, " * 50)
        path = os.path.join(self.directory, "sent")
        with open(path, "wb") as out:
            out.write(sent)
        self.curl("-H", "Content-Encoding: gzip", "-H", "X-Case: As It Is",
                  "--data-binary", f"@{path}", f"http://127.0.0.1:{port}/up")
        first, = self.seen
        wait_for(lambda: b"curl" in self.export("curl"), "the record")
        self.run_sh(self.export("curl"))
        (asked, fields, body), (again, *_) = first, self.seen[1:]
        self.assertEqual((again[0], sorted(again[1]), again[2]),
                         (asked, sorted(fields), body))
        self.assertIn(b"X-Case: As It Is", first[1])

    def test_chunks_are_chunks_again(self):
        made = self.request(0, method="POST", body=b"abc" * 1000, fields=[
            ("transfer-encoding", "chunked"), ("content-type", "x/y")])
        seen, _ = self.repeat(made)
        self.check_same(made, seen[0])

    def test_what_nginx_was_asked_it_is_asked_again(self):
        ca = self.certificates()
        log = os.path.join(self.directory, "asked")
        # As in Raw: it must have read what is sent.
        nginx = Nginx(self, tls=ca.server(), http2=True, log=(
            log, "$request|$http_user_agent|$http_x|$http_cookie|$http_accept|"
            "$http_accept_encoding|$content_length|$content_type"), locations="""
location /up { proxy_pass https://127.0.0.1:$server_port/taken; }
location /taken { access_log off; return 204; }""")
        nginx.put("page", b"page" * 1000)
        port = self.through_daemon(nginx.port, trust=ca.ca)
        url, how = f"https://localhost:{port}", ["--cacert", self.daemon.path(
            "ca", "sightglass-ca.pem")]
        for words in (["--compressed", "-b", "a=b", url + "/page?x=$HOME"],
                      ["--http1.1", "-I", url + "/page"],
                      ["-A", "it's me", "-H", "X: `id`", "-d", "a='b'", url + "/up"],
                      ["--http1.1", "-T", os.path.join(nginx.prefix, "nginx.conf"), url + "/up"]):
            self.curl(*how, *words)
        wait_for(lambda: len(lines(log)) == 4, "the server's log")
        first = lines(log)
        self.wait_for_records(4)
        commands = self.export("curl").decode()
        self.assertEqual(commands.count("\ncurl "), 4)
        again = commands.replace("curl --http", f"curl -s -o out {' '.join(how)} --http")
        self.run_sh(again.encode())
        wait_for(lambda: len(lines(log)) == 8, "the server's log")
        self.assertEqual(lines(log)[4:], first)

    def wait_for_records(self, count):
        wait_for(lambda: self.run_cli("show", "-i", self.log, "--dataset", "http", "-o",
                                      "json").stdout.count("\n") >= count, "the records")


def lines(path):
    with open(path, encoding="utf-8") as text:
        return text.read().splitlines()


def held(body):
    """A body as a record holds it."""
    try:
        return {"bytes": len(body), "content": body.decode(), "encoding": "utf-8"}
    except UnicodeDecodeError:
        return {"bytes": len(body), "content": base64.b64encode(body).decode(),
                "encoding": "base64"}


def bytes_of(body):
    content = body.get("content", "")
    return (base64.b64decode(content) if body.get("encoding") == "base64"
            else content.encode())


class Raw(Export):
    def test_messages_are_messages(self):
        ca = self.certificates()
        # It must have read the body: after an earlier answer nginx resets the stream
        # (RFC 9113 section 8.1), which some curls take for a failure.
        nginx = Nginx(self, tls=ca.server(), http2=True, locations="""
location /gz { gzip on; gzip_types *; }
location /up { proxy_pass https://127.0.0.1:$server_port/thanks; }
location /thanks { return 200 thanks; }""")
        nginx.put("gz", b"compressed " * 1000)
        nginx.put("bytes", bytes(range(256)))
        port = self.through_daemon(nginx.port, trust=ca.ca)
        how = ["--cacert", self.daemon.path("ca", "sightglass-ca.pem")]
        url = f"https://localhost:{port}"
        for words in (["--compressed", url + "/gz"], ["--http1.1", "--compressed",
                      url + "/gz"], ["--http1.1", url + "/bytes"],
                      ["-d", "a=b", url + "/up?q"]):
            self.curl(*how, *words, "-o", "/dev/null")
        self.daemon.stop()
        text = io.BytesIO(self.export("raw", "--response"))
        bodies = []
        while text.tell() < len(text.getbuffer()):
            bodies.append(read_response(text))
        self.assertEqual(bodies, [b"compressed " * 1000] * 2 + [bytes(range(256)),
                                                                b"thanks"])
        text = self.export("raw", "--request")
        self.assertEqual(text.count(b" HTTP/1.1\r\n"), 4)
        posted = text[text.index(b"POST"):]
        self.assertTrue(posted.startswith(
            f"POST /up?q HTTP/1.1\r\nhost: localhost:{port}\r\n".encode()), posted)
        self.assertTrue(posted.endswith(b"\r\n\r\na=b"), posted)
        self.assertIn(b"content-length: 3\r\n", posted)

    def test_a_head_is_as_it_was_sent(self):
        asked = (b"POST /a?b HTTP/1.1\r\nHOST: Example.com\r\nx-One: 1\r\nACCEPT: */*\r\n"
                 b"X-one: 2\r\nContent-LENGTH: 3\r\nempty: \r\nX-ONE: 3\r\n\r\na=b")
        said = (b"HTTP/1.1 404 Nothing Here\r\nServer: x\r\nset-cookie: a=b\r\n"
                b"Content-Length: 2\r\nSet-Cookie: c=d\r\nConnection: close\r\n\r\nno")

        def serve(connection):
            received = b""
            while len(received) < len(asked):
                received += connection.recv(65536)
            connection.sendall(said)
        port = self.through_daemon(ThreadServer(self, serve).port)
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(asked)
            while client.recv(65536):
                pass
        self.daemon.stop()
        self.assertEqual(self.export("raw"), asked + said)

    def test_what_is_cut_is_said(self):
        write_segment(self.log, 1, [record(0, "https://example.com/", http__response={
            "status_code": 404, "reason": "Not Found", "headers": {
                "content-length": ["99"]}, "body": {
                    "bytes": 99, "content": "abc", "encoding": "utf-8",
                    "truncated": True}})])
        self.assertEqual(self.export("raw", "--response"), b"HTTP/1.1 404 Not Found\r\n"
                         b"content-length: 3\r\n\r\nabc")
        self.assertIn("not all of the body of the response", self.said)


def read_response(stream):
    """The body of the one that stands there, by Python's parser."""
    class Socket:
        def makefile(self, _):
            return Kept(stream)
    response = http.client.HTTPResponse(Socket())
    response.begin()
    return response.read()


class Kept:
    """A file that outlives who reads it."""

    def __init__(self, stream):
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def close(self):
        pass


class Csv(Export):
    def rows(self, *words):
        return list(csv.DictReader(io.StringIO(self.export("csv", *words).decode(),
                                               newline="")))

    def test_requests(self):
        url = 'https://example.com/a,"b"?x=1'
        write_segment(self.log, 1, [
            record(0, url, status=404), record(1, "https://example.com/", status=0),
            record(2, "https://x/", sightglass__incomplete="continues"),
            {"@timestamp": stamp(3), "event": {"dataset": "sightglass.flow"}}])
        first, second = self.rows()
        self.assertEqual((first["url.full"], first["http.response.status_code"],
                          first["@timestamp"], first["process.name"],
                          first["http.response.headers.content-type"]),
                         (url, "404", stamp(0), "curl", "text/plain"))
        self.assertEqual(second["http.response.status_code"], "")

    def test_columns_of_ones_own(self):
        write_segment(self.log, 1, [record(
            0, "https://example.com/", http__request__headers={
                "x": ["two\r\nlines"], "y": ["1", "2"]}), {"a": 1}])
        first, second = self.rows("-F", "http.request.headers.x,http.request.headers.y,a")
        self.assertEqual(list(first.values()), ["two\r\nlines", '["1","2"]', ""])
        self.assertEqual(list(second.values()), ["", "", "1"])
        shown = self.run_cli("show", "-o", "csv", "-F", "a", "-i", self.log).stdout
        self.assertEqual(shown.split(), ["a", "1"])

    def test_questions(self):
        write_segment(self.log, 1, [
            {"@timestamp": stamp(0), "event": {"dataset": "sightglass.dns"},
             "dns_hostname": "example.com", "dns_query_type": "A",
             "dns": {"resolved_ip": ["192.0.2.1", "192.0.2.2"]}},
            record(1, "https://example.com/")])
        row, = self.rows("--dataset", "dns")
        self.assertEqual((row["dns_hostname"], row["dns_query_type"],
                          row["dns.resolved_ip"]),
                         ("example.com", "A", '["192.0.2.1","192.0.2.2"]'))


if __name__ == "__main__":
    unittest.main()
