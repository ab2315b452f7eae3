# SPDX-License-Identifier: ISC
"""What the linker has to know of Apple's frameworks and libraries, without an SDK: the
names in them, which are those that t/objc declares. libSystem's come with the compiler.
"""

import glob
import os
import re

FRAMEWORKS = ["CoreFoundation", "Foundation", "Network", "NetworkExtension", "Security",
              "SystemExtensions"]
LIBRARIES = {"bsm.0": "bsm"}
# Declared by the compiler's own headers, or by none: what the compiler itself calls.
LISTED = {
    "iconv.2": "iconv iconv_close iconv_open",
    "objc.A": """OBJC_CLASS_$_NSObject OBJC_METACLASS_$_NSObject _objc_empty_cache
        __objc_personality_v0 objc_alloc objc_alloc_init objc_autoreleasePoolPop
        objc_autoreleasePoolPush objc_autoreleaseReturnValue objc_copyWeak objc_destroyWeak
        objc_enumerationMutation objc_initWeak objc_loadWeakRetained objc_msgSend
        objc_msgSendSuper2 objc_opt_class objc_opt_isKindOfClass
        objc_opt_respondsToSelector objc_release objc_retain
        objc_retainAutorelease objc_retainAutoreleaseReturnValue
        objc_retainAutoreleasedReturnValue objc_retainBlock objc_setProperty_atomic
        objc_setProperty_nonatomic_copy objc_storeStrong objc_storeWeak objc_sync_enter
        objc_sync_exit objc_unsafeClaimAutoreleasedReturnValue""",
}
# What the compiler makes constants of.
OF_FRAMEWORKS = {"CoreFoundation": ["__CFConstantStringClassReference", "__NSArray0__",
                                    "__NSDictionary0__"]}

# A function's name is before its parameters, a variable's before the semicolon.
DECLARED = re.compile(r"^extern\b[^;(]*?(\w+)\s*[;(]", re.M)
CLASSES = re.compile(r"^@interface (\w+)[^(\n]*(?:\n[^(\n]*)?:", re.M)

TEXT = """--- !tapi-tbd
tbd-version:     4
targets:         [ x86_64-macos, arm64-macos ]
install-name:    '{install_name}'
exports:
  - targets:         [ x86_64-macos, arm64-macos ]
    symbols:         [ {symbols} ]
...
"""


def declared(folder):
    """The names of what is declared in a folder of t/objc."""
    names = []
    for header in sorted(glob.glob(os.path.join("t/objc", folder, "*.h"))):
        with open(header, encoding="utf-8") as file:
            text = file.read()
        names += DECLARED.findall(text)
        for name in CLASSES.findall(text):
            names += [f"OBJC_CLASS_$_{name}", f"OBJC_METACLASS_$_{name}"]
    return names


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
              declared(name) + OF_FRAMEWORKS.get(name, []))
    libraries = {name: text.split() for name, text in LISTED.items()}
    libraries.update((name, declared(folder)) for name, folder in LIBRARIES.items())
    for name, symbols in libraries.items():
        write(f"{directory}/usr/lib/lib{name.partition('.')[0]}.tbd",
              f"/usr/lib/lib{name}.dylib", symbols)
    return search(directory)


def search(sdk):
    """The linker's options to find an SDK's frameworks and libraries."""
    return ["-F", os.path.join(sdk, "System/Library/Frameworks"),
            "-L", os.path.join(sdk, "usr/lib")]
