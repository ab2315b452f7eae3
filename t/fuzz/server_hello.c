/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/server_hello. However a server's bytes are cut, the reader
 * learns the same; and a body that parses says the same to the reader when each
 * of its bytes has a record of its own. Runs in the fuzzer and in the unit suite.
 */
#include "mitm/server_hello.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/fuzz/target.h"

#define SMALL_BYTES 1024u

/* Feeds pieces of `first`, then of `step` bytes until the reader is done. */
static int
feed(const uint8_t *bytes, size_t length, size_t first, size_t step,
    struct server_flight *f)
{
	int verdict = E_MORE;

	memset(f, 0, sizeof(*f));
	for (size_t at = 0, piece = first; at < length && verdict == E_MORE;) {
		if (piece > length - at)
			piece = length - at;
		verdict = server_flight_read(f, bytes + at, piece);
		at += piece;
		piece = step;
	}
	return verdict;
}

static void
check_same(const struct server_flight *a, const struct server_flight *b)
{
	must(a->seen == b->seen);
	must(memcmp(&a->hello, &b->hello, sizeof(a->hello)) == 0);
}

static void
check_hello(const struct server_hello *h)
{
	must(h->extension_count <= SERVER_HELLO_EXTENSIONS_MAX);
	must(!h->extensions_cut ||
	    h->extension_count == SERVER_HELLO_EXTENSIONS_MAX);
	must(server_hello_group_name(0) == NULL);
}

static void
check_flight(const uint8_t *bytes, size_t length)
{
	static struct server_flight whole, again;
	int verdict = feed(bytes, length, length, length, &whole);

	must(verdict == E_MORE || verdict == 0 || verdict == E_SYNTAX ||
	    verdict == E_LIMIT);
	must(verdict != 0 || whole.seen);
	if (whole.seen)
		check_hello(&whole.hello);
	must(feed(bytes, length, 1, 1, &again) == verdict);
	check_same(&whole, &again);
	for (size_t cut = 1; cut < length && cut < SMALL_BYTES; cut++) {
		must(feed(bytes, length, cut, length, &again) == verdict);
		check_same(&whole, &again);
	}
}

static void
put_byte(uint8_t byte, uint8_t *out, size_t *length)
{
	const uint8_t record[] = {22, 3, 3, 0, 1, byte};

	memcpy(out + *length, record, sizeof(record));
	*length += sizeof(record);
}

static void
check_body(const uint8_t *bytes, size_t length)
{
	static uint8_t records[SERVER_HELLO_BYTES_MAX * 6];
	static struct server_flight flight;
	struct server_hello hello;
	size_t made = 0;

	if (length > SERVER_HELLO_BYTES_MAX - 4 ||
	    server_hello_parse(bytes, length, &hello) != 0)
		return;
	check_hello(&hello);
	const uint8_t header[] = {2, 0, (uint8_t)(length >> 8), (uint8_t)length};
	for (size_t i = 0; i < sizeof(header); i++)
		put_byte(header[i], records, &made);
	for (size_t i = 0; i < length; i++)
		put_byte(bytes[i], records, &made);
	int verdict = feed(records, made, made, made, &flight);
	must(verdict == E_MORE || (verdict == 0 && hello.version >= 0x0304));
	must(flight.seen == !hello.retried);
	must(memcmp(&flight.hello, &hello, sizeof(hello)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	check_flight(bytes, length);
	check_body(bytes, length);
	if (length > 9) /* the body of the first record's message */
		check_body(bytes + 9, length - 9);
	return 0;
}
