/* SPDX-License-Identifier: ISC */
/*
 * Feeds a module's seed corpus to its fuzz target, so that the suites and the
 * fuzzer enter at the same door. Unit suites only.
 */
#ifndef SIGHTGLASS_T_UNIT_CORPUS_H
#define SIGHTGLASS_T_UNIT_CORPUS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* The target, in t/fuzz/<module>.c. It aborts when an invariant is broken. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* The path of a file of the source tree ("t/corpus/h1"), which the caller frees:
 * below $srcdir, which the test driver sets, else below the working directory. */
char *corpus_path(const char *name) WUNRES NONNULL(1);

/* Reads a file of the source tree whole, with a NUL behind it; the caller frees
 * it. Aborts when it cannot be read. */
char *corpus_read(const char *name, size_t *length) WUNRES NONNULL(1, 2);

/* Writes such a file anew. Aborts when it cannot. */
void corpus_write(const char *name, const uint8_t *bytes, size_t length)
    NONNULL(1);

/* Feeds every file in t/corpus/<module>; returns how many there were. */
size_t corpus_run(const char *module) WUNRES NONNULL(1);

#endif
