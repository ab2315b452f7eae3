# SPDX-License-Identifier: ISC
"""The libraries that the programs link, built for macOS from their sources in Debian.

Each is compiled by its row of the table, against this machine's headers of it, which
are what our own files see; so their sources are of the same version. What was built is
kept in the cache, by that version, by the row, and by the compiler.
"""

import concurrent.futures
import glob
import hashlib
import os
import sys
import tempfile
from typing import Callable, List, NamedTuple, Tuple

import debian


class Library(NamedTuple):
    """A static library, and how to make it."""
    name: str
    package: str  # of this machine, that its headers are of
    tree: str  # what of the archive is needed
    sources: List[str]  # patterns, below that
    flags: List[str] = []
    prepare: Callable[[str], None] = lambda tree: None  # before it is compiled
    source: Tuple[str, str] = None  # another package with it, and from which version on


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


# What libevent's configure would find on macOS, as far as its core asks.
EVENT_HAS = """ARC4RANDOM ARC4RANDOM_BUF ARPA_INET_H CLOCK_GETTIME DECL_CTL_KERN ERRNO_H
    FCNTL FCNTL_H FD_MASK GETADDRINFO GETEGID GETEUID GETIFADDRS GETNAMEINFO
    GETPROTOBYNUMBER GETSERVBYNAME GETTIMEOFDAY IFADDRS_H INET_NTOP INET_PTON INTTYPES_H
    ISSETUGID KQUEUE MACH_ABSOLUTE_TIME MACH_MACH_H MACH_MACH_TIME_H MMAP NANOSLEEP NETDB_H
    NETINET_IN_H NETINET_TCP_H PIPE POLL POLL_H PTHREADS PUTENV SA_FAMILY_T SELECT SENDFILE
    SETENV SETFD SETRLIMIT SIGACTION SIGNAL STDARG_H STDDEF_H STDINT_H STDLIB_H STRING_H
    STRLCPY STRSEP STRTOK_R STRTOLL STRUCT_ADDRINFO STRUCT_IN6_ADDR STRUCT_LINGER
    STRUCT_SOCKADDR_IN6 STRUCT_SOCKADDR_IN6_SIN6_LEN STRUCT_SOCKADDR_IN_SIN_LEN
    STRUCT_SOCKADDR_STORAGE STRUCT_SOCKADDR_STORAGE_SS_FAMILY STRUCT_SOCKADDR_UN SYSCTL
    SYS_EVENT_H SYS_IOCTL_H SYS_MMAN_H SYS_PARAM_H SYS_QUEUE_H SYS_RESOURCE_H SYS_SELECT_H
    SYS_SOCKET_H SYS_STAT_H SYS_SYSCTL_H SYS_TIME_H SYS_TYPES_H SYS_UIO_H
    SYS_UN_H SYS_WAIT_H TAILQFOREACH TIMERADD TIMERCLEAR TIMERCMP TIMERISSET UINT16_T
    UINT32_T UINT64_T UINT8_T UINTPTR_T UMASK UNISTD_H UNSETENV USLEEP VASPRINTF
    WORKING_KQUEUE""".split()
EVENT_SIZES = {"INT": 4, "LONG": 8, "LONG_LONG": 8, "OFF_T": 8, "PTHREAD_T": 8, "SHORT": 2,
               "SIZE_T": 8, "SOCKLEN_T": 4, "SSIZE_T": 8, "TIME_T": 8, "VOID_P": 8}


def configure_event(tree):
    config = [f"#define EVENT__HAVE_{name} 1" for name in EVENT_HAS]
    config += [f"#define EVENT__SIZEOF_{name} {size}" for name, size in EVENT_SIZES.items()]
    write(f"{tree}/include/event2/event-config.h", "\n".join(
        ["#pragma once", '#define EVENT__VERSION ""', "#define EVENT__NUMERIC_VERSION 0",
         *config, ""]))
    write(f"{tree}/evconfig-private.h", "")


def configure_pcre2(tree):
    for ready, name in [("config.h.generic", "config.h"),
                        ("pcre2_chartables.c.dist", "pcre2_chartables.c")]:
        os.rename(f"{tree}/{ready}", f"{tree}/{name}")


EVENT_CORE = """buffer.c bufferevent.c bufferevent_filter.c bufferevent_pair.c
    bufferevent_ratelim.c bufferevent_sock.c event.c evmap.c evthread.c evutil.c
    evutil_rand.c evutil_time.c kqueue.c listener.c log.c poll.c select.c signal.c
    strlcpy.c""".split()

