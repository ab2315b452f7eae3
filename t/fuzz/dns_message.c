/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/dns_message: the bytes are a message. All text is printable and
 * in the arena's bounds, no more is told than the message has, and reading a beginning
 * of it tells a beginning of the same. Runs in the fuzzer and in the unit suite.
 */
#include "mitm/dns_message.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/fuzz/target.h"

#define ARENA_BYTES ((size_t)512 * 1024)
#define NAME_TEXT_MAX 1016u /* 254 bytes, each as \DDD */

static void
check_text(struct bytes text)
{
	for (size_t i = 0; i < text.length; i++)
		must(text.data[i] >= 0x20 && text.data[i] < 0x7f);
}

static void
check_name(struct bytes name)
{
	must(name.length > 0 && name.length <= NAME_TEXT_MAX);
	check_text(name);
}

static void
check_edns(const struct dns_edns *e)
{
	for (size_t i = 0; i < e->option_count; i++) {
		check_text(e->options[i].data);
		must(memchr(e->options[i].name, '\0', sizeof(e->options[i].name)) != NULL);
	}
}

static void
check_message(const struct dns_message *m)
{
	size_t said = (size_t)m->counts[1] + m->counts[2] + m->counts[3];

	must(m->record_count <= said && m->record_count * 11 <= m->bytes);
	must(m->malformed != NULL ||
	    m->record_count + (m->edns != NULL) == said);
	must(m->question == NULL || m->counts[0] > 0);
	if (m->question != NULL)
		check_name(m->question->name);
	for (size_t i = 0; i < m->record_count; i++) {
		must(i == 0 || m->records[i].section >= m->records[i - 1].section);
		check_name(m->records[i].name);
		check_text(m->records[i].data);
	}
	if (m->edns != NULL)
		check_edns(m->edns);
}

static void
check_beginning(const struct dns_message *whole, const uint8_t *bytes,
    size_t length)
{
	struct arena arena;
	struct dns_message m;

	arena_init(&arena, ARENA_BYTES);
	must(dns_message_read(bytes, length, &arena, &m) == 0);
	check_message(&m);
	must(m.record_count <= whole->record_count);
	for (size_t i = 0; i < m.record_count; i++)
		must(m.records[i].data.length == whole->records[i].data.length &&
		    memcmp(m.records[i].data.data, whole->records[i].data.data,
		        m.records[i].data.length) == 0);
	arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena arena;
	struct dns_message m;

	if (length > DNS_MESSAGE_BYTES_MAX)
		return 0;
	arena_init(&arena, ARENA_BYTES);
	int error = dns_message_read(bytes, length, &arena, &m);
	must(error == (length < DNS_HEADER_BYTES ? E_MORE : 0));
	if (error == 0) {
		check_message(&m);
		check_beginning(&m, bytes,
		    DNS_HEADER_BYTES + (length - DNS_HEADER_BYTES) / 2);
	}
	arena_free(&arena);
	return 0;
}
