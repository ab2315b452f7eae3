# SPDX-License-Identifier: ISC
"""What show and tail read: directories, files of any form, standard input; forward,
backward, the last ones, and on from a cursor; and what a damaged file costs."""

import json
import os
import random
import subprocess
import unittest

from harness import CLI, Process, Test, get, wait_for
from logs import compress, http, line, write_segment


def seconds(text):
    return [round(float(get(json.loads(record), "@timestamp")[17:26]), 3)
            for record in text.splitlines()]


class Reading(Test):
    def setUp(self):
        super().setUp()
        self.log = os.path.join(self.directory, "log")

    def show(self, *arguments, status=0, **options):
        done = self.run_cli("show", "-o", "json", *arguments, **options)
        self.assertEqual(done.returncode, status, done.stderr[-2000:])
        return done

    def write(self, name, content):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as out:
            out.write(content)
        return path


class Inputs(Reading):
    """The same records in every form that there is."""

    def setUp(self):
        super().setUp()
        self.records = [http(i, f"https://example.com/{i}?" + "é" * (i * 37 % 200))
                        for i in range(40)]
        text = "".join(line(r) for r in self.records).encode()
        spaced = "".join(json.dumps(r) + "\n" for r in self.records).encode()
        write_segment(self.log, 1, self.records[:15])
        write_segment(self.log, 2, self.records[15:30])
        write_segment(self.log, 3, self.records[30:], is_open=True)
        third = len(text) // 3
        self.forms = {
            "directory": self.log,
            "plain": self.write("plain.ndjson", text),
            "spaced": self.write("spaced.ndjson", spaced),
            "no newline at its end": self.write("cut.ndjson", text[:-1]),
            "one frame": self.write("one.zst", compress(text)),
            "lines across frames": self.write(
                "three.zst", compress(text[:third]) + compress(
                    text[third:2 * third]) + compress(text[2 * third:])),
        }

    def check_all(self, expected, *options):
        for form, path in self.forms.items():
            shown = seconds(self.show("-i", path, *options).stdout)
            self.assertEqual(shown, expected, (form, options))

    def test_forward(self):
        self.check_all(list(range(40)))

    def test_backward(self):
        self.check_all(list(range(39, -1, -1)), "-r")
        self.check_all([39, 38, 37], "-r", "-n", "3")

    def test_the_last_ones(self):
        self.check_all([37, 38, 39], "-n", "3")
        self.check_all([], "-n", "0")
        self.check_all(list(range(40)), "-n", "all")
        self.check_all(list(range(40)), "-n", "41")
        self.check_all([7, 17, 27, 37], "-n", "5", "--where", "url.path ends with '7'")

    def test_a_filter(self):
        self.check_all([3, 13, 23, 33], "--where", "url.path ends with '3'")
        self.check_all([33, 23, 13, 3], "-r", "~u", "3\\?")

    def test_standard_input(self):
        for form, path in self.forms.items():
            if form == "directory":
                continue
            for options, expected in (([], list(range(40))), (["-n", "2"], [38, 39]),
                                      (["-r", "-n", "2"], [39, 38])):
                with open(path, "rb") as stream:
                    done = subprocess.run([CLI, "show", "-o", "json", "-i", "-",
                                           *options], stdin=stream, check=True,
                                          capture_output=True, text=True)
                self.assertEqual(seconds(done.stdout), expected, (form, options))

    def test_on_from_a_cursor(self):
        for form, path in self.forms.items():
            for i in (0, 14, 15, 29, 30, 38):
                where = ["--where", f"url.path == '{self.records[i]['url']['path']}'"]
                said = self.show("-i", path, "--show-cursor", *where).stderr
                cursor = said.strip().removeprefix("cursor: ")
                for option, first in (("--cursor", i), ("--after-cursor", i + 1)):
                    shown = seconds(self.show("-i", path, option, cursor).stdout)
                    self.assertEqual(shown, list(range(first, 40)), (form, cursor))

    def test_a_cursor_whose_segment_is_gone_goes_on_with_the_next(self):
        said = self.show("-i", self.log, "--show-cursor", "-n", "30", "~u /12").stderr
        self.assertIn("-000001.ndjson.zst:", said)
        os.unlink(os.path.join(self.log,
                               "sightglass-20261123T101500Z-000001.ndjson.zst"))
        shown = self.show("-i", self.log, "--after-cursor",
                          said.strip().removeprefix("cursor: ")).stdout
        self.assertEqual(seconds(shown), list(range(15, 40)))

    def test_what_is_no_cursor_is_told(self):
        said = self.show("-i", self.log, "--cursor", "nonsense", status=2).stderr
        self.assertIn("'nonsense' is no cursor", said)

    def test_several_logs_are_merged_by_time(self):
        odd, even = (self.write(name, "".join(
            line(r) for r in self.records[first::2]).encode())
            for name, first in (("odd.ndjson", 1), ("even.ndjson", 0)))
        inputs = ["-i", odd, "-i", even]
        self.assertEqual(seconds(self.show(*inputs).stdout), list(range(40)))
        self.assertEqual(seconds(self.show(*inputs, "-r", "-n", "4").stdout),
                         [39, 38, 37, 36])
        self.assertEqual(seconds(self.show(*inputs, "-n", "5").stdout),
                         list(range(35, 40)))
        said = self.show(*inputs, "--show-cursor", "-U", "2026-11-23T10:15:20Z")
        cursor = said.stderr.strip().removeprefix("cursor: ")
        self.assertEqual(seconds(self.show(*inputs, "--after-cursor", cursor).stdout),
                         list(range(20, 40)))

    def test_what_cannot_be_read_is_named(self):
        said = self.show("-i", os.path.join(self.directory, "none"), status=3).stderr
        self.assertIn("/none: No such file", said)


