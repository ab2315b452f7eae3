/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of the lines for a person; the unit suite calls it too. What must
 * hold: each line of the input comes out as whole lines or as nothing, and no
 * byte of it steers a terminal, whatever the options are.
 */
#include "cli/pretty.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/safe.h"
#include "t/fuzz/target.h"

#define PAGE_BYTES_MAX (16u * 1024 * 1024)

/* No line of a record is wider than the terminal. */
static void
fits(const struct pretty *p, const uint8_t *page, size_t length)
{
	if (p->width == 0)
		return;
	for (size_t i = 0; i < length;) {
		const uint8_t *newline = memchr(page + i, '\n', length - i);
		size_t n = (size_t)(newline - (page + i));
		must(safe_width((const char *)page + i, n) <= p->width);
		i += n + 1;
	}
}

static void
show(struct pretty *p, const uint8_t *line, size_t length)
{
	char *copy = malloc(length > 0 ? length : 1);
	struct buf page;

	must(copy != NULL);
	memcpy(copy, line, length);
	buf_init(&page, PAGE_BYTES_MAX);
	int error = pretty_record(p, copy, length, &page);
	must(error == 0 || error == E_SYNTAX);
	size_t n = buf_length(&page);
	must(n == 0 || buf_data(&page)[n - 1] == '\n');
	must_be_harmless(buf_data(&page), n);
	if (error == 0) /* what is no record is shown as it is */
		fits(p, buf_data(&page), n);
	buf_free(&page);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct pretty all = {.utc = true, .detail = 2};
	struct pretty requests = {.utc = true, .requests_only = true};
	struct pretty narrow = {.utc = true, .dated = true, .width = 40};

	if (length > PAGE_BYTES_MAX / 64)
		return 0;
	for (size_t at = 0; at < length;) {
		const uint8_t *newline = memchr(bytes + at, '\n', length - at);
		size_t n = newline == NULL ? length - at
		                           : (size_t)(newline - (bytes + at));
		show(&all, bytes + at, n);
		show(&requests, bytes + at, n);
		show(&narrow, bytes + at, n);
		at += n + 1;
	}
	return 0;
}
