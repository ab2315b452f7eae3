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

#endif
