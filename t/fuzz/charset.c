/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/charset: the first byte chooses the type, the rest is the text.
 * It comes out the same whole and a byte at a time, as UTF-8 where it is text, and as
 * it was where it is none. Runs in the fuzzer and in the unit suite.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "t/fuzz/charset_all.h"
#include "t/fuzz/target.h"

static const char *const types[] = {"", "application/json", "text/plain",
    "text/html", "application/xml", "text/html; charset=shift_jis",
    "text/plain;charset=iso-2022-jp", "text/plain; charset=\"utf-8\"",
    "text/css; charset=gb18030", "text/html; charset=utf-16be",
    "application/json; charset=windows-1251", "text/html; charset=nonsense"};

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const size_t pieces[] = {1, 5, 1023};
	struct buf whole, other;

	if (length == 0)
		return 0;
	const char *type = types[bytes[0] % ARRAY_LENGTH(types)];
	struct bytes text = {bytes + 1, length - 1};
	buf_init(&whole, SIZE_MAX);
	buf_init(&other, SIZE_MAX);
	struct charset c = charset_all(type, text, SIZE_MAX, &whole);
	size_t said = buf_length(&whole);
	must(!c.cut && c.rest_length == 0);
	if (c.state == CHARSET_CHECKING || c.state == CHARSET_CONVERTING)
		must(said == 0 || json_is_utf8(buf_data(&whole), said));
	else
		must(said <= text.length && (said == 0 || memcmp(buf_data(&whole),
		    text.data + text.length - said, said) == 0));
	for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++) {
		buf_clear(&other);
		struct charset same = charset_all(type, text, pieces[i], &other);
		must(same.name == c.name && same.replaced == c.replaced &&
		    buf_length(&other) == said && (said == 0 ||
		        memcmp(buf_data(&other), buf_data(&whole), said) == 0));
	}
	buf_free(&whole);
	buf_free(&other);
	return 0;
}
