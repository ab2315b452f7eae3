# SPDX-License-Identifier: ISC
"""TLS hellos read from their bytes, and their fingerprints: for tests, written
apart from mitm/hello.c and mitm/fingerprint.c so that one can prove the other.

  python3 t/e2e/hellos.py FILE...     prints what clients' first bytes say
"""

import hashlib
import ssl
import struct
import sys

GREASE = {0x0A0A + 0x1010 * i for i in range(16)}
RETRY = hashlib.sha256(b"HelloRetryRequest").digest()


def made_hello(version=ssl.TLSVersion.TLSv1_3, name="localhost"):
    """The bytes of a whole client hello, up to this version."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = version
    outgoing = ssl.MemoryBIO()
    tls = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass  # it has said hello, and waits
    return outgoing.read()


class Reader:
    """Bytes read from the front; too few are an error."""

    def __init__(self, data):
        self.data = data

    def __len__(self):
        return len(self.data)

    def take(self, count):
        if count > len(self.data):
            raise ValueError("cut short")
        part, self.data = self.data[:count], self.data[count:]
        return part

    def number(self, count):
        return int.from_bytes(self.take(count), "big")

    def vector(self, length_bytes):
        return Reader(self.take(self.number(length_bytes)))

    def numbers(self, count):
        found = []
        while self:
            found.append(self.number(count))
        return found


def messages(stream):
    """(type, body) of the handshake messages at the start of a TLS stream, up to
    the first record that is of another type than handshake or the change of the
    cipher that is only for show."""
    plain = b""
    while len(stream) >= 5 and stream[0] in (20, 22):
        length = struct.unpack("!H", stream[3:5])[0]
        if stream[0] == 22:
            plain += stream[5:5 + length]
        stream = stream[5 + length:]
    while len(plain) >= 4:
        length = int.from_bytes(plain[1:4], "big")
        if len(plain) < 4 + length:
            return
        yield plain[0], plain[4:4 + length]
        plain = plain[4 + length:]


def extensions_of(reader):
    if not reader:
        return []
    block, found = reader.vector(2), []
    while block:
        kind = block.number(2)
        found.append((kind, block.vector(2).data))
    return found


def no_grease(values):
    return [v for v in values if v not in GREASE]


class ClientHello:
    """The first client hello of a stream."""

    def __init__(self, stream):
        kind, body = next(messages(stream))
        if kind != 1:
            raise ValueError("no client hello")
        r = Reader(body)
        self.version = r.number(2)
        r.take(32)
        r.vector(1)
        self.suites = no_grease(r.vector(2).numbers(2))
        r.vector(1)
        extensions = extensions_of(r)
        self.extensions = no_grease(kind for kind, _ in extensions)
        self.content = dict(reversed(extensions))
        self.versions = self.numbers(43, 1, 2)
        self.groups = self.numbers(10, 2, 2)
        self.formats = self.numbers(11, 1, 1)
        self.schemes = self.numbers(13, 2, 2)
        self.alpn = self.protocols()
        self.shares = self.key_shares()

    def numbers(self, kind, length_bytes, value_bytes):
        if kind not in self.content:
            return []
        return no_grease(
            Reader(self.content[kind]).vector(length_bytes).numbers(value_bytes))

    def protocols(self):
        found = []
        names = Reader(self.content.get(16, b"\0\0")).vector(2)
        while names:
            found.append(names.vector(1).data)
        return found

    def key_shares(self):
        found = []
        shares = Reader(self.content.get(51, b"\0\0")).vector(2)
        while shares:
            found.append(shares.number(2))
            shares.vector(2)
        return no_grease(found)

    def ja3_text(self):
        lists = (self.suites, self.extensions, self.groups, self.formats)
        return ",".join([str(self.version)] +
                        ["-".join(map(str, values)) for values in lists])

    def ja3(self):
        return hashlib.md5(self.ja3_text().encode()).hexdigest()

    def ja4(self):
        names = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10",
                 0x0300: "s3"}
        version = max(self.versions) if self.versions else self.version
        a = (f"t{names.get(version, '00')}{'d' if 0 in self.content else 'i'}"
             f"{min(len(self.suites), 99):02}{min(len(self.extensions), 99):02}"
             + self.ja4_alpn())
        rest = sorted(set(self.extensions) - {0, 16})
        c = ",".join(f"{v:04x}" for v in rest)
        if self.schemes:
            c += "_" + ",".join(f"{v:04x}" for v in self.schemes)
        b = ",".join(f"{v:04x}" for v in sorted(self.suites))
        return f"{a}_{self.short_hash(b)}_{self.short_hash(c)}"

    def ja4_alpn(self):
        names = [n for n in self.alpn if int.from_bytes(n, "big") not in GREASE]
        if not names:
            return "00"
        name = names[0]
        if name[:1].isalnum() and name[-1:].isalnum():
            return name[:1].decode() + name[-1:].decode()
        return name.hex()[0] + name.hex()[-1]

    @staticmethod
    def short_hash(text):
        return hashlib.sha256(text.encode()).hexdigest()[:12] if text else "0" * 12


class ServerHello:
    """The server hello of a stream, past a hello retry request."""

    def __init__(self, stream):
        self.retried = False
        for kind, body in messages(stream):
            if kind != 2:
                raise ValueError("no server hello")
            r = Reader(body)
            self.version = r.number(2)
            random = r.take(32)
            r.vector(1)
            self.suite = r.number(2)
            r.take(1)
            self.extensions = [kind for kind, _ in extensions_of(r)]
            if random != RETRY:
                return
            self.retried = True
        raise ValueError("no server hello yet")

    def ja3s(self):
        text = f"{self.version},{self.suite}," + "-".join(map(str, self.extensions))
        return hashlib.md5(text.encode()).hexdigest()


def main():
    for path in sys.argv[1:]:
        with open(path, "rb") as file:
            hello = ClientHello(file.read())
        print(path, hello.ja3(), hello.ja4(), hello.ja3_text())


if __name__ == "__main__":
    main()
