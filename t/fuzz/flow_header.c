/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of the bridge's codec; the unit suite calls it too. The input is
 * read as a header and as datagram frames. What must hold: cut anywhere, the
 * answer is E_MORE or already the final one; nothing behind the given length is
 * read; what was read can be written and reads the same again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "extension-bridge/flow_header.h"
#include "t/fuzz/target.h"

/* Parses a copy that is exactly `length` bytes long, where a checker sees the
 * first byte too many. */
static int
parse_exact(const uint8_t *bytes, size_t length, struct flow_header *h)
{
	uint8_t *copy = malloc(length > 0 ? length : 1);

	must(copy != NULL);
	memcpy(copy, bytes, length);
	int used = flow_header_parse(copy, length, h);
	free(copy);
	return used;
}

static void
header_cut_everywhere(const uint8_t *bytes, size_t length, int whole)
{
	struct flow_header untouched, h;

	memset(&untouched, 0xA5, sizeof(untouched));
	memset(&h, 0xA5, sizeof(h));
	for (size_t cut = 0; cut < length; cut++) {
		if (whole > 0 && cut >= (size_t)whole)
			break;
		int used = cut < 128 ? parse_exact(bytes, cut, &h) :
		    flow_header_parse(bytes, cut, &h);
		must(used == E_MORE || used == whole);
		must(used < 0);
		must(memcmp(&h, &untouched, sizeof(h)) == 0);
	}
}

static void
header_round_trip(const struct flow_header *h)
{
	uint8_t bytes[FLOW_HEADER_BYTES_MAX];
	struct flow_header again;

	int length = flow_header_write(h, bytes, sizeof(bytes));
	must(length > 0);
	must(flow_header_write(h, bytes, (size_t)length - 1) == E_FULL);
	must(flow_header_parse(bytes, (size_t)length, &again) == length);
	again.version = h->version; /* the writer always tells its own */
	must(again.transport == h->transport);
	must(memcmp(&again.source, &h->source, sizeof(h->source)) == 0);
	must(memcmp(&again.destination, &h->destination,
	    sizeof(h->destination)) == 0);
	must(again.alternate_count == h->alternate_count);
	must(memcmp(again.alternates, h->alternates, sizeof(h->alternates)) == 0);
	must(again.unique_id_length == h->unique_id_length);
	must(memcmp(again.unique_id, h->unique_id, h->unique_id_length) == 0);
	must(again.has_pid == h->has_pid && again.pid == h->pid);
	must(again.has_uid == h->has_uid && again.uid == h->uid);
	must(strcmp(again.authority, h->authority) == 0);
	must(strcmp(again.executable, h->executable) == 0);
	must(strcmp(again.signing_id, h->signing_id) == 0);
	must(strcmp(again.team_id, h->team_id) == 0);
	must(strcmp(again.forwarder, h->forwarder) == 0);
	must(again.prefix_bytes == h->prefix_bytes);
	must(again.interface == h->interface);
	must(again.has_audit_token == h->has_audit_token);
	must(memcmp(again.audit_token, h->audit_token,
	    sizeof(h->audit_token)) == 0);
}

static void
datagrams(const uint8_t *bytes, size_t length)
{
	struct flow_datagram d, again;

	for (int used; length > 0; bytes += used, length -= (size_t)used) {
		used = flow_datagram_parse(bytes, length, &d);
		must(used != 0);
		if (used < 0)
			return;
		must((size_t)used <= length);
		must(d.payload + d.length == bytes + used);
		must(flow_datagram_parse(bytes, (size_t)used - 1, &again) ==
		    E_MORE);

		uint8_t *frame = malloc(FLOW_DATAGRAM_HEADER_MAX + d.length);
		must(frame != NULL);
		int head = flow_datagram_write(&d, frame);
		must(head > 0);
		memcpy(frame + head, d.payload, d.length);
		must(flow_datagram_parse(frame, (size_t)head + d.length,
		    &again) == head + (int)d.length);
		must(memcmp(&again.address, &d.address, sizeof(d.address)) == 0);
		must(again.length == d.length);
		free(frame);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct flow_header h;

	int used = parse_exact(bytes, length, &h);
	must(used != 0 && (used < 0 || (size_t)used <= length));
	header_cut_everywhere(bytes, length, used);
	if (used > 0)
		header_round_trip(&h);
	datagrams(bytes, length);
	return 0;
}
