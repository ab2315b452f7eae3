/* SPDX-License-Identifier: ISC */
/*
 * What a flow resolves is kept, and a flow to an address has the names that were
 * resolved to it. They say what somebody asked for, and prove nothing: no decision is
 * made by them. Worker only.
 */
#include <stdlib.h>
#include <string.h>

#include "mitm/dns_resolved.h"
#include "mitm/flow.h"

#define NAMES_MAX_TOLD 8u

/* Whatever the application is known by to the rules of the policy. */
static const char *
identity(const struct flow_header *h)
{
	return h->signing_id[0] != '\0' ? h->signing_id : h->executable;
}

void
flow_find_names(struct flow *flow)
{
	const struct dns_names *known = flow->host->dns_names;
	struct dns_name found[NAMES_MAX_TOLD];
	uint8_t address[DNS_ADDRESS_BYTES];

	flow->application = dns_names_application(known, identity(flow->header));
	if (!dns_names_address(&flow->header->destination, address))
		return;
	size_t count = dns_names_find(known, address, flow->application,
	    flow->started_us, found, NAMES_MAX_TOLD);
	if (count == 0)
		return;
	flow->resolved = calloc(count, sizeof(*flow->resolved));
	if (flow->resolved == NULL)
		return; /* the flow goes on without */
	memcpy(flow->resolved, found, count * sizeof(*found));
	flow->resolved_count = count;
}

/* What others ask, as with mDNS they do, is not this machine's. */
void
flow_keep_names(const struct flow *flow, const struct dns_transaction *t)
{
	struct dns_names *known = flow->host->dns_names;
	uint64_t grace_us = flow->host->conf->dns_names_grace_ms * 1000;
	struct dns_resolved r;

	if (t->asked_by != FROM_CLIENT || !dns_resolved_read(t, &r))
		return;
	const struct bytes name = {(const uint8_t *)r.name, r.name_length};
	for (size_t i = 0; i < r.count; i++) {
		const struct dns_resolved_address *a = &r.addresses[i];
		uint64_t ttl_s = a->ttl_s < DNS_NAMES_LIFE_S_MAX ? a->ttl_s
		                                                 : DNS_NAMES_LIFE_S_MAX;

		dns_names_put(known, a->bytes, flow->application, name,
		    flow->host->now_us, ttl_s * 1000000 + grace_us);
	}
}
