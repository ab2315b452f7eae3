# SPDX-License-Identifier: ISC
"""The frame of the rows of TLS-CASES: a case says its row, what is presented, by
whom, and the verdict that is asked; a run of it adds what was seen (seen.py)."""

import collections
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# pylint: disable=wrong-import-position
from chains import CA, HOST, LEAFS, SIGNS, Revoking  # noqa: E402
from harness import Daemon, Forwarder, get, wait_for  # noqa: E402
from peers import CLIENTS, SERVERS  # noqa: E402
from seen import PASSED, row, seen  # noqa: E402

# make(test) gives (certificates sent, key, what is trusted); reason is what the
# record must say; settings(test) are the daemon's besides.
Case = collections.namedtuple(
    "Case", "row presented make reason server client host settings",
    defaults=("openssl", "curl", HOST, lambda test: ()))


def below(ca=CA + SIGNS, leaf=LEAFS["good"]):
    """A server's certificate that says this below a CA that says that."""
    return lambda t: (t.chain(t.leaf(leaf), t.ca(ca)), leaf.key, t.root)


def spread(method, cases, verdict):
    """A test a case, for the body of a class: `vars().update(spread(…))`."""
    made = {}
    for case in cases:
        def test(self, case=case):
            method(self, case)
        name = re.sub(r"\W+", "_", f"test_row_{case.row}_{case.presented}").lower()
        assert name not in made, name
        made[name] = row(case.row, case.presented, verdict,
                         f"{case.server}, {case.client}")(test)
    return made


class Rows(Revoking):
    """Servers with chains of the test's own, clients through a daemon."""

    def serve(self, case):
        """(server, what is trusted) of a case."""
        chain, key, trust = case.make(self)
        return SERVERS[case.server](self, chain, self.path(key + ".key")), trust

    def daemon(self, name, *settings, trust, **options):
        return Daemon(self, *settings, trust=trust, workers=1,
                      directory=self.path(name), **options)

    def ask(self, daemon, port, client="curl", *options, host=HOST):
        """A client that trusts our CA, through the daemon: its Reply."""
        forwarder = Forwarder(self, daemon, port)
        return CLIENTS[client](forwarder.port, host,
                               daemon.path("ca", "sightglass-ca.pem"), *options)

    def tls(self, daemon):
        """The one .tls record, once the daemon has ended."""
        return self.one(daemon.stop(), event__dataset="sightglass.tls")

    def refused_by(self, case, server, trust, invalid):
        """One flow under upstream.invalid; what the client said of it."""
        daemon = self.daemon(invalid, f"upstream.invalid={invalid}",
                             *case.settings(self), trust=trust)
        reply = self.ask(daemon, server.port, case.client, host=case.host)
        self.assertFalse(reply.served, reply.output)
        record = self.tls(daemon)
        self.assertFalse(server.saw(), "the request reached the server")
        self.assertEqual(get(record, "sightglass.verification"), case.reason, record)
        self.assertEqual(get(record, "sightglass.decision"), "inspect", record)
        return reply.said

    def rejected(self, case):
        """Under either way of it; `mirror` must end in the client's own doubt."""
        server, trust = self.serve(case)
        mirror = self.refused_by(case, server, trust, "mirror")
        self.assertRegex(mirror, "issuer")
        refuse = self.refused_by(case, server, trust, "refuse")
        self.assertRegex(refuse, r"bad[_ ]certificate")
        self.seen(f"mirror: {mirror}; refuse: {refuse}", case.reason)

    def accepted(self, case):
        server, trust = self.serve(case)
        daemon = self.daemon("d", *case.settings(self), trust=trust)
        reply = self.ask(daemon, server.port, case.client, host=case.host)
        self.assertTrue(reply.served, reply.output)
        record = self.tls(daemon)
        wait_for(server.saw, "the server to tell of the request")
        self.assertEqual(get(record, "sightglass.decision"), "inspect", record)
        self.assertEqual(get(record, "sightglass.verification"), case.reason, record)
        self.seen(reply.said, self.describe(record))
        return record

    def seen(self, client, record, result=PASSED):
        print(f"{client}; {record}; {result}")
        seen(self, client, record, result)

    @staticmethod
    def describe(record):
        """The record's word on an opened flow."""
        legs = [get(record, f"sightglass.{leg}.version") for leg in
                ("server", "client")]
        return f"{get(record, 'sightglass.verification')}, TLS {legs[0]} / {legs[1]}"
