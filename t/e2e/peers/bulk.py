# SPDX-License-Identifier: ISC
"""A server of HTTP/1 that answers every request with as many bytes as its path names,
from one process, as fast as they are taken: sendfile sends them from memory, so it
looks at none. Prints its port."""

import os
import resource
import select
import socket

PIECE = 1 << 20


class Connection:
    def __init__(self, connection):
        connection.setblocking(False)
        self.socket, self.request, self.left = connection, b"", 0

    def answer(self, epoll):
        """The request has come: its head at once, its body as the client takes it."""
        self.left = int(self.request.split()[1][1:])
        self.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n"
                            b"Content-Length: %d\r\n\r\n" % self.left)
        self.request = b""
        epoll.modify(self.socket, select.EPOLLOUT)

    def read(self, epoll):
        more = self.socket.recv(4096)
        self.request += more
        if b"\r\n\r\n" in self.request:
            self.answer(epoll)
        return bool(more)

    def send(self, epoll, memory):
        offset = self.left % PIECE or PIECE
        self.left -= os.sendfile(self.socket.fileno(), memory, PIECE - offset,
                                 min(offset, self.left))
        if self.left == 0:
            epoll.modify(self.socket, select.EPOLLIN)
        return True


def main():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    memory = os.memfd_create("bulk")
    os.write(memory, os.urandom(PIECE))
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    epoll, connections = select.epoll(), {}
    epoll.register(listener, select.EPOLLIN)
    print(listener.getsockname()[1], flush=True)
    while True:
        for fd, event in epoll.poll():
            if fd == listener.fileno():
                connection, _ = listener.accept()
                connections[connection.fileno()] = Connection(connection)
                epoll.register(connection, select.EPOLLIN)
                continue
            one = connections[fd]
            try:
                stands = (one.send(epoll, memory) if event & select.EPOLLOUT
                          else one.read(epoll))
            except BlockingIOError:
                stands = True
            except OSError:
                stands = False
            if not stands:
                epoll.unregister(fd)
                connections.pop(fd).socket.close()


if __name__ == "__main__":
    main()
