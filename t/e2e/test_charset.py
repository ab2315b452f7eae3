# SPDX-License-Identifier: ISC
"""Pages that are not in UTF-8 stand in the log as text, whatever tells their charset,
and pass as they are."""

import gzip
import http.server
import subprocess
import threading
import unittest

from harness import Daemon, Forwarder, Test, get

JAPANESE = "<title>日本語のページ</title>"
GERMAN = "<p>Grüße, „Zitat“ – 5 €</p>"
META = '<meta http-equiv="Content-Type" content="text/html; charset=shift_jis">'
PAGES = {  # what is sent, its type, what it says, the charset
    "/header": (GERMAN.encode("cp1252"), "text/html; charset=ISO-8859-1", GERMAN,
                "windows-1252"),
    "/meta": ((META + JAPANESE).encode("shift_jis"), "text/html", META + JAPANESE,
              "shift_jis"),
    "/xml": (b'<?xml version="1.0" encoding="koi8-r"?>' + "<a>Привет</a>".encode(
        "koi8-r"), "application/xml",
        '<?xml version="1.0" encoding="koi8-r"?><a>Привет</a>', "koi8-r"),
    "/mark": (JAPANESE.encode("utf-16"), "text/html", JAPANESE, "utf-16le"),
    "/nothing": (GERMAN.encode("cp1252"), "text/html", GERMAN, "windows-1252"),
    "/utf8": (JAPANESE.encode(), "text/html", JAPANESE, None),
    "/packed": (gzip.compress(JAPANESE.encode("euc_jp")),
                "text/html; charset=euc-jp", JAPANESE, "euc-jp"),
    "/broken": (b"one \x81 two", "text/plain; charset=utf-8", "one \ufffd two", None),
    "/picture": (b"\x89PNG\r\n\x1a\n\0\xff", "image/png", None, None),
    "/false": (b"\x89PNG\r\n\x1a\n\0\xff", "text/plain; charset=utf-8", None, None),
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body, kind, _, _ = PAGES[self.path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if self.path == "/packed":
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(test):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    test.addCleanup(server.server_close)
    test.addCleanup(server.shutdown)
    return server.server_port


def fetch(port, path):
    return subprocess.run(
        ["curl", "-sS", "--max-time", "60", f"http://localhost:{port}{path}"],
        capture_output=True, check=True).stdout


class Charset(Test):
    def test_pages_are_read(self):
        daemon = Daemon(self)
        port = Forwarder(self, daemon, serve(self)).port
        for path, (sent, _, _, _) in PAGES.items():
            self.assertEqual(fetch(port, path), sent, path)
        bodies = {get(r, "url.path"): get(r, "http.response.body")
                  for r in daemon.stop()
                  if r["event"]["dataset"] == "sightglass.http"}
        for path, (sent, _, text, charset) in PAGES.items():
            body = bodies[path]
            self.assertEqual(body["bytes"], len(sent), body)
            self.assertEqual(body["encoding"], "utf-8" if text else "base64", body)
            if text:
                self.assertEqual(body["content"], text, body)
            self.assertEqual(body.get("charset"), charset, body)
            self.assertEqual(body.get("replaced"),
                             1 if path == "/broken" else None, body)


if __name__ == "__main__":
    unittest.main()
