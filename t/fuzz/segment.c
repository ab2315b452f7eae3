/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of log/segment: the input is a file that a dead writer left (or
 * anything else). What repair makes of it is a sealed segment: it needs no
 * second repair, holds as many records as were promised, and, unless damaged
 * frames were left inside, zstd decodes it from end to end. Runs in the fuzzer
 * and in the unit suite.
 */
#include "log/segment.h"
#include "log/segment_index.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/err.h"
#include "t/fuzz/target.h"

/* Decodes all frames; returns how many newlines there were. */
static uint64_t
decode_all(const uint8_t *file, size_t length)
{
	static uint8_t text[256 * 1024];
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	ZSTD_inBuffer input = {file, length, 0};
	uint64_t newlines = 0;
	size_t result = 0;
	bool more = true;

	while (input.pos < input.size || more) {
		ZSTD_outBuffer output = {text, sizeof(text), 0};
		result = ZSTD_decompressStream(zstd, &output, &input);
		must(!ZSTD_isError(result));
		more = output.pos == output.size;
		for (size_t i = 0; i < output.pos; i++)
			newlines += text[i] == '\n';
	}
	must(result == 0);
	ZSTD_freeDCtx(zstd);
	return newlines;
}

static void
check_repaired(const uint8_t *file, size_t length,
    const struct segment_repair *first)
{
	struct segment_repair again;

	must(segment_repair(file, length, &again) == 0);
	must(again.keep_bytes == length && buf_length(&again.tail) == 0);
	must(again.lost_bytes == 0);
	must(again.records == first->records);
	must(again.bad_frames == 0 || first->bad_frames > 0);
	if (again.bad_frames == 0)
		must(decode_all(file, length) <= first->records);
	buf_free(&again.tail);
}

/* What a file says of its frames adds up, and of one that was just sealed it says
 * how many records it has. */
static void
check_index(const uint8_t *file, size_t length,
    const struct segment_repair *repair)
{
	struct segment_index index;
	uint64_t bytes = 0, lines = 0;
	size_t need = 0;

	int error = segment_index_read(file, length, length, &index, &need);
	must(error == 0 || error == E_NOTFOUND || error == E_CORRUPT ||
	    error == E_NOMEM);
	must(buf_length(&repair->tail) == 0 || error == 0);
	for (size_t i = 0; i < index.count; i++) {
		must(index.frames[i].offset == bytes);
		bytes += index.frames[i].bytes;
		lines += index.frames[i].lines;
	}
	must(bytes <= length);
	must(buf_length(&repair->tail) == 0 || lines == repair->records);
	segment_index_free(&index);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct segment_repair repair;
	int error = segment_repair(bytes, length, &repair);

	must(error == 0 || error == E_NOMEM);
	if (error == 0) {
		must(repair.keep_bytes <= length);
		size_t tail = buf_length(&repair.tail);
		uint8_t *file = malloc(repair.keep_bytes + tail + 1);
		must(file != NULL);
		memcpy(file, bytes, repair.keep_bytes);
		if (tail > 0)
			memcpy(file + repair.keep_bytes, buf_data(&repair.tail),
			    tail);
		check_repaired(file, repair.keep_bytes + tail, &repair);
		check_index(file, repair.keep_bytes + tail, &repair);
		free(file);
	}
	buf_free(&repair.tail);
	return 0;
}
