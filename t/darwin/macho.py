# SPDX-License-Identifier: ISC
"""Reads the head of a Mach-O program, as far as it is to be judged: <mach-o/loader.h>."""

import struct
from typing import List, NamedTuple, Tuple

MAGIC_64 = 0xFEEDFACF
PROCESSORS = {0x0100000C: "aarch64", 0x01000007: "x86_64"}
EXECUTE = 2
PIE = 0x200000
MACOS = 1
LOAD_DYLIBS = {0xC, 0x80000018, 0x8000001F}  # plain, weak, re-exported
MAIN = 0x80000028
BUILD_VERSION = 0x32
CODE_SIGNATURE = 0x1D
SYSTEM = ("/usr/lib/", "/System/Library/")


class Program(NamedTuple):
    processor: str
    kind: int
    flags: int
    dylibs: List[str]
    has_main: bool
    is_signed: bool
    platform: int
    oldest: Tuple[int, int]  # macOS


def commands(data):
    """(command, its bytes) of each load command."""
    count, = struct.unpack_from("<I", data, 16)
    offset = 32
    for _ in range(count):
        command, size = struct.unpack_from("<II", data, offset)
        if size < 8 or offset + size > len(data):
            raise ValueError("a load command does not fit")
        yield command, data[offset:offset + size]
        offset += size


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    magic, processor, _, kind = struct.unpack_from("<IIII", data)
    if magic != MAGIC_64:
        raise ValueError("it is not a 64-bit Mach-O file")
    flags, = struct.unpack_from("<I", data, 24)
    dylibs, seen, platform, version = [], set(), None, 0
    for command, body in commands(data):
        seen.add(command)
        if command in LOAD_DYLIBS:
            name = struct.unpack_from("<I", body, 8)[0]
            dylibs.append(body[name:].split(b"\0")[0].decode())
        elif command == BUILD_VERSION:
            platform, version = struct.unpack_from("<II", body, 8)
    return Program(PROCESSORS.get(processor, hex(processor)), kind, flags, dylibs,
                   MAIN in seen, CODE_SIGNATURE in seen, platform,
                   (version >> 16, version >> 8 & 0xFF))


def faults(path, processor, oldest):
    """What is wrong with a program for a processor, that oldest macOS is to run."""
    try:
        program = read(path)
    except (ValueError, struct.error) as error:
        return [str(error)]
    foreign = [name for name in program.dylibs if not name.startswith(SYSTEM)]
    checks = [
        (program.processor == processor, f"it is for {program.processor}"),
        (program.kind == EXECUTE and program.has_main, "it is no program"),
        (program.flags & PIE, "its code has a fixed place (no PIE)"),
        (program.platform == MACOS, f"it is for platform {program.platform}"),
        (program.oldest == oldest, f"it wants macOS {program.oldest}, not {oldest}"),
        (program.dylibs, "it loads no library"),
        (not foreign, f"it wants libraries that no Mac has: {foreign}"),
        # Where there is none at all, not even the linker's, the kernel ends it.
        (processor != "aarch64" or program.is_signed, "it is not signed"),
    ]
    return [text for fine, text in checks if not fine]
