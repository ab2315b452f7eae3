/* SPDX-License-Identifier: ISC */
/* What all fuzz targets share. The unit suites enter through the same function. */
#ifndef SIGHTGLASS_T_FUZZ_TARGET_H
#define SIGHTGLASS_T_FUZZ_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Aborts where a promise is broken: the fuzzer's way to say so. */
static inline void
must(bool held)
{
	if (!held)
		abort();
}

static inline void
must_be_same(const struct buf *a, const struct buf *b)
{
	must(buf_length(a) == buf_length(b));
	must(buf_length(a) == 0 ||
	    memcmp(buf_data(a), buf_data(b), buf_length(a)) == 0);
}

/* What is printed to a terminal has no C0 but newlines, no DEL, and no C1 in UTF-8. */
static inline void
must_be_harmless(const uint8_t *p, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		must(p[i] >= 0x20 || p[i] == '\n');
		must(p[i] != 0x7f);
		must(p[i] != 0xc2 || (i + 1 < length && p[i + 1] >= 0xa0));
	}
}

#endif