LIBRARIES = [
    Library("mbedtls", "libmbedtls-dev", "library", ["*.c"]),
    # Its own source package has no C, which is generated: node's has it.
    Library("llhttp", "libllhttp-dev", "deps/llhttp", ["src/*.c"],
            source=("nodejs", "20.13")),
    Library("nghttp2", "libnghttp2-dev", "lib", ["*.c"],
            ["-DHAVE_ARPA_INET_H", "-DHAVE_NETINET_IN_H"]),
    Library("zlib", "zlib1g-dev", "", ["*.c"], ["-DHAVE_UNISTD_H"]),
    Library("brotli", "libbrotli-dev", "c", ["common/*.c", "dec/*.c"]),
    Library("zstd", "libzstd-dev", "lib",
            ["common/*.c", "compress/*.c", "decompress/*.c"], ["-DZSTD_DISABLE_ASM"]),
    Library("xxhash", "libxxhash-dev", "", ["xxhash.c"]),
    Library("yaml", "libyaml-dev", "src", ["*.c"],
            ["-DYAML_VERSION_MAJOR=0", "-DYAML_VERSION_MINOR=2", "-DYAML_VERSION_PATCH=0",
             '-DYAML_VERSION_STRING="0.2"']),
    # Without what its other files include.
    Library("pcre2", "libpcre2-dev", "src",
            ["pcre2_[!djpu]*.c", "pcre2_dfa_match.c", "pcre2_jit_compile.c",
             "pcre2_pattern_info.c", "pcre2_ucd.c"],
            ["-DHAVE_CONFIG_H", "-DPCRE2_CODE_UNIT_WIDTH=8", "-DSUPPORT_UNICODE"],
            configure_pcre2),
    Library("event", "libevent-dev", "", EVENT_CORE, ["-Iinclude"], configure_event),
    Library("yyjson", "libyyjson-dev", "src", ["*.c"]),
]


def installed(library):
    """(source package, version) of its headers."""
    found = debian.package_version(library.package)
    if not found:
        sys.exit(f"link-darwin: {library.package} is not installed (./bootstrap)")
    return found


def place(library, compiler, cache):
    """The folder of what is built of it."""
    row = [*library[:5], EVENT_HAS, compiler.identity()]
    digest = hashlib.sha256(repr(row).encode()).hexdigest()[:8]
    return os.path.join(cache, "libraries",
                        f"{library.name}-{installed(library)[1]}-{digest}")


def bring(library, sources, directory):
    """Unpacks its sources."""
    package, version = installed(library)

    def fits(other):
        if library.source:
            return debian.is_at_least(other, library.source[1])
        return debian.upstream(other) == debian.upstream(version)

    sources.unpack(library.source[0] if library.source else package, fits,
                   library.tree, directory)
    library.prepare(directory)


def compile_all(wanted, compiler, headers, directory, jobs):
    """Compiles the unpacked, for each processor; what it says of those that failed."""
    work = []
    for library, arch, _ in wanted:
        tree = os.path.join(directory, library.name)
        paths = {path for pattern in library.sources
                 for path in glob.glob(os.path.join(tree, pattern))}
        work += [(library, arch, tree, path) for path in sorted(paths)]

    def one(job):
        library, arch, tree, path = job
        return compiler.cc(arch, "-w", *library.flags, "-isystem", headers, "-c", path,
                           "-o", f"{path}.{arch}.o", cwd=tree)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return [done.stderr for done in pool.map(one, work) if done.returncode]


def make(wanted, compiler, headers, jobs):
    """Makes the archives of [(library, processor, path)]."""
    unique = list({library.name: library for library, _, _ in wanted}.values())
    print("link-darwin: building", *(library.name for library in unique), flush=True)
    with tempfile.TemporaryDirectory() as directory:
        try:
            with debian.Sources() as sources:
                for library in unique:
                    bring(library, sources, os.path.join(directory, library.name))
        except debian.Missing as error:
            sys.exit(f"link-darwin: {error}")
        failures = compile_all(wanted, compiler, headers, directory, jobs)
        if failures:
            sys.exit("link-darwin: a library does not compile:\n" + failures[0])
        for library, arch, path in wanted:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            done = compiler.archive(path, glob.glob(
                f"{directory}/{library.name}/**/*.{arch}.o", recursive=True))
            if done.returncode:
                sys.exit(f"link-darwin: {library.name}: {done.stderr}")


def build(compiler, headers, cache, arches, jobs):
    """The static libraries, {processor: [path]}; makes those that are missing."""
    found = [(library, arch, os.path.join(folder, f"{arch}.a"))
             for library in LIBRARIES for folder in [place(library, compiler, cache)]
             for arch in arches]
    wanted = [entry for entry in found if not os.path.exists(entry[2])]
    if wanted:
        make(wanted, compiler, headers, jobs)
    return {arch: [path for _, of, path in found if of == arch] for arch in arches}
