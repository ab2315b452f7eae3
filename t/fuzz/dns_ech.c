/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/dns_ech: the bytes are a message. Where nothing is found nothing
 * changes; else only data of SVCB and HTTPS records do, these read as well as before,
 * none has the parameter any more, and once more changes nothing. Runs in the fuzzer
 * and in the unit suite.
 */
#include "mitm/dns_ech.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "mitm/dns_message.h"
#include "mitm/dns_text.h"
#include "mitm/dns_types.h"
#include "t/fuzz/target.h"

#define ARENA_BYTES ((size_t)1024 * 1024)

static bool
is_service(uint16_t type)
{
	return type == DNS_TYPE_SVCB || type == DNS_TYPE_HTTPS;
}

/* The bytes outside of the data of services are the same. */
static void
check_outside(const uint8_t *before, const uint8_t *after, size_t length)
{
	struct dns_cursor c = {.message = {before, length}, .end = length, .at = 4};
	unsigned counts[4];
	size_t from = 0;

	for (size_t i = 0; i < 4; i++)
		counts[i] = dns_take_uint16(&c);
	for (; counts[0] > 0 && c.error == 0; counts[0]--) {
		dns_skip_name(&c);
		(void)dns_take_uint32(&c);
	}
	for (unsigned i = counts[1] + counts[2] + counts[3]; i > 0 && c.error == 0;
	     i--) {
		dns_skip_name(&c);
		uint16_t type = dns_take_uint16(&c);
		(void)dns_take_uint16(&c);
		(void)dns_take_uint32(&c);
		uint16_t bytes = dns_take_uint16(&c);
		if (dns_take(&c, bytes) == NULL || !is_service(type))
			continue;
		must(memcmp(before + from, after + from, c.at - bytes - from) == 0);
		from = c.at;
	}
	must(memcmp(before + from, after + from, length - from) == 0);
}

static bool
has_text(struct bytes text, const char *wanted)
{
	size_t length = strlen(wanted);

	for (size_t i = 0; i + length <= text.length; i++) {
		if (memcmp(text.data + i, wanted, length) == 0)
			return true;
	}
	return false;
}

/* Names may point into what is changed, so they are not compared. */
static void
check_read(const uint8_t *before, const uint8_t *after, size_t length)
{
	struct arena old_arena, new_arena;
	struct dns_message old, new;

	arena_init(&old_arena, ARENA_BYTES);
	arena_init(&new_arena, ARENA_BYTES);
	must(dns_message_read(before, length, &old_arena, &old) == 0 &&
	    dns_message_read(after, length, &new_arena, &new) == 0);
	for (size_t i = 0; old.malformed == NULL && new.malformed == NULL &&
	     i < old.record_count; i++) {
		const struct dns_record *r = &new.records[i];
		must(r->type_number == old.records[i].type_number);
		if (is_service(r->type_number) && r->data.data[0] != '\\')
			must(!has_text(r->data, " ech=A"));
	}
	arena_free(&old_arena);
	arena_free(&new_arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	uint8_t *changed = malloc(length + 1);

	must(changed != NULL);
	if (length > 0)
		memcpy(changed, bytes, length);
	bool found = dns_ech_has(bytes, length);
	dns_ech_remove(changed, length);
	must(found || length == 0 || memcmp(bytes, changed, length) == 0);
	if (found) {
		must(memcmp(bytes, changed, length) != 0);
		must(!dns_ech_has(changed, length));
		check_outside(bytes, changed, length);
		check_read(bytes, changed, length);
	}
	free(changed);
	return 0;
}
