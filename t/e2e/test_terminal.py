# SPDX-License-Identifier: ISC
"""show and tail in a terminal (a pseudo terminal of the test's own): colours, width,
the pager, and that nothing of a record can steer it."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
import unittest

from harness import CLI, Test
from logs import http, write_segment


def in_terminal(command, columns=80, **environment):
    """What a command prints on a terminal of this width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {k: v for k, v in os.environ.items()
           if k not in ("NO_COLOR", "PAGER", "LESS", "SIGHTGLASS_PAGER")}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs,
                               env={**env, "TERM": "xterm", **environment})
    os.close(theirs)
    said = b""
    try:
        while chunk := os.read(ours, 65536):
            said += chunk
    except OSError:  # Linux's way to say that the other side has closed
        pass
    os.close(ours)
    return process.wait(60), said.decode().replace("\r\n", "\n")


class Terminal(Test):
    def setUp(self):
        super().setUp()
        self.log = os.path.join(self.directory, "log")
        write_segment(self.log, 1, [
            http(1, "https://example.com/" + "path/" * 40, status=404),
            http(2, "https://example.com/", process="evil\033]0;x\007\u202e\u009b2J")])
        self.show = [CLI, "show", "--utc", "-i", self.log]

    def test_a_line_is_as_wide_as_the_terminal(self):
        for columns in (60, 100, 200):
            status, said = in_terminal([*self.show, "--no-pager", "--color", "never"],
                                       columns)
            self.assertEqual(status, 0)
            first = said.splitlines()[0]
            self.assertEqual(len(first), columns, first)
            self.assertIn("…", first)
        self.assertNotIn("…", self.run_cli(*self.show[1:]).stdout)

    def test_colours_are_for_terminals_unless_said_otherwise(self):
        yellow = "\033[33m 404"
        shown = {
            (): in_terminal([*self.show, "--no-pager"])[1],
            ("NO_COLOR",): in_terminal([*self.show, "--no-pager"], NO_COLOR="1")[1],
            ("dumb",): in_terminal([*self.show, "--no-pager"], TERM="dumb")[1],
            ("never",): in_terminal([*self.show, "--no-pager", "--color", "never"])[1],
        }
        self.assertEqual([yellow in text for text in shown.values()],
                         [True, False, False, False])
        self.assertNotIn("\033", self.run_cli(*self.show[1:]).stdout)
        self.assertIn(yellow, self.run_cli(*self.show[1:], "--color", "always").stdout)

    def test_nothing_of_a_record_steers_it(self):
        for options in ([], ["-o", "short"], ["-o", "json"], ["-o", "json-pretty"],
                        ["-F", "process.name,process"], ["-vv"]):
            _, said = in_terminal([*self.show, "--no-pager", "--color", "never",
                                   *options])
            for harmful in "\033\007\u202e\u009b":
                self.assertNotIn(harmful, said, options)
            self.assertRegex(said, r"(?i)evil\\(x1b|u001b)", options)

    def test_a_pager_stands_in_front_of_it(self):
        _, said = in_terminal(self.show, PAGER="sed 's/^/paged: /'")
        self.assertEqual(said.count("paged: "), 2)
        _, said = in_terminal(self.show, SIGHTGLASS_PAGER="cat", PAGER="false")
        self.assertEqual(said.count("\n"), 2)

    def test_a_pager_that_cannot_be_run_is_told(self):
        status, said = in_terminal(self.show, PAGER="nosuchpager -x")
        self.assertEqual(status, 3, said)
        self.assertIn("the pager 'nosuchpager -x' cannot be run", said)
        self.assertIn("--no-pager", said)

    def test_a_pager_that_is_left_early_is_no_mistake(self):
        write_segment(self.log, 2, [http(i, "https://example.com/" + "x" * 500)
                                    for i in range(50)] * 10)
        status, said = in_terminal([*self.show, "-o", "json"], PAGER="head -n 1")
        self.assertEqual((status, said.count("\n")), (0, 1), said)


if __name__ == "__main__":
    unittest.main()
