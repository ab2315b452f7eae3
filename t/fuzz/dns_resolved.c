/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/dns_resolved: the bytes are an answer, whose own question was
 * asked. The name is the question's, in lower case, and there are no more addresses
 * than there can be. Runs in the fuzzer and in the unit suite.
 */
#include "mitm/dns_resolved.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "mitm/dns_message.h"
#include "t/fuzz/target.h"

#define ARENA_BYTES ((size_t)512 * 1024)

static void
check(const struct dns_message *m, const struct dns_resolved *r)
{
	const struct bytes *asked = &m->question->name;

	must((r->count > 0 || r->has_h3) && r->count <= DNS_RESOLVED_MAX);
	must(r->name_length > 0 && r->name_length <= asked->length);
	must(strncasecmp((const char *)asked->data + asked->length - r->name_length,
	    r->name, r->name_length) == 0);
	for (size_t i = 0; i < r->name_length; i++)
		must(r->name[i] < 'A' || r->name[i] > 'Z');
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena;
	struct dns_message m;
	struct dns_resolved r;

	arena_init(&arena, ARENA_BYTES);
	if (length <= DNS_MESSAGE_BYTES_MAX &&
	    dns_message_read(bytes, length, &arena, &m) == 0) {
		const struct dns_transaction t = {.query = &m, .response = &m};

		if (dns_resolved_read(&t, &r))
			check(&m, &r);
	}
	arena_free(&arena);
	return 0;
}
