# SPDX-License-Identifier: ISC
"""Secrets in queries, forms and JSON pass unchanged and are not in the log."""

import json
import os
import subprocess
import unittest

from harness import DAEMON, Daemon, Forwarder, Test, ThreadServer, get

SECRET = "s3cr3t-of-the-test"
ANSWER = json.dumps({"access_token": SECRET, "user": {"Password": [SECRET]},
                     "hint": "plain"}).encode()


class Redact(Test):
    def setUp(self):
        super().setUp()
        self.requests = []
        self.server = ThreadServer(self, self.answer)

    def answer(self, connection):
        head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n")
                       if line.lower().startswith(b"content-length:")), 0)
        while len(body) < length:
            body += connection.recv(65536)
        self.requests.append(head + body)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n%s" % (len(ANSWER), ANSWER))

    def ask(self, daemon):
        port = Forwarder(self, daemon, self.server.port).port
        done = subprocess.run(
            ["curl", "-sS", "--max-time", "60", "-d",
             f"user=me&password={SECRET}", "-H", f"Authorization: Bearer {SECRET}",
             f"http://localhost:{port}/a?token={SECRET}&b=2"],
            capture_output=True, check=False)
        self.assertEqual(done.stdout, ANSWER, done.stderr)
        self.assertEqual(self.requests[0].count(SECRET.encode()), 3)
        return port

    def test_no_secret_is_in_the_log(self):
        daemon = Daemon(self, "capture.redact_headers=authorization",
                        "capture.redact_fields=token access_token password")
        port = self.ask(daemon)
        records = daemon.stop()
        self.assertNotIn(SECRET, json.dumps(records))
        http = self.one(records, event__dataset="sightglass.http")
        self.assertEqual(get(http, "url.full"),
                         f"http://localhost:{port}/a?token=[redacted]&b=2")
        self.assertEqual(get(http, "url.query"), "token=[redacted]&b=2")
        self.assertEqual(get(http, "http.request.body.content"),
                         "user=me&password=[redacted]")
        self.assertEqual(json.loads(get(http, "http.response.body.content")),
                         {"access_token": "[redacted]",
                          "user": {"Password": "[redacted]"}, "hint": "plain"})
        self.assertEqual(get(http, "http.response.body.bytes"), len(ANSWER))
        self.assertEqual(
            get(http, "sightglass.redacted"),
            ["authorization", "url.query.token", "http.request.body.password",
             "http.response.body.access_token", "http.response.body.password"])

    def exchange(self, daemon, *options, path="/"):
        port = Forwarder(self, daemon, self.server.port).port
        done = subprocess.run(
            ["curl", "-sS", "--max-time", "60", *options,
             f"http://localhost:{port}{path}"], capture_output=True, check=False)
        self.assertEqual(done.stdout, ANSWER, done.stderr)
        return self.one(daemon.stop(), event__dataset="sightglass.http")

    def test_values_at_the_end_of_paths(self):
        sent = {"cards": [{"number": 4111, "type": "x"}], "number": 1}
        http = self.exchange(
            Daemon(self, "capture.redact_fields=cards[].number user.password[]"),
            "--json", json.dumps(sent))
        self.assertEqual(json.loads(get(http, "http.request.body.content")),
                         {"cards": [{"number": "[redacted]", "type": "x"}],
                          "number": 1})
        self.assertEqual(json.loads(get(http, "http.response.body.content"))["user"],
                         {"Password": ["[redacted]"]})
        self.assertEqual(get(http, "sightglass.redacted"),
                         ["http.request.body.cards[].number",
                          "http.response.body.user.password[]"])

    def test_a_form_in_parts(self):
        daemon = Daemon(self, "capture.redact_fields=password")
        http = self.exchange(daemon, "-F", f"user[password]={SECRET}", "-F",
                             "name=readable")
        self.assertIn(SECRET.encode(), self.requests[0])
        content = get(http, "http.request.body.content")
        self.assertNotIn(SECRET, content)
        self.assertIn("readable", content)
        self.assertIn('name="user[password]"\r\n\r\n[redacted]\r\n--', content)

    def test_cookies_and_links(self):
        daemon = Daemon(self, "capture.redact_cookies=sid", "capture.redact_fields=token",
                        "capture.redact_userinfo=true")
        http = self.exchange(daemon, "-b", f"a=1; sid={SECRET}", "-e",
                             f"https://me:{SECRET}@h/?token={SECRET}")
        headers = get(http, "http.request.headers")
        self.assertEqual(headers["cookie"], ["a=1; sid=[redacted]"])
        self.assertEqual(headers["referer"], ["https://[redacted]@h/?token=[redacted]"])
        self.assertEqual(
            get(http, "sightglass.redacted"),
            ["http.request.headers.token", "http.request.headers.cookie.sid",
             "http.request.headers.userinfo"])

    def test_in_full_nothing_is_hidden(self):
        path = os.path.join(self.directory, "full.yaml")
        with open(path, "w", encoding="ascii") as out:
            out.write("capture: full\n")
        for option in (["-c", path], ["-o", "capture=full"]):
            done = subprocess.run(
                [DAEMON, "-n", "-d", self.directory, "-o", "user=root", *option],
                capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
        daemon = Daemon(self, "capture.redact_headers=authorization",
                        "capture.redact_fields=token access_token password",
                        "capture=full")
        self.ask(daemon)
        http = self.one(daemon.stop(), event__dataset="sightglass.http")
        self.assertEqual(json.dumps(http).count(SECRET), 6)
        self.assertIsNone(get(http, "sightglass.redacted"))

    def test_what_an_expression_matches(self):
        daemon = Daemon(self, r"capture.redact_patterns=s3cr3t-[a-z-]+ \b\d{4}-\d{4}\b")
        http = self.exchange(daemon, "-H", "Content-Type: text/plain", "-d",
                             f"one 1234-5678 {SECRET} 1234-56789")
        self.assertEqual(get(http, "http.request.body.content"),
                         "one [redacted] [redacted] 1234-56789")
        self.assertNotIn(SECRET, json.dumps(http))
        self.assertEqual(get(http, "sightglass.redacted"),
                         ["http.request.body./s3cr3t-[a-z-]+/",
                          r"http.request.body./\b\d{4}-\d{4}\b/",
                          "http.response.body./s3cr3t-[a-z-]+/"])

    def test_a_hostile_body_does_not_hold_the_worker_up(self):
        daemon = Daemon(self, r"capture.redact_patterns=(\w+\s*)+!")
        http = self.exchange(daemon, "-H", "Content-Type: text/plain", "-d",
                             "ab 12 " * 10000)
        self.assertEqual(get(http, "http.request.body.decode_error"), "redact_limit")
        self.assertEqual(get(http, "http.request.body.content"), "[redacted]")

    def test_an_expression_that_is_none_is_refused(self):
        done = subprocess.run(
            [DAEMON, "-n", "-d", self.directory, "-o", "user=root",
             "-o", "capture.redact_patterns=fine ab(c"],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("capture.redact_patterns: 'ab(c', column 5: missing closing "
                      "parenthesis", done.stderr)

    def test_a_path_that_is_none_is_refused(self):
        done = subprocess.run(
            [DAEMON, "-n", "-d", self.directory, "-o", "user=root",
             "-o", "capture.redact_fields=token a[0].b"],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("capture.redact_fields: 'a[0].b', column 2: write []",
                      done.stderr)

    def test_what_is_wrong_in_a_file_is_said_with_its_place(self):
        path = os.path.join(self.directory, "wrong.yaml")
        for line, words in ((r"  redact_patterns: [fine, 'a(b']",
                             "capture.redact_patterns: line 2, column 31: 'a(b': "
                             "missing closing parenthesis"),
                            ("  redact_fields: [a, b..c]",
                             "capture.redact_fields: line 2, column 24: 'b..c': a name")):
            with open(path, "w", encoding="ascii") as out:
                out.write(f"capture:\n{line}\n")
            done = subprocess.run(
                [DAEMON, "-n", "-d", self.directory, "-c", path, "-o", "user=root"],
                capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(words, done.stderr)

    def test_more_names_than_there_may_be_are_refused(self):
        names = " ".join(f"n{i}" for i in range(257))
        done = subprocess.run(
            [DAEMON, "-n", "-d", self.directory, "-o", "user=root",
             "-o", f"capture.redact_fields={names}"],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("capture.redact_fields, _cookies and _patterns: 257 items",
                      done.stderr)


if __name__ == "__main__":
    unittest.main()
