# SPDX-License-Identifier: ISC
"""Both ends of gRPC, by the library that Python's programs use (python3-grpcio).

  grpc_peer.py serve CERTIFICATE KEY      prints its port, then serves
  grpc_peer.py ask PORT CA NAME...        plays the calls of these names, prints
                                          what it got

Messages are plain bytes: what a message says in protobuf is nobody's business here.
"""

import concurrent.futures
import sys
import threading

import grpc

SERVICE = "sight.Glass"


def read(path):
    with open(path, "rb") as source:
        return source.read()


# --- the server ---


def say(request, context):
    context.set_trailing_metadata((("x-end", "said"),))
    return b"said: " + request


def count(request, _):
    for number in range(int(request)):
        yield b"x" * number


def add(requests, _):
    return b"%d" % sum(len(r) for r in requests)


def echo(requests, _):
    yield from requests


def deny(_, context):
    context.abort(grpc.StatusCode.PERMISSION_DENIED, "100% denied: grüße\n")


def wait(_, context):
    """Says one thing, then nothing until the client has gone."""
    gone = threading.Event()
    context.add_callback(gone.set)
    yield b"first"
    gone.wait(60)


def serve(certificate, key):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {
        "Say": grpc.unary_unary_rpc_method_handler(say),
        "Count": grpc.unary_stream_rpc_method_handler(count),
        "Add": grpc.stream_unary_rpc_method_handler(add),
        "Echo": grpc.stream_stream_rpc_method_handler(echo),
        "Deny": grpc.unary_unary_rpc_method_handler(deny),
        "Wait": grpc.unary_stream_rpc_method_handler(wait),
    }),))
    credentials = grpc.ssl_server_credentials([(read(key), read(certificate))])
    print(server.add_secure_port("127.0.0.1:0", credentials), flush=True)
    server.start()
    server.wait_for_termination()


# --- the client ---


def path(method):
    return f"/{SERVICE}/{method}"


def ended(call):
    """The status of a call that fails."""
    try:
        call()
    except grpc.RpcError as error:
        return f"{error.code().name} {error.details()!r}"
    return "OK"


def cancel(channel):
    call = channel.unary_stream(path("Wait"))(b"")
    first = next(call)
    call.cancel()
    return f"{first.decode()}, then {ended(lambda: next(call))}"


CALLS = {
    "say": lambda c: c.unary_unary(path("Say"))(b"hello").decode(),
    "zip": lambda c: c.unary_unary(path("Say"))(
        b"z" * 10000, compression=grpc.Compression.Gzip)[:7].decode(),
    "count": lambda c: sum(len(m) for m in c.unary_stream(path("Count"))(b"300")),
    "add": lambda c: c.stream_unary(path("Add"))(
        iter([b"a" * 70000, b"", b"bc"])).decode(),
    "echo": lambda c: b"".join(c.stream_stream(path("Echo"))(
        iter([b"one", b"two"]))).decode(),
    "deny": lambda c: ended(lambda: c.unary_unary(path("Deny"))(b"")),
    "none": lambda c: ended(lambda: c.unary_unary(path("None"))(b"")),
    "cancel": cancel,
}


def ask(port, ca, names):
    credentials = grpc.ssl_channel_credentials(read(ca))
    with grpc.secure_channel(f"localhost:{port}", credentials) as channel:
        for name in names:
            print(name, CALLS[name](channel), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(*sys.argv[2:])
    else:
        ask(sys.argv[2], sys.argv[3], sys.argv[4:])
