# SPDX-License-Identifier: ISC
"""What conversations of each protocol are made of: pieces with pauses in between,
ends of every kind, and damage."""

import collections

# What the log must have of an exchange that was sent in order, and of a WebSocket's
# message: who sent it, its type, and its bytes on the wire.
Exchange = collections.namedtuple("Exchange", "method target status sent returned")
Message = collections.namedtuple("Message", "side type bytes")


def bytes_of(random):
    """A body: none, short, long, of text or not."""
    length = random.choice([0, 1, 9, 100, 1000, 20000, random.randrange(200000)])
    return random.choice([random.randbytes, lambda n: b'{"a": "b"},' * (n // 11)])(length)


def in_pieces(random, side, data):
    """Steps that send data as a whole, in a few pieces, or byte by byte."""
    if not data:
        return []
    how = random.choice(["whole", "whole", "some", "some", "bytes"])
    if how == "bytes" and len(data) < 400:
        cuts = list(range(1, len(data)))
    elif how == "whole":
        cuts = []
    else:
        cuts = sorted(random.sample(range(1, len(data) + 1),
                                    min(len(data), random.randrange(1, 9))))
    steps, begin = [], 0
    for cut in [*cuts, len(data)]:
        if data[begin:cut]:
            steps.append(("send", side, data[begin:cut]))
        if random.random() < (0.02 if how == "bytes" else 0.3):
            steps.append(("pause", random.choice([0, 0.0005, 0.003])))
        begin = cut
    return steps


def to_the_end(random, first=None, more=b""):
    """Steps that end a connection: in order, one side before the other, which may
    send more; within TLS without the word for it; or by a reset. Who gives it up
    waits until all that was sent has come, since what a reset overtakes is lost on
    any way. One that had ended its side before is a reset to whoever goes on."""
    first = first or random.choice(["client", "server"])
    then = {"client": "server", "server": "client"}[first]
    how = random.choice(["order", "order", "order", "cut", "reset", "half, reset"])
    if how == "order":
        return [("shut", first), *in_pieces(random, then, more),
                *random.choice([[], [("see", then)], [("meet",)]]), ("shut", then)]
    if how == "cut":
        return [("meet",), ("cut", first), ("see", then), ("shut", then)]
    if how == "reset":
        return [("meet",), ("reset", first)]
    return [("meet",), ("shut", first), ("see", then), *random.choice([
        [("reset", then)], [("reset", first), ("push", then)]])]


def damaged(random, steps):
    """The same steps with bytes changed, left out, put in or sent twice."""
    steps = list(steps)
    sends = [n for n, step in enumerate(steps) if step[0] == "send"]
    for n in random.sample(sends, min(len(sends), random.randrange(1, 4))):
        _, side, data = steps[n]
        at = random.randrange(len(data))
        steps[n] = ("send", side, random.choice([
            data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1:],
            data[:at] + data[at + 1:] or b"?",
            data[:at] + random.randbytes(random.randrange(1, 60)) + data[at:],
            data[:at] + data[at:] * 2,
            data[:at] or b"!"]))
    return steps
