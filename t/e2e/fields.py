# SPDX-License-Identifier: ISC
"""Records held against the table of their fields (log/fields.h), as `sightglass
fields -o json` prints it: no name that the table lacks, no value of another type,
no field in a dataset in which the table does not have it, none of the values that a
field with a fixed set of them may not have.

SIGHTGLASS_SEEN names the directory in which each process leaves which fields it read,
for t/e2e/unseen."""

import atexit
import functools
import ipaddress
import json
import os
import re
import subprocess

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
seen = set()


class Wrong(AssertionError):
    """A record that is not as the table says."""


@functools.cache
def table():
    """The rows, by dataset and name."""
    build = os.environ.get("SIGHTGLASS_BUILD", os.getcwd())
    printed = subprocess.run([os.path.join(build, "sightglass"), "fields", "-o",
                              "json"], check=True, capture_output=True).stdout
    rows = {}
    for line in printed.splitlines():
        row = json.loads(line)
        for dataset in row["datasets"]:
            rows[dataset, row["name"]] = row
    return rows


def is_text(value):
    return isinstance(value, str)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_time(value):
    return is_text(value) and bool(TIME.fullmatch(value))


def is_address(value):
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return is_text(value)


def is_list(of):
    return lambda value: isinstance(value, list) and all(of(item) for item in value)


def is_object(value):
    return isinstance(value, dict)


TYPES = {
    "text": is_text, "list of texts": is_list(is_text), "number": is_number,
    "boolean": lambda value: isinstance(value, bool), "time": is_time,
    "address": is_address, "list of addresses": is_list(is_address),
    "object": is_object, "list of objects": is_list(is_object),
    "map of lists of texts": lambda value: is_object(value) and all(
        is_list(is_text)(item) for item in value.values()),
}


def check_value(row, name, value):
    if not TYPES[row["type"]](value):
        raise Wrong(f"{name} is no {row['type']}: {value!r}")
    may_be = {known["value"] for known in row.get("values", ())}
    if may_be and "*" not in may_be and value not in may_be:
        raise Wrong(f"{name} may not be {value!r}")


def check_object(dataset, place, record):
    for key, value in record.items():
        name = f"{place}{key}"
        row = table().get((dataset, name))
        if row is None:
            raise Wrong(f"records of {dataset} have no {name} (log/fields.h)")
        seen.add((dataset, name))
        check_value(row, name, value)
        inside = {"object": [value], "list of objects": value}
        for item in inside.get(row["type"], ()):
            check_object(dataset, name + ".", item)


def check(record):
    """Returns the record, or raises Wrong."""
    try:
        check_object(record["event"]["dataset"], "", record)
    except Wrong as wrong:
        raise Wrong(f"{wrong}: {json.dumps(record)}") from None
    return record


def read(text):
    """The records of a text, a line each, all of them checked."""
    return [check(json.loads(line)) for line in text.splitlines()]


@atexit.register
def leave():
    directory = os.environ.get("SIGHTGLASS_SEEN")
    if not directory or not seen:
        return
    os.makedirs(directory, exist_ok=True)
    path = os.path.join(directory, f"{os.getpid()}.json")
    with open(path, "w", encoding="utf-8") as out:
        json.dump(sorted(seen), out)
