# SPDX-License-Identifier: ISC
"""Bodies in the log: what compressed ones say is read, and what passes is not
changed by a byte."""

import base64
import gzip
import os
import subprocess
import unittest

from harness import Daemon, Forwarder, Nginx, Process, Test, get, wait_for

TEXT = "said in many words, said in many words, said in many words\n"
SERVER = """
const http = require("http"), zlib = require("zlib");
const text = Buffer.from(process.argv[1]);
const zstd = Buffer.from(process.argv[2], "base64");
const packed = {
  "/gzip": () => ["gzip", zlib.gzipSync(text)],
  "/deflate": () => ["deflate", zlib.deflateSync(text)],
  "/raw": () => ["deflate", zlib.deflateRawSync(text)],
  "/br": () => ["br", zlib.brotliCompressSync(text)],
  "/zstd": () => ["zstd", zstd],
  "/both": () => ["gzip, br", zlib.brotliCompressSync(zlib.gzipSync(text))],
  "/bomb": () => ["br", zlib.brotliCompressSync(Buffer.alloc(64 << 20),
    {params: {[zlib.constants.BROTLI_PARAM_QUALITY]: 1}})],
  "/false": () => ["gzip", text], "/unknown": () => ["x-secret", text],
};
const server = http.createServer((request, response) => {
  const [coding, body] = packed[request.url]();
  response.setHeader("content-encoding", coding);
  response.end(body);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
"""


class Content(Test):
    def start(self, *settings):
        packed = subprocess.run(["zstd", "-q", "-c"], input=TEXT.encode(),
                                capture_output=True, check=True).stdout
        server = Process(self, ["node", "-e", SERVER, TEXT,
                                base64.b64encode(packed).decode()], "server")
        port = int(wait_for(server.output, "node to listen").split()[0])
        daemon = Daemon(self, *settings)
        return daemon, port, Forwarder(self, daemon, port).port

    def fetch(self, port, path, *options):
        return subprocess.run(
            ["curl", "-sS", "--max-time", "60", *options,
             f"http://localhost:{port}{path}"], capture_output=True, check=False)

    def body(self, daemon):
        return get(self.one(daemon.stop(), event__dataset="sightglass.http"),
                   "http.response.body")

    def check_decoded(self, path, coding):
        daemon, direct, port = self.start()
        sent = self.fetch(direct, path).stdout
        self.assertEqual(self.fetch(port, path).stdout, sent)
        body = self.body(daemon)
        self.assertEqual(body, {
            "bytes": len(sent), "content": TEXT, "encoding": "utf-8",
            "content_encoding": coding, "decoded_bytes": len(TEXT)})

    def test_gzip(self):
        self.check_decoded("/gzip", "gzip")

    def test_deflate(self):
        self.check_decoded("/deflate", "deflate")

    def test_deflate_without_its_header(self):
        self.check_decoded("/raw", "deflate")

    def test_brotli(self):
        self.check_decoded("/br", "br")

    def test_zstd(self):
        self.check_decoded("/zstd", "zstd")

    def test_two_codings_in_a_row(self):
        self.check_decoded("/both", "gzip, br")

    def test_a_bomb_is_passed_on_and_cut_in_the_log(self):
        daemon, direct, port = self.start("capture.decoded=128 KiB")
        sent = self.fetch(direct, "/bomb").stdout
        self.assertEqual(self.fetch(port, "/bomb").stdout, sent)
        body = self.body(daemon)
        self.assertEqual(body["bytes"], len(sent))
        self.assertLessEqual(body["decoded_bytes"], 128 << 10)
        self.assertGreater(body["decoded_bytes"], 0)
        self.assertEqual(body["decode_error"], "limit")
        self.assertIs(body["truncated"], True)

    def test_what_is_not_in_its_coding_stands_as_it_came(self):
        daemon, _, port = self.start()
        self.assertEqual(self.fetch(port, "/false").stdout.decode(), TEXT)
        body = self.body(daemon)
        self.assertEqual((body["content"], body["decode_error"]), (TEXT, "corrupt"))
        self.assertNotIn("decoded_bytes", body)

    def test_an_unknown_coding_stands_as_it_came(self):
        daemon, _, port = self.start()
        self.assertEqual(self.fetch(port, "/unknown").stdout.decode(), TEXT)
        body = self.body(daemon)
        self.assertEqual((body["content"], body["decode_error"]),
                         (TEXT, "unknown_coding"))

    def test_decoding_can_be_turned_off(self):
        daemon, _, port = self.start("capture.decoded=0 B")
        self.fetch(port, "/gzip")
        body = self.body(daemon)
        self.assertEqual(body["encoding"], "base64")
        self.assertNotIn("decode_error", body)

    def test_what_a_client_packs_is_read_too(self):
        nginx = Nginx(self, locations="location /said { return 204; }")
        daemon = Daemon(self)
        packed = os.path.join(self.directory, "packed")
        with open(packed, "wb") as out:
            out.write(gzip.compress(TEXT.encode()))
        self.fetch(Forwarder(self, daemon, nginx.port).port, "/said", "-H",
                   "Content-Encoding: gzip", "--data-binary", "@" + packed)
        http = self.one(daemon.stop(), event__dataset="sightglass.http")
        self.assertEqual(get(http, "http.request.body.content"), TEXT)
        self.assertEqual(get(http, "http.request.body.decoded_bytes"), len(TEXT))


if __name__ == "__main__":
    unittest.main()
