/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/dns: segments of a stream, or datagrams: a byte with the
 * direction, its length (two bytes), and the bytes. Bit 0 of the first byte of all
 * chooses. Every question is told once, with its answer or without; a stream tells the
 * same however it is cut. Runs in the fuzzer and in the unit suite.
 */
#include "mitm/dns.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "t/fuzz/target.h"

#define MEMORY_BYTES 4096u /* less than so many questions may hold */
#define QUESTIONS 8u
#define OUT_BYTES_MAX ((size_t)64 * 1024 * 1024)

static void
note(void *context, const struct dns_transaction *t)
{
	const struct dns_message *m = t->query != NULL ? t->query : t->response;

	must(m != NULL && t->asked_us <= t->answered_us);
	must(t->query == NULL || !t->query->is_response);
	must((t->response != NULL) == (t->response_messages > 0));
	must(t->response == NULL || t->response->is_response);
	must(t->response == NULL || t->query == NULL ||
	    t->response->id == t->query->id);
	must(t->query != NULL || t->incomplete != NULL);
	must(t->response_bytes >= t->response_messages * 12);
	must(buf_printf(context, "%u %" PRIu64 " %" PRIu64 " %u %d %s\n", m->id,
	    t->answers, t->response_messages, t->retransmissions, t->asked_by,
	    t->incomplete != NULL ? t->incomplete : "") == 0);
}

static bool
feed(struct dns *d, enum direction direction, const uint8_t *bytes, size_t length,
    size_t step)
{
	bool reads = true;

	for (size_t at = 0; reads && at < length; at += step)
		reads = dns_feed(d, direction, bytes + at,
		    length - at < step ? length - at : step, 1000);
	return reads;
}

static void
play(const uint8_t *bytes, size_t length, size_t step, struct buf *out)
{
	static const struct sockaddr_storage server;
	struct dns_memory memory;
	const struct dns_limits limits = {.questions = QUESTIONS,
	    .timeout_us = 1000000, .memory = &memory};
	const struct tap_sink sink = {.context = out, .dns = note};
	dns_memory_init(&memory, MEMORY_BYTES);
	struct dns *d = dns_new(&limits, &sink);
	bool streams = (bytes[0] & 1) != 0, reads = true;

	must(d != NULL);
	buf_init(out, OUT_BYTES_MAX);
	for (size_t at = 1; reads && length - at >= 3;) {
		enum direction direction = (enum direction)(bytes[at] & 1);
		size_t segment = (size_t)bytes[at + 1] << 8 | bytes[at + 2];
		at += 3;
		if (segment > length - at)
			segment = length - at;
		if (streams)
			reads = feed(d, direction, bytes + at, segment, step);
		else
			must(dns_datagram(d, direction, bytes + at, segment, &server,
			    1000) == (segment >= 12));
		at += segment;
	}
	must(dns_due_us(d) == 0 || dns_due_us(d) == 1001000);
	dns_finish(d, 1000);
	must(dns_due_us(d) == 0);
	dns_free(d);
	must(memory.bytes == 0 && TAILQ_EMPTY(&memory.by_time));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct buf whole, cut;

	if (length == 0)
		return 0;
	play(bytes, length, length, &whole);
	play(bytes, length, 1, &cut);
	must_be_same(&whole, &cut);
	buf_free(&whole);
	buf_free(&cut);
	return 0;
}
