# SPDX-License-Identifier: ISC
"""Logs as sightglassd writes them, without one: records, and segments of them made
by zstd itself."""

import json
import os
import subprocess

def stamp(second):
    """The @timestamp of a second (with a fraction) of the log's first hour."""
    return f"2026-11-23T10:{15 + int(second) // 60:02}:{second % 60:09.6f}Z"


def http(second, url, status=200, method="GET", process="curl", **more):
    """A record of an exchange; more: fields of it, dotted with __."""
    domain = url.split("/")[2].split(":")[0]
    record = {
        "@timestamp": stamp(second),
        "event": {"id": f"testruns-1-{int(second * 1000)}", "sequence": 1,
                  "kind": "event", "dataset": "sightglass.http",
                  "duration": 29000000},
        "host": {"hostname": "box"},
        "process": {"pid": 4711, "executable": f"/usr/bin/{process}",
                    "name": process},
        "source": {"ip": "127.0.0.1", "port": 40000},
        "destination": {"ip": "192.0.2.1", "port": 443, "domain": domain},
        "network": {"transport": "tcp", "type": "ipv4"},
        "http": {"version": "1.1",
                 "request": {"method": method, "headers": {"accept": ["*/*"]},
                             "body": {"bytes": 0}}},
        "url": {"full": url, "scheme": "https", "domain": domain, "port": 443,
                "path": "/" + url.split("/", 3)[3].split("?")[0]},
        "sightglass": {"flow": "testruns-1-1", "stream": 1, "timing": {"wait": 12.5}},
    }
    if status:
        record["http"]["response"] = {
            "status_code": status, "headers": {"content-type": ["text/plain"]},
            "body": {"bytes": 6, "content": "hello\n", "encoding": "utf-8"}}
    for path, value in more.items():
        at = record
        *parts, last = path.split("__")
        for part in parts:
            at = at.setdefault(part, {})
        at[last] = value
    return record


def line(record):
    """A record as the daemon's own writer has it."""
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n"


def compress(text):
    return subprocess.run(["zstd", "-qc", "--no-progress"], input=text, check=True,
                          capture_output=True).stdout


def write_segment(directory, number, records, is_open=False):
    """A segment of a frame a record; its path."""
    os.makedirs(directory, exist_ok=True)
    path = os.path.join(
        directory, f"sightglass-20261123T101500Z-{number:06}.ndjson.zst"
        + (".part" if is_open else ""))
    with open(path, "wb") as out:
        for record in records:
            out.write(compress(line(record).encode()))
    return path
