# SPDX-License-Identifier: ISC
"""Both ends of plain exchanges, by what Python brings along.

  echo.py serve CERTIFICATE KEY LOG   prints its port; its log has of each request:
                                      method, target, status, bytes, version
  echo.py ask URL CA                  prints how many it was answered
"""

import http.client
import http.server
import ssl
import sys
import urllib.parse
import urllib.request


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def read_body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self):
        body, bodiless = self.read_body(), self.command in ("HEAD", "DELETE")
        status = 204 if self.command == "DELETE" else 200
        self.send_response(status)
        if status == 200:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if bodiless else body)
        with open(self.server.log, "a", encoding="ascii") as out:
            out.write(f"{self.command} {self.path} {status} "
                      f"{0 if bodiless else len(body)} {self.request_version}\n")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer


def serve(certificate, key, log):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.log = log
    print(server.server_port, flush=True)
    server.serve_forever()


def wishes():
    """(method, target, body): a body that is an iterator is sent in chunks."""
    for method in "GET", "HEAD", "OPTIONS", "DELETE":
        for n in range(5):
            yield method, f"/{method.lower()}/{n}?n={n}", None
    for method in "POST", "PUT", "PATCH":
        for n in range(1, 6):
            yield method, f"/{method.lower()}/{n}", b"0123456789" * n * 900
            yield method, f"/{method.lower()}/chunked/{n}", iter(
                [b"0123456789" * 40 * i for i in range(1, n + 1)])


def ask(url, ca):
    context = ssl.create_default_context(cafile=ca)
    host, asked, right = urllib.parse.urlsplit(url).netloc, 0, 0
    connection = http.client.HTTPSConnection(host, context=context)
    for method, target, body in wishes():
        connection.request(method, target, body,
                           encode_chunked=not isinstance(body, (bytes, type(None))))
        response = connection.getresponse()
        response.read()
        asked, right = asked + 1, right + (response.status in (200, 204))
    connection.close()
    for n in range(5):  # a connection for each
        with urllib.request.urlopen(f"{url}/urllib?n={n}", b"n" * n,
                                    context=context) as response:
            asked, right = asked + 1, right + (response.read() == b"n" * n)
    print(f"{right} of {asked}")


if __name__ == "__main__":
    {"serve": serve, "ask": ask}[sys.argv[1]](*sys.argv[2:])
