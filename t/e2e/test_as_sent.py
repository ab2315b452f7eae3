# SPDX-License-Identifier: ISC
"""Bodies as they were sent, beside what they say: `body --raw` gives every byte again
where capture.as_sent asks for that, and tells when it cannot."""

import gzip
import json
import os
import subprocess
import unittest

from harness import CLI, Daemon, Forwarder, Process, Test, get, wait_for

TEXT = "größer, größer, größer, größer, größer, größer, größer\n"
SERVER = """
const http = require("http"), zlib = require("zlib"), fs = require("fs");
const text = Buffer.from(process.argv[1]), latin = Buffer.from(process.argv[1], "latin1");
const packed = {
  "/gzip": ["gzip", zlib.gzipSync(text)], "/deflate": ["deflate", zlib.deflateSync(text)],
  "/br": ["br", zlib.brotliCompressSync(text)],
  "/both": ["gzip, br", zlib.brotliCompressSync(zlib.gzipSync(text))],
  "/zstd": ["zstd", fs.readFileSync(process.argv[2])], "/plain": ["", text],
  "/latin": ["", latin], "/bytes": ["", Buffer.from([0, 1, 255, 10])],
  "/false": ["gzip", text],
  "/secret": ["gzip", zlib.gzipSync('{"password": "hunter2"}')],
  "/open": ["gzip", zlib.gzipSync('{"name": "hunter2"}')],
  "/long": ["gzip", zlib.gzipSync(require("crypto").randomBytes(70000))],
};
const server = http.createServer((request, response) => {
  request.resume();
  const [coding, body] = packed[request.url];
  if (coding)
    response.setHeader("content-encoding", coding);
  response.setHeader("content-type", request.url == "/latin"
    ? "text/plain; charset=iso-8859-1" : body[0] == 0x7b ? "application/json"
    : "text/plain");
  response.write(body.subarray(0, 10)); // so it goes in chunks
  response.end(body.subarray(10));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
"""


class AsSent(Test):
    def start(self, *settings):
        packed = os.path.join(self.directory, "packed.zst")
        with open(packed, "wb") as out:
            subprocess.run(["zstd", "-q", "-c"], input=TEXT.encode(), stdout=out,
                           check=True)
        server = Process(self, ["node", "-e", SERVER, TEXT, packed], "server")
        self.direct = int(wait_for(server.output, "node to listen").split()[0])
        self.daemon = Daemon(self, *settings)
        self.port = Forwarder(self, self.daemon, self.direct).port

    def fetch(self, path, *options, port=None):
        done = subprocess.run(["curl", "-sS", "--max-time", "60", *options,
                               f"http://localhost:{port or self.port}{path}"],
                              capture_output=True, check=True)
        return done.stdout

    def body(self, record, *options, status=0):
        done = subprocess.run([CLI, "body", "-d", self.daemon.directory, *options,
                               get(record, "event.id")], capture_output=True,
                              check=False, timeout=60)
        self.assertEqual(done.returncode, status, done.stderr)
        self.said = done.stderr.decode()
        return done.stdout

    def stop(self):
        return {get(r, "url.path"): r for r in self.daemon.stop()
                if r["event"]["dataset"] == "sightglass.http"}

    def test_every_coding(self):
        self.start("capture.as_sent=64 KiB")
        paths = ["/gzip", "/deflate", "/br", "/zstd", "/both", "/plain", "/latin",
                 "/bytes", "/false"]
        sent = {path: self.fetch(path) for path in paths}
        for path, record in self.stop().items():
            self.assertEqual(self.body(record, "--raw"), sent[path], path)
            self.assertEqual(sent[path], self.fetch(path, port=self.direct))
            said = {"/bytes": sent[path]}.get(path, TEXT.encode())
            self.assertEqual(self.body(record), said, path)
            body = get(record, "http.response.body")
            self.assertEqual("as_sent" in body, path in paths[:5] + ["/latin"], path)

    def test_what_a_client_sends_in_chunks(self):
        self.start("capture.as_sent=64 KiB")
        path = os.path.join(self.directory, "body.gz")
        sent = gzip.compress(TEXT.encode() * 10)
        with open(path, "wb") as out:
            out.write(sent)
        self.fetch("/plain", "-H", "Content-Encoding: gzip", "-H",
                   "Transfer-Encoding: chunked", "--data-binary", f"@{path}")
        record = self.stop()["/plain"]
        self.assertEqual(self.body(record, "--raw", "--request"), sent)
        self.assertEqual(self.body(record, "--request"), TEXT.encode() * 10)

    def test_it_is_told_where_it_is_not_kept(self):
        self.start()
        self.fetch("/gzip")
        self.fetch("/plain")
        records = self.stop()
        self.assertEqual(self.body(records["/gzip"], "--raw", status=1), b"")
        self.assertIn("capture.as_sent", self.said)
        self.assertEqual(self.body(records["/plain"], "--raw"), TEXT.encode())

    def test_nothing_hidden_is_in_it(self):
        self.start("capture.as_sent=64 KiB", "capture.redact_fields=password",
                   r"capture.redact_patterns=/x\d+/")
        for path in "/secret", "/open", "/gzip":
            self.fetch(path)
        records = self.stop()
        self.assertNotIn("as_sent", get(records["/secret"], "http.response.body"))
        self.assertNotIn("hunter2", json.dumps(records["/secret"]))
        self.body(records["/secret"], "--raw", status=1)
        self.assertIn("something in it was redacted", self.said)
        for path in "/open", "/gzip":
            self.assertEqual(self.body(records[path], "--raw"),
                             self.fetch(path, port=self.direct))

    def test_what_is_longer_than_that_is_not_kept(self):
        self.start("capture.as_sent=64 KiB", "capture.inline=256 KiB",
                   "capture.body=256 KiB")
        self.fetch("/long", "-o", "/dev/null")
        record = self.stop()["/long"]
        self.assertNotIn("as_sent", get(record, "http.response.body"))
        self.body(record, "--raw", status=1)


if __name__ == "__main__":
    unittest.main()
