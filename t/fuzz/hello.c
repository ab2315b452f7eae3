/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/hello. Of what parses: every shorter piece of it asks for
 * more, what follows it changes nothing, and the same handshake cut into records
 * of one byte says the same, and so when those are joined. Runs in the fuzzer and
 * in the unit suite.
 */
#include "mitm/hello.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/fuzz/target.h"

#define SMALL_BYTES 2048u

/* The handshake message in the first `end` bytes, without record headers. */
static size_t
flatten(const uint8_t *bytes, size_t end, uint8_t *out)
{
	size_t held = 0;

	for (size_t at = 0; at < end;) {
		size_t record = (size_t)bytes[at + 3] << 8 | bytes[at + 4];
		memcpy(out + held, bytes + at + 5, record);
		held += record;
		at += 5 + record;
	}
	return 4 + ((size_t)out[1] << 16 | (size_t)out[2] << 8 | out[3]);
}

static void
check_fragments(const uint8_t *bytes, size_t end, const struct hello *whole)
{
	static uint8_t message[HELLO_BYTES_MAX], cut[HELLO_BYTES_MAX];
	size_t length = flatten(bytes, end, message), at = 0;
	struct hello again;

	if (length * 6 > HELLO_BYTES_MAX)
		return;
	for (size_t i = 0; i < length; i++) {
		const uint8_t record[] = {22, 3, 1, 0, 1, message[i]};
		memcpy(cut + at, record, sizeof(record));
		at += sizeof(record);
	}
	must(hello_parse(cut, at, &again) == (int)at);
	must(memcmp(&again, whole, sizeof(again)) == 0);
	size_t free_bytes = hello_join(cut, at);
	must(at - free_bytes == 5 + length);
	must(memcmp(cut + free_bytes + 5, message, length) == 0);
	must(hello_parse(cut + free_bytes, 5 + length, &again) == (int)(5 + length));
	must(memcmp(&again, whole, sizeof(again)) == 0);
}

static bool
is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

static size_t
check_list(const struct hello *h, const struct hello_list *list)
{
	must((size_t)list->at + list->count <= HELLO_OFFERS_MAX);
	for (size_t i = 0; i < list->count; i++)
		must(!is_grease(hello_values(h, list)[i]));
	return list->count;
}

/* The lists fill their place without a gap, or a value would be in two. */
static void
check_lists(const struct hello *h)
{
	const struct hello_list *const lists[] = {&h->suites, &h->extensions,
	    &h->versions, &h->groups, &h->point_formats, &h->schemes};
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(lists); i++) {
		must(lists[i]->count == 0 || lists[i]->at == count);
		count += check_list(h, lists[i]);
	}
	must(count <= HELLO_OFFERS_MAX);
	must(!h->offers_cut || count == HELLO_OFFERS_MAX);
}

static void
check_hello(const struct hello *h)
{
	must(memchr(h->server_name, 0, HELLO_NAME_BYTES) != NULL);
	must(!h->server_name_unusable || h->server_name[0] == '\0');
	must(h->alpn_count <= HELLO_ALPN_MAX);
	must(h->alpn_count == 0 || h->alpn_named);
	check_lists(h);
	for (size_t i = 0; i < h->alpn_count; i++)
		must(h->alpn[i][0] != '\0' && strlen(h->alpn[i]) < HELLO_NAME_BYTES);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct hello whole, again;
	int end = hello_parse(bytes, length, &whole);
	int sniffed = hello_sniff(bytes, length);

	must(sniffed == 0 || sniffed == 1 || (sniffed == E_MORE && length < 6));
	if (end <= 0) {
		must(end == E_MORE || end == E_SYNTAX || end == E_LIMIT);
		return 0;
	}
	must((size_t)end <= length && (size_t)end <= HELLO_BYTES_MAX);
	check_hello(&whole);
	must(hello_parse(bytes, (size_t)end, &again) == end);
	must(memcmp(&again, &whole, sizeof(again)) == 0);
	for (size_t cut = 0; cut < (size_t)end && cut < SMALL_BYTES; cut++)
		must(hello_parse(bytes, cut, &again) == E_MORE);
	check_fragments(bytes, (size_t)end, &whole);
	return 0;
}