class Pages(Reading):
    """Frames, lines and files that are larger than what is held at once."""

    def test_large_frames_and_lines_are_read_backward(self):
        chance = random.Random(7)
        records = [http(i, "https://example.com/x?" + chance.choice("abc")
                        * chance.choice((10, 1000, 100000, 3000000)))
                   for i in range(40)]
        text = "".join(line(r) for r in records).encode()
        self.assertGreater(len(text), 16 << 20)
        for name, content in (("a.zst", compress(text)), ("b.ndjson", text)):
            path = self.write(name, content)
            self.assertEqual(seconds(self.show("-i", path, "-r").stdout),
                             list(range(39, -1, -1)))
            self.assertEqual(seconds(self.show("-i", path, "-n", "7").stdout),
                             list(range(33, 40)))

    def test_a_line_that_is_too_long_costs_itself_only(self):
        text = line(http(1, "https://example.com/")) + "x" * (9 << 20) + "\n" + line(
            http(2, "https://example.com/"))
        path = self.write("long.ndjson", text.encode())
        done = self.show("-i", path, status=4)
        self.assertEqual(seconds(done.stdout), [1, 2])
        self.assertIn("is damaged", done.stderr)


class Damage(Reading):
    def test_a_damaged_frame_costs_itself_only(self):
        path = write_segment(self.log, 1, [http(i, f"https://example.com/{i}")
                                           for i in range(9)])
        with open(path, "rb") as segment:
            content = bytearray(segment.read())
        frame = content.index(b"\x28\xb5\x2f\xfd", 4)
        content[frame + 40] ^= 0x55
        self.write(path, content)
        for options, expected in (([], [0, 2, 3, 4, 5, 6, 7, 8]),
                                  (["-r"], [8, 7, 6, 5, 4, 3, 2, 0])):
            done = self.show("-i", self.log, *options, status=4)
            self.assertEqual(seconds(done.stdout), expected)
            self.assertIn("000001.ndjson.zst, frame at byte ", done.stderr)

    def test_what_is_no_record_is_passed_by_filters_and_shown_safely(self):
        path = self.write("odd.ndjson", b"not json\x1b[2J\n[1]\n{}\n")
        shown = self.run_cli("show", "-i", path).stdout
        self.assertIn("not json\\x1b[2J\n", shown)
        self.assertEqual(self.show("-i", path, "~http").stdout, "")


class Following(Reading):
    def test_a_plain_file_that_grows_is_followed(self):
        path = self.write("grows.ndjson", line(http(1, "https://a.example/")).encode())
        tail = Process(self, [CLI, "tail", "-o", "json", "-n", "1", "-i", path],
                       "tail")
        wait_for(lambda: tail.output().count("\n") == 1, "the first record")
        with open(path, "ab") as out:
            for i in (2, 3):
                half = line(http(i, "https://a.example/")).encode()
                out.write(half[:50])
                out.flush()
                out.write(half[50:])
                out.flush()
                wait_for(lambda n=i: seconds(tail.lines()) == list(range(1, n + 1)),
                         "the next record")

    def test_no_follow_ends(self):
        write_segment(self.log, 1, [http(1, "https://a.example/")])
        done = self.run_cli("tail", "--no-follow", "-n", "all", "-i", self.log)
        self.assertEqual((done.returncode, done.stdout.count("\n")), (0, 1))

    def test_a_closed_pipe_ends_it_quietly(self):
        write_segment(self.log, 1, [http(i, "https://a.example/")
                                    for i in range(50)] * 20)
        for ignore in ("", "trap '' PIPE; "):
            done = subprocess.run(
                ["sh", "-c", f"{ignore}{CLI} show -o json -i {self.log} | head -n 1"],
                capture_output=True, text=True, check=True)
            self.assertEqual((done.stderr, done.stdout.count("\n")), ("", 1))

    def test_backward_and_forward_at_once_is_refused(self):
        self.assertIn("-r goes backward",
                      self.show("-r", "-f", "-i", self.log, status=2).stderr)


if __name__ == "__main__":
    unittest.main()
