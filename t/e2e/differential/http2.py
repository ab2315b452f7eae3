# SPDX-License-Identifier: ISC
"""HTTP/2 conversations by a seed: what both ends send, and, of those that follow
RFC 9113, which exchanges they are."""

import struct

from .steps import Exchange, bytes_of, in_pieces, to_the_end

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, \
    WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, WITH_PRIORITY, ACK = 1, 4, 8, 32, 1
STATIC = {(":method", "GET"): 2, (":method", "POST"): 3, (":scheme", "http"): 6,
          (":scheme", "https"): 7, (":status", "200"): 8, (":status", "204"): 9,
          (":status", "404"): 13}
NAMES = {":authority": 1, ":method": 2, ":path": 4, ":scheme": 6, ":status": 8}


def integer(value, bits, first=0):
    """RFC 7541 section 5.1."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = bytearray([first | most]), value - most
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


class Packer:
    """HPACK for one direction: a field goes as an index, or literally, with or
    without entering the table."""

    def __init__(self, random):
        self.random, self.table, self.room = random, [], 4096

    def evict(self):
        while sum(len(name) + len(value) + 32 for name, value in self.table) > self.room:
            self.table.pop()

    def enter(self, field):
        self.table.insert(0, field)
        self.evict()

    def resize(self):
        self.room = self.random.choice([0, 100, 1000, 4096])
        self.evict()
        return integer(self.room, 5, 0x20)

    def text(self, value):
        raw = value.encode("latin-1")
        return integer(len(raw), 7) + raw

    def one(self, field):
        if field in STATIC:
            return integer(STATIC[field], 7, 0x80)
        if field in self.table:
            return integer(62 + self.table.index(field), 7, 0x80)
        name, value = field
        bits, first = self.random.choice([(6, 0x40), (4, 0), (4, 0x10)])
        out = integer(NAMES.get(name, 0), bits, first)
        if name not in NAMES:
            out += self.text(name)
        if first == 0x40:
            self.enter(field)
        return out + self.text(value)

    def block(self, wanted):
        resized = self.resize() if self.random.random() < 0.1 else b""
        return resized + b"".join(self.one(field) for field in wanted)


def frame(kind, flags, stream, payload=b""):
    return struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(
        "!I", stream) + payload


class Peer:
    """What one side sends, frame by frame."""

    def __init__(self, random):
        self.random, self.packer = random, Packer(random)

    def padded(self, kind, flags, stream, payload):
        if self.random.random() < 0.3:
            padding = self.random.choice([0, 1, 255])
            payload = bytes([padding]) + payload + bytes(padding)
            flags |= PADDED
        return frame(kind, flags, stream, payload)

    def headers(self, stream, wanted, last, promised=None):
        """One block of fields, in one frame or over several."""
        block = self.packer.block(wanted)
        most = self.random.choice([16000, 16000, 16000, 40])
        parts = [block[n:n + most] for n in range(0, len(block), most)] or [b""]
        flags = END_HEADERS if len(parts) == 1 else 0
        first, kind = parts[0], HEADERS
        if promised:
            first, kind = struct.pack("!I", promised) + first, PUSH_PROMISE
        else:
            flags |= END_STREAM if last else 0
            if self.random.random() < 0.1:
                flags |= WITH_PRIORITY
                first = struct.pack("!IB", 0, 15) + first
        frames = [frame(kind, flags, stream, first) if flags & WITH_PRIORITY
                  else self.padded(kind, flags, stream, first)]
        for n, part in enumerate(parts[1:], 2):
            frames.append(frame(CONTINUATION, END_HEADERS if n == len(parts) else 0,
                                stream, part))
        return b"".join(frames)  # nothing may come between

    def body(self, stream, data, last):
        while data:
            size = self.random.choice([1, 100, 8000, 16000])
            part, data = data[:size], data[size:]
            yield self.padded(DATA, END_STREAM if last and not data else 0, stream,
                              part)

    def beside(self):
        """A frame that belongs to no message, or nothing."""
        return self.random.choice([
            b"", b"", b"", frame(PING, 0, 0, b"pingpong"), frame(PING, ACK, 0, b"8" * 8),
            frame(WINDOW_UPDATE, 0, 0, struct.pack("!I", 99999)),
            frame(PRIORITY, 0, 77, struct.pack("!IB", 0, 1)),
            frame(0xbe, 0xff, 0, b"of a kind that nobody knows")])


def fields_of(random):
    return [(f"x-{n}", random.choice(["", "a", "b" * random.randrange(900)]))
            for n in range(random.choice([0, 1, 4, 30]))]


def begin():
    """The steps with which both open a connection. Windows are as wide as can be."""
    wide = struct.pack("!HI", 4, (1 << 31) - 1) + struct.pack("!HI", 3, 1000)
    more = frame(WINDOW_UPDATE, 0, 0, struct.pack("!I", 1 << 30))
    return [("send", "client", PREFACE + frame(SETTINGS, 0, 0, wide) + more),
            ("meet",), ("send", "server", frame(SETTINGS, 0, 0, wide) + more
                        + frame(SETTINGS, ACK, 0)),
            ("meet",), ("send", "client", frame(SETTINGS, ACK, 0))]


def message(peer, stream, early, wanted, body, trailers):
    """The frames of a message, each made when it is its turn: blocks of fields change
    the table, so they are packed in the order in which they go."""
    for block in early:
        yield peer.headers(stream, block, False)
    yield peer.headers(stream, wanted, not body and not trailers)
    yield from peer.body(stream, body, not trailers)
    if trailers:
        yield peer.headers(stream, trailers, True)


def asked(random, peer, stream, scheme):
    """(frames of a request, its method, target and length)"""
    body = bytes_of(random) if random.random() < 0.5 else b""
    method = "POST" if body else random.choice(["GET", "GET", "HEAD", "DELETE"])
    target = f"/{stream}" + random.choice(["", "?a=b", "/" + "y" * 999])
    wanted = [(":method", method), (":scheme", scheme), (":authority", "localhost"),
              (":path", target), *fields_of(random)]
    trailers = [("x-end", "it is")] if random.random() < 0.3 else None
    return message(peer, stream, [], wanted, body, trailers), method, target, len(body)


def answered(random, peer, stream, method):
    """(frames of an answer, its status and length)"""
    status = random.choice([200, 200, 200, 204, 304, 404, 503])
    early = [[(":status", str(n)), ("link", "</x>")]
             for n in random.choice([[], [], [103]])]
    body = b"" if method == "HEAD" or status in (204, 304) else bytes_of(random)
    trailers = [("x-sum", "1")] if random.random() < 0.3 else None
    return message(peer, stream, early, [(":status", str(status)), *fields_of(random)],
                   body, trailers), status, len(body)


def mixed(random, peer, messages):
    """The frames of several messages, in the order of each, in any between them;
    streams begin in theirs."""
    out, waiting, begun = [], list(messages), []
    while waiting or begun:
        chosen = random.choice(begun + waiting[:1])
        if chosen not in begun:
            begun.append(waiting.pop(0))
        part = next(chosen, None)
        if part is None:
            begun.remove(chosen)
        else:
            out += [part, peer.beside()]
    return b"".join(out)


def valid(random, scheme="http"):
    """(steps, exchanges) of a connection by the book."""
    client, server = Peer(random), Peer(random)
    steps, exchanges, stream = begin(), [], 1
    for _ in range(random.randrange(1, 4)):
        requests, answers = [], []
        for _ in range(random.choice([1, 2, 6])):
            frames, method, target, length = asked(random, client, stream, scheme)
            requests.append(frames)
            frames, status, returned = answered(random, server, stream, method)
            answers.append(frames)
            exchanges.append(Exchange(method, target, status, length, returned))
            stream += 2
        random.shuffle(answers)
        for side, peer, messages in (("client", client, requests),
                                     ("server", server, answers)):
            steps += in_pieces(random, side, mixed(random, peer, messages))
            steps.append(("meet",))
    if random.random() < 0.5:
        steps.append(("send", "client", frame(GOAWAY, 0, 0, struct.pack("!II", 0, 0))))
    return steps + to_the_end(random), exchanges


def odd_frame(random, peer):
    stream = random.choice([0, 1, 2, 3, 5, 99, (1 << 31) - 1])
    return random.choice([
        lambda: frame(random.randrange(256), random.randrange(256), stream,
                      random.randbytes(random.randrange(200))),
        lambda: frame(HEADERS, END_HEADERS, stream, random.randbytes(60)),
        lambda: frame(HEADERS, 0, stream, peer.packer.block([(":path", "/")])),
        lambda: frame(CONTINUATION, END_HEADERS, stream, b"\x82"),
        lambda: frame(DATA, PADDED, stream, b"\xff" + b"x" * 9),
        lambda: frame(RST_STREAM, 0, stream, struct.pack("!I", random.randrange(20))),
        lambda: frame(SETTINGS, 0, 0, random.randbytes(6 * random.randrange(5))),
        lambda: frame(GOAWAY, 0, 0, struct.pack("!II", stream, 2) + b"enough"),
        lambda: peer.headers(stream, [(":status", "200"), (":path", "/"), ("", "")],
                             random.random() < 0.5),
        lambda: peer.headers(max(stream, 1), [(":method", "GET")], False, promised=2),
        lambda: frame(DATA, 0, stream, bytes(70000)),
        lambda: b"\xff" * random.randrange(1, 40)])()


def odd(random):
    """Steps of a connection of which no parser has to make sense."""
    steps = begin()
    peers = {"client": Peer(random), "server": Peer(random)}
    for _ in range(random.randrange(1, 20)):
        side = random.choice(["client", "server"])
        good = asked(random, peers[side], 1, "http")[0] if random.random() < 0.2 else []
        steps += in_pieces(random, side, b"".join(good) + odd_frame(random, peers[side]))
        if random.random() < 0.1:
            steps.append(("meet",))
    return steps + to_the_end(random), None
