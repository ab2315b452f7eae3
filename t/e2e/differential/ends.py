# SPDX-License-Identifier: ISC
"""Two ends of one connection that do what a list of steps says, and what each of
them got of it: its bytes, and how they ended.

A step is one of
  ("send", side, data)   in one piece, as far as the connection takes it
  ("pause", seconds)     in which both ends read
  ("meet",)              until each end has all that the other sent
  ("see", side)          until that end has seen the other's
  ("shut", side)         sends no more, in the order that the protocol has for it
  ("cut", side)          as shut, but within TLS without its close_notify
  ("reset", side)        gives the connection up
  ("push", side)         sends bytes until it is told that nobody takes them
where a side is "client" or "server". One thread plays both: nothing depends on who
runs first but what the connection itself decides.
"""

import collections
import select
import socket
import ssl
import struct
import time

OTHER = {"client": "server", "server": "client"}
PATIENCE_S = 60

# What an end has of a connection: bytes, and how they ended. `end` is fin, cut (TLS
# without a close_notify) or reset; a fin may be followed by a reset.
Got = collections.namedtuple("Got", "data end")


class End:
    """One end; with a context it speaks TLS, as a client where there is a name."""

    def __init__(self, connected, context=None, name=None, server=False):
        self.socket, self.sent, self.got, self.end = connected, 0, bytearray(), ""
        self.waiting, self.reset = bytearray(), False
        self.closing = self.closed = False  # its own direction
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tls = None
        if context:
            self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = context.wrap_bio(self.incoming, self.outgoing,
                                        server_side=server, server_hostname=name)
            self.shaken, self.plain = False, bytearray()
            self.advance()

    def send(self, data):
        self.sent += len(data)
        if self.tls:
            self.plain += data
            self.advance()
        else:
            self.waiting += data
        self.flush()

    def has_written(self):
        """Whether TLS stands and has taken all that was to be sent."""
        return not self.tls or (self.shaken and not self.plain)

    def shut(self, orderly=True):
        self.closing = True
        if self.tls and orderly:
            try:
                self.tls.unwrap()
            except ssl.SSLError:
                pass  # which means that the other's is still to come
            self.waiting += self.outgoing.read()
        self.flush()

    def drop(self):
        """Resets the connection."""
        self.reset = True
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.socket.close()

    def advance(self):
        """TLS: its handshake, then what is to be written and read."""
        try:
            if not self.shaken:
                self.tls.do_handshake()
                self.shaken = True
            while self.plain:
                del self.plain[:self.tls.write(bytes(self.plain[:16384]))]
            while part := self.tls.read(65536):
                self.got += part
            self.over("fin")
        except ssl.SSLZeroReturnError:
            self.over("fin")
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLEOFError:
            self.over("cut")
            self.outgoing.read()  # not OpenSSL's own comment on it
        self.waiting += self.outgoing.read()

    def over(self, how):
        if not self.end:
            self.end = how

    def flush(self):
        """What is waiting goes as far as it can; then the end of it."""
        try:
            while self.waiting:
                del self.waiting[:self.socket.send(self.waiting)]
            if self.closing and not self.closed:
                self.closed = True
                self.socket.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:
            self.broken()

    def broken(self):
        if not self.end.endswith("reset"):
            self.end += (self.end and ", ") + "reset"

    def read(self):
        try:
            part = self.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            self.broken()
            return
        if not self.tls:
            self.got += part
            if not part:
                self.over("fin")
            return
        if part:
            self.incoming.write(part)
        else:
            self.incoming.write_eof()
        self.advance()

    def events(self):
        """What it wants of poll(2), or None. An end that has seen the other's may
        still be reset, unless it has ended too."""
        if self.reset or self.end.endswith("reset") or (self.end and self.closed):
            return None
        return (0 if self.end else select.POLLIN) | (
            select.POLLOUT if self.waiting else 0)

    def ready(self, events):
        if events & select.POLLERR and self.end:
            self.broken()
            return
        if events & (select.POLLIN | select.POLLERR | select.POLLHUP) and not self.end:
            self.read()
        if events & select.POLLOUT:
            self.flush()


class Play:
    """One list of steps over one connection: connect() makes the client's end;
    the server's is accepted from the listener."""

    def __init__(self, listener, connect, server_context=None):
        self.listener, self.context = listener, server_context
        self.ends = {"client": connect(), "server": None}

    def run(self, steps):
        """What each end got."""
        try:
            for step in steps:
                getattr(self, "do_" + step[0])(*step[1:])
            self.until(self.ended, "both ends to see the end")
        finally:
            for end in self.ends.values():
                if end:
                    end.socket.close()
        return {side: Got(bytes(end.got), "gave it up" if end.reset else end.end)
                for side, end in self.ends.items()}

    def do_send(self, side, data):
        self.end(side).send(data)
        self.turn(0)

    def do_pause(self, seconds):
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.turn(left)

    def do_meet(self):
        self.end("server")
        self.until(self.have_met, "what was sent")

    def do_see(self, side):
        self.until(lambda: self.end(side).end, f"the {side} to see the end")

    def do_shut(self, side):
        self.written(side).shut()

    def do_cut(self, side):
        self.written(side).shut(orderly=False)

    def do_reset(self, side):
        self.written(side).drop()

    def do_push(self, side):
        """What is sent goes nowhere, so it does not count."""
        end, sent = self.ends[side], self.ends[side].sent

        def told():
            if not end.end.endswith("reset"):
                end.send(b"?")
                self.do_pause(0.001)
            return end.end.endswith("reset")

        self.until(told, f"the {side} to be told")
        end.sent = sent

    def end(self, side):
        self.until(lambda: self.ends[side], "the server to be connected")
        return self.ends[side]

    def written(self, side):
        end = self.end(side)
        self.until(end.has_written, f"the {side}'s TLS")
        return end

    def have_met(self):
        return all(len(self.ends[OTHER[side]].got) >= end.sent
                   for side, end in self.ends.items())

    def ended(self):
        """Each end has seen the other's; of a reset, the other side alone sees it."""
        for side, end in self.ends.items():
            if end.reset:
                return self.ends[OTHER[side]].end.endswith("reset")
        return all(end.end for end in self.ends.values())

    def until(self, condition, what):
        last = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > last:
                raise AssertionError(f"waited in vain for {what}: {self.state()}")
            self.turn(0.5)

    def state(self):
        return {side: end and (end.sent, len(end.got), end.end, end.reset)
                for side, end in self.ends.items()}

    def turn(self, wait_s):
        """Lets both ends do what they can, or waits for the first that can."""
        poll, by_fd = select.poll(), {}
        for end in self.ends.values():
            if end and (events := end.events()) is not None:
                poll.register(end.socket, events)
                by_fd[end.socket.fileno()] = end
        if not self.ends["server"]:
            poll.register(self.listener, select.POLLIN)
        for fd, events in poll.poll(wait_s * 1000):
            if fd in by_fd:
                by_fd[fd].ready(events)
            else:
                self.ends["server"] = End(self.listener.accept()[0], self.context,
                                          server=True)
