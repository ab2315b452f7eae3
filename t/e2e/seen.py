# SPDX-License-Identifier: ISC
"""What a test saw of a row of TLS-CASES: a line of t/e2e/tls/README.md, which
t/e2e/tls/table makes of all of them.

SIGHTGLASS_ROWS names the directory in which each case leaves its line."""

import functools
import json
import os

PASSED, FAILED = "as asked", "FAILED"


def row(number, presented, verdict, peers, client="", record="", result=PASSED):
    """Says of a test which case of which row it is. What it says of client and
    record is what the test asserts, unless it calls seen() with what it saw. A
    test may be a case of several rows."""
    def mark(test):
        line = {"row": number, "presented": presented, "peers": peers,
                "verdict": verdict}

        @functools.wraps(test)
        def run(self):
            write(self, line, result=FAILED)
            self.saw = {"client": client, "record": record, "result": result}
            test(self)
            if not self.saw["client"] or not self.saw["record"]:
                raise AssertionError("the case does not say what it saw")
            write(self, line, **self.saw)
        run.row = number
        return run
    return mark


def seen(test, client, record, result=PASSED):
    """The last word of a test that has a row."""
    test.saw = {"client": client, "record": record, "result": result}


def write(test, line, client="", record="", result=PASSED):
    directory = os.environ.get("SIGHTGLASS_ROWS")
    if not directory:
        return
    os.makedirs(directory, exist_ok=True)
    case = {"id": test.id(), **line, "client": client, "record": record,
            "result": result}
    path = os.path.join(directory, f"{test.id()}.{line['row']}.json")
    with open(path, "w", encoding="utf-8") as out:
        json.dump(case, out)
