# SPDX-License-Identifier: ISC
"""What the linker has to know of Apple's frameworks and libraries, without an SDK: the
names in them, which are those that t/objc declares. libSystem's come with the compiler.
"""

import os
import re

FRAMEWORKS = ["CoreFoundation", "Security"]  # t/objc/NAME/NAME.h
LIBRARIES = {"bsm.0": "bsm/libbsm.h"}
# Declared by the compiler's own headers.
LISTED = {"iconv.2": ["iconv", "iconv_close", "iconv_open"]}

# What the compiler writes for CFSTR.
OF_FRAMEWORKS = {"CoreFoundation": ["__CFConstantStringClassReference"]}

# A function's name is before its parameters, a variable's before the semicolon.
DECLARED = re.compile(r"^extern\b[^;(]*?(\w+)\s*[;(]", re.M)

TEXT = """--- !tapi-tbd
tbd-version:     4
targets:         [ x86_64-macos, arm64-macos ]
install-name:    '{install_name}'
exports:
  - targets:         [ x86_64-macos, arm64-macos ]
    symbols:         [ {symbols} ]
...
"""


def declared(header):
    with open(os.path.join("t/objc", header), encoding="utf-8") as file:
        return DECLARED.findall(file.read())


def write(path, install_name, names):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(TEXT.format(install_name=install_name,
                               symbols=", ".join(f"_{name}" for name in sorted(names))))


def make(directory):
    """Lays them out as an SDK does; the linker's options for them."""
    for name in FRAMEWORKS:
        write(f"{directory}/System/Library/Frameworks/{name}.framework/{name}.tbd",
              f"/System/Library/Frameworks/{name}.framework/Versions/A/{name}",
              declared(f"{name}/{name}.h") + OF_FRAMEWORKS.get(name, []))
    names = {name: declared(header) for name, header in LIBRARIES.items()}
    for name, symbols in {**LISTED, **names}.items():
        write(f"{directory}/usr/lib/lib{name.partition('.')[0]}.tbd",
              f"/usr/lib/lib{name}.dylib", symbols)
    return search(directory)


def search(sdk):
    """The linker's options to find an SDK's frameworks and libraries."""
    return ["-F", os.path.join(sdk, "System/Library/Frameworks"),
            "-L", os.path.join(sdk, "usr/lib")]
