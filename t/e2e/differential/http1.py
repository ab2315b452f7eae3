# SPDX-License-Identifier: ISC
"""HTTP/1 conversations by a seed: what both ends send, and, of those that follow
RFC 9112, which exchanges they are."""

import gzip

from .steps import Exchange, bytes_of, in_pieces, to_the_end

METHODS = ["GET", "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
ODD_METHODS = ["M-SEARCH", "PURGE", "PROPFIND", "get", "FOO", "", "G\tET", "CONNECT"]
TYPES = ["text/plain", "application/json", "text/html; charset=latin1", "image/png",
         "application/x-www-form-urlencoded", "text/event-stream"]


def fields(random):
    """Some header fields that mean nothing."""
    for n in range(random.choice([0, 1, 2, 5, 30])):
        yield f"X-{n}: " + random.choice(["", "a", "b, c", "d" * random.randrange(500)])
    if random.random() < 0.5:
        yield "Content-Type: " + random.choice(TYPES)


def chunked(random, body, odd=False):
    """A body in chunks, with what may stand beside them."""
    out = b""
    while body:
        size = random.randrange(1, max(2, len(body) + 1))
        extension = random.choice(["", "", ";a", ";a=b", ';q="x;y";r'])
        digits = random.choice(["%x", "%X", "00%x"]) % size
        out += f"{digits}{extension}\r\n".encode() + body[:size] + b"\r\n"
        body = body[size:]
    if odd and random.random() < 0.3:
        out += random.choice([b"zz\r\n", b"5 ; q\r\n12345\r\n", b"-1\r\n", b"5\nab",
                              b"ffffffffffffffffff\r\n"])
    trailers = "".join(f"X-Trailer-{n}: t\r\n" for n in range(random.choice([0, 0, 2])))
    return out + b"0\r\n" + trailers.encode() + b"\r\n"


def framed(random, body):
    """(the field that says how long a body is, the body as it is sent)"""
    if random.random() < 0.5:
        return f"Content-Length: {len(body)}", body
    return "Transfer-Encoding: chunked", chunked(random, body)


def head(first, lines):
    return "\r\n".join([first, *lines, "", ""]).encode("latin-1")


def request(random, number, close):
    """(method, target, what is sent, length of the body, whether 100 is awaited)"""
    method = random.choice(METHODS)
    target = f"/{number}" + random.choice(["", "?a=b", "/%20x?q=%00", "/" + "y" * 999])
    lines = ["Host: localhost", *fields(random)]
    if close:
        lines.append("Connection: close")
    body, sent, expects = b"", b"", False
    if method in ("POST", "PUT", "PATCH"):
        body = bytes_of(random)
        line, sent = framed(random, body)
        lines.append(line)
        expects = bool(body) and random.random() < 0.2
        if expects:
            lines.append("Expect: 100-continue")
    return (method, target, [head(f"{method} {target} HTTP/1.1", lines), sent],
            len(body), expects)


def response(random, method, close):
    """(status, what is sent, length of the body)"""
    status = random.choice([200, 200, 200, 201, 204, 206, 301, 304, 404, 500])
    lines = [*fields(random)]
    sent = b"".join(head(f"HTTP/1.1 {n} Early", ["Link: </x>"])
                    for n in random.choice([[], [], [], [103], [102, 103]]))
    body = bytes_of(random)
    if random.random() < 0.2:
        body = gzip.compress(body)
        lines.append("Content-Encoding: gzip")
    if method == "HEAD" or status in (204, 304):
        lines += [f"Content-Length: {len(body)}"] if status != 204 else []
        body, framed_body = b"", b""
    elif close and random.random() < 0.5:
        framed_body = body
        lines.append("Connection: close")
    else:
        line, framed_body = framed(random, body)
        lines.append(line)
    reason = random.choice(["OK", "", "It is so"])
    return status, sent + head(f"HTTP/1.1 {status} {reason}", lines) + framed_body, \
        len(body)


def valid(random):
    """(steps, exchanges) of a connection by the book: one request after the other,
    or some in a row before their answers."""
    steps, exchanges, left = [], [], random.randrange(1, 8)
    while left:
        batch = min(left, random.choice([1, 1, 1, 2, 4]))
        asked = []
        for n in range(batch):
            asked.append(request(random, left - n, left - n == 1))
            method, target, (first, body), length, expects = asked[-1]
            steps += in_pieces(random, "client", first)
            if expects and batch == 1:
                steps += [("meet",), ("send", "server", b"HTTP/1.1 100 Continue\r\n\r\n")]
                steps += [("meet",)]
            steps += in_pieces(random, "client", body)
        steps.append(("meet",))
        for n, (method, target, _, length, _) in enumerate(asked):
            status, sent, returned = response(random, method, left - n == 1)
            steps += in_pieces(random, "server", sent)
            exchanges.append(Exchange(method, target, status, length, returned))
        steps.append(("meet",))
        left -= batch
    return steps + to_the_end(random, first="server"), exchanges


def odd_request(random):
    method = random.choice(METHODS + ODD_METHODS)
    target = random.choice(["/", "*", "http://localhost/x", "localhost:1", "/\xe9", "",
                            "/" + "z" * random.choice([8000, 70000, 300000])])
    version = random.choice(["HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1",
                             ""])
    body, end = bytes_of(random), random.choice(["\r\n", "\r\n", "\n", "\r"])
    lines = [*fields(random), random.choice([
        "Host: localhost", "Host : localhost", " Folded: x", "No colon",
        "A: b\r\n c\r\n\td", "X-Nul: \0", "X-Long: " + "w" * random.choice([9, 300000]),
        "Upgrade: websocket\r\nConnection: Upgrade", "Connection: close"])]
    sent = body
    for line in random.sample(["Content-Length", "Transfer", "Content-Length",
                               "nothing"], 2):
        if line == "Content-Length":
            lines.append("Content-Length: " + random.choice([
                str(len(body)), str(len(body) + 7), "-1", "+5", "0x10", "9" * 30]))
        elif line == "Transfer":
            lines.append("Transfer-Encoding: " + random.choice([
                "chunked", "gzip, chunked", "identity", "chunked, chunked", "xchunked"]))
            sent = chunked(random, body, odd=True)
    text = end.join([f"{method} {target} {version}", *lines, "", ""])
    return text.encode("latin-1") + sent


def odd_response(random):
    body = bytes_of(random)
    first = random.choice(["HTTP/1.1 200 OK", "HTTP/1.0 200", "HTTP/1.1 99 ?",
                           "HTTP/1.1 101 Switching Protocols", "ICY 200 OK",
                           "HTTP/1.1 200 \xe9\xe8", "HTTP/1.1 100 Continue",
                           "HTTP/1.1 20", "<html>"])
    lines = [*fields(random), random.choice([
        "Content-Length: 5", f"Content-Length: {len(body)}", "Transfer-Encoding: chunked",
        "Content-Encoding: gzip", "Content-Encoding: br, zstd, deflate",
        "Upgrade: websocket\r\nConnection: Upgrade", "Content-Type: a; charset=\xff",
        "Content-Length: 5\r\nContent-Length: 6"])]
    end = random.choice(["\r\n", "\r\n", "\n"])
    text = end.join([first, *lines, "", ""]).encode("latin-1")
    return text + random.choice([body, chunked(random, body, odd=True)])


def odd(random):
    """Steps of a connection of which no parser has to make sense."""
    steps = []
    for _ in range(random.randrange(1, 5)):
        steps += in_pieces(random, "client", odd_request(random))
        if random.random() < 0.6:
            steps.append(("meet",))
        if random.random() < 0.8:
            steps += in_pieces(random, "server", odd_response(random))
        if random.random() < 0.3:
            steps += in_pieces(random, "client", random.randbytes(200))
    return steps + to_the_end(random, more=random.randbytes(random.choice([0, 50]))), None
