/* SPDX-License-Identifier: ISC */
/*
 * What a flow resolves is kept, and a flow to an address has the names that were
 * resolved to it. They say what somebody asked for, and prove nothing: no decision is
 * made by them. Worker only.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mitm/dns_resolved.h"
#include "mitm/flow_parts.h"
#include "mitm/http_fields.h"

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

static struct bytes
text_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static bool
is_announced(struct flow *flow, const char *name)
{
	flow->announced = dns_names_announced(flow->host->dns_names, text_of(name),
	    flow->started_us);
	if (flow->announced == DNS_NAMES_H3_NO)
		return false;
	flow->announced_name = strdup(name);
	return true;
}

void
flow_find_announcement(struct flow *flow)
{
	const char *name = flow_server_name(flow);

	if (name != NULL && is_announced(flow, name))
		return;
	for (size_t i = 0; i < flow->resolved_count; i++) {
		if (is_announced(flow, flow->resolved[i].text))
			return;
	}
}

/* For the day that it lasts unless it says so; a server that takes it back has at most
 * one flow too many that says it. */
void
flow_keep_service(struct flow *flow, const struct http_exchange *exchange)
{
	const struct bytes *field = http_fields_find(exchange->response.fields,
	    exchange->response.field_count, "alt-svc");
	struct bytes host = record_http_host(&flow->facts, exchange);
	char name[DNS_NAME_TEXT_MAX];

	if (field == NULL || !http_has_word(*field, "h3") || host.length == 0 ||
	    host.length > sizeof(name))
		return;
	for (size_t i = 0; i < host.length; i++)
		name[i] = (char)tolower(host.data[i]);
	dns_names_announce(flow->host->dns_names,
	    (struct bytes){(const uint8_t *)name, host.length}, DNS_NAMES_H3_ALT_SVC,
	    flow->host->now_us, (uint64_t)DNS_NAMES_LIFE_S_MAX * 1000000);
}

static uint64_t
life_us(const struct flow *flow, uint32_t ttl_s)
{
	uint64_t life_s = ttl_s < DNS_NAMES_LIFE_S_MAX ? ttl_s : DNS_NAMES_LIFE_S_MAX;

	return life_s * 1000000 + flow->host->conf->dns_names_grace_ms * 1000;
}

/* What others ask, as with mDNS they do, is not this machine's. */
void
flow_keep_names(const struct flow *flow, const struct dns_transaction *t)
{
	struct dns_names *known = flow->host->dns_names;
	struct dns_resolved r;

	if (t->asked_by != FROM_CLIENT || !dns_resolved_read(t, &r))
		return;
	const struct bytes name = {(const uint8_t *)r.name, r.name_length};
	for (size_t i = 0; i < r.count; i++) {
		const struct dns_resolved_address *a = &r.addresses[i];

		dns_names_put(known, a->bytes, flow->application, name,
		    flow->host->now_us, life_us(flow, a->ttl_s));
	}
	if (r.has_h3)
		dns_names_announce(known, name, DNS_NAMES_H3_RECORD,
		    flow->host->now_us, life_us(flow, r.h3_ttl_s));
}
