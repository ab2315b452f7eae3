/* SPDX-License-Identifier: ISC */
/* Texts through a redactor, by pieces. Fuzz targets and unit suites only. */
#include "t/fuzz/redact_all.h"

#include <stdlib.h>

struct redact_rules *
redact_fields(const char *const *names, size_t count)
{
	struct conf conf = {
	    .capture_redact_fields = {.items = (char **)names, .count = count}};
	struct conf_error error;
	struct redact_rules *rules = redact_rules_new(&conf, &error);

	if (rules == NULL)
		abort();
	return rules;
}

struct redacted
redact_all(const struct redact_rules *rules, enum redact_form form,
    struct bytes text, size_t piece_bytes, struct buf *out)
{
	struct redactor r;

	if (form == REDACT_MULTIPART)
		redactor_init_multipart(&r, rules,
		    (struct bytes){(const uint8_t *)REDACT_ALL_BOUNDARY, 1});
	else
		redactor_init(&r, rules, form);
	while (text.length > 0) {
		size_t length = text.length < piece_bytes ? text.length : piece_bytes;
		redactor_feed(&r, (struct bytes){text.data, length}, out);
		text.data += length;
		text.length -= length;
	}
	redactor_end(&r, out);
	return r.met;
}
