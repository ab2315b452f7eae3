# SPDX-License-Identifier: ISC
"""The pictures that README.md shows: the script that draws them runs, and what they
say is what the commands print today, but for times."""

import os
import re
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

from harness import BUILD, SOURCE, Test

DOCS = os.path.join(SOURCE, "docs")
TIMES = re.compile(r"\d{4}-\d\d-\d\d |\d\d:\d\d:\d\d(?:\.\d+)?|\d+(?:\.\d)? m?s\b")


def text_of(path):
    """The lines of a picture, as a person would copy them, without times and with
    one blank where there are many."""
    root = ElementTree.parse(path).getroot()
    lines = ["".join(text.itertext()) for text in root.iter(
        "{http://www.w3.org/2000/svg}text")]
    return [re.sub(" +", " ", TIMES.sub("TIME", line)) for line in lines]


class Pictures(Test):
    def test_they_say_what_the_commands_print(self):
        done = subprocess.run(
            [os.path.join(DOCS, "pictures"), "--build", BUILD, self.directory],
            capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for name, least in (("tail", 13), ("stats", 15)):
            drawn = text_of(os.path.join(self.directory, name + ".svg"))
            self.assertGreaterEqual(len(drawn), least)
            self.assertEqual(drawn, text_of(os.path.join(DOCS, name + ".svg")),
                             f"draw it anew: make pictures ({name}.svg)")

    def test_the_readme_shows_them(self):
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as page:
            shown = re.findall(r"\]\((docs/\w+\.svg)\)", page.read())
        self.assertEqual(shown, ["docs/tail.svg", "docs/stats.svg"])


if __name__ == "__main__":
    unittest.main()
