# SPDX-License-Identifier: ISC
"""WebSocket conversations by a seed: an upgrade of HTTP/1, then what both ends send,
and, of those that follow RFC 6455 and 7692, which messages they are."""

import struct
import zlib

from .steps import Exchange, Message, bytes_of, in_pieces, to_the_end

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
NAMES = {TEXT: "text", BINARY: "binary", CLOSE: "close", PING: "ping", PONG: "pong"}
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # of that key, in RFC 6455 section 1.3


def frame(random, side, opcode, data, first=0x80, compressed=False):
    """One frame; a client's is masked. `first` has the bit FIN, or not."""
    length = len(data)
    second = 0x80 if side == "client" else 0
    head = bytes([first | (0x40 if compressed else 0) | opcode])
    if length < 126:
        head += bytes([second | length])
    elif length < 65536:
        head += struct.pack("!BH", second | 126, length)
    else:
        head += struct.pack("!BQ", second | 127, length)
    if not second:
        return head + data
    mask = random.randbytes(4)
    whole = int.from_bytes(data, "big") ^ int.from_bytes(
        (mask * (length // 4 + 1))[:length], "big")
    return head + mask + whole.to_bytes(length, "big")


class Talker:
    """What one end sends, and the messages that it was."""

    def __init__(self, random, side, deflate):
        self.random, self.side, self.messages = random, side, []
        self.packer = zlib.compressobj(wbits=-15) if deflate else None

    def control(self, opcode, data):
        self.messages.append(Message(self.side, NAMES[opcode], len(data)))
        return frame(self.random, self.side, opcode, data)

    def message(self):
        """One in a frame or more, with control frames in between."""
        kind = opcode = self.random.choice([TEXT, BINARY])
        data = bytes_of(self.random) if opcode == BINARY else \
            "grüße ".encode() * self.random.randrange(500)
        compressed = bool(self.packer) and self.random.random() < 0.7
        if compressed:
            data = (self.packer.compress(data)
                    + self.packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
        out, left = b"", data
        for n in range(self.random.choice([0, 0, 1, 4])):
            cut = self.random.randrange(len(left) + 1)
            out += frame(self.random, self.side, 0 if n else opcode, left[:cut], 0,
                         compressed and not n)
            left, opcode, compressed = left[cut:], 0, False
            if self.random.random() < 0.3:
                out += self.control(self.random.choice([PING, PONG]), b"there?")
        out += frame(self.random, self.side, opcode, left, compressed=compressed)
        self.messages.append(Message(self.side, NAMES[kind], len(data)))
        return out

    def close(self):
        return self.control(CLOSE, struct.pack("!H", 4000) + b"enough")


def upgrade(random, deflate):
    """The steps of the handshake."""
    extension = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if deflate else ""
    asked = ("GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
             "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             f"Sec-WebSocket-Key: {KEY}\r\n{extension}\r\n")
    granted = ("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
               f"Upgrade: websocket\r\nSec-WebSocket-Accept: {ACCEPT}\r\n"
               f"{extension}\r\n")
    return [*in_pieces(random, "client", asked.encode()), ("meet",),
            *in_pieces(random, "server", granted.encode()), ("meet",)]


def valid(random):
    """(steps, what must be in the log) of a conversation by the book."""
    deflate = random.random() < 0.5
    ends = [Talker(random, side, deflate) for side in ("client", "server")]
    steps = upgrade(random, deflate)
    for _ in range(random.randrange(12)):
        end = random.choice(ends)
        steps += in_pieces(random, end.side, end.message())
    for end in random.sample(ends, random.randrange(3)):
        steps += in_pieces(random, end.side, end.close())
    messages = [message for end in ends for message in end.messages]
    return steps + to_the_end(random), [
        Exchange("GET", "/socket", 101, 0, 0), *messages]


def odd(random):
    """Steps of a conversation of which no reader has to make sense."""
    steps = upgrade(random, random.random() < 0.5)
    for _ in range(random.randrange(1, 9)):
        side = random.choice(["client", "server"])
        steps += in_pieces(random, side, random.choice([
            random.randbytes(random.randrange(1, 300)),
            frame(random, random.choice(["client", "server"]), random.randrange(16),
                  bytes_of(random), random.choice([0, 0x80, 0xf0]))]))
    return steps + to_the_end(random), None
