/* SPDX-License-Identifier: ISC */
/*
 * Records of dataset dns: one a transaction. Four members stand at the top, whatever
 * the transport: dns_hostname, dns_query_type, dns_response_code (where there is an
 * answer) and dns_answer_number. Pure; worker.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>

#include "base/err.h"
#include "base/json.h"
#include "log/record_line.h"

#define NAME_TEXT_MAX 1016u /* 254 bytes, each as \DDD */
#define TYPE_A 1u
#define TYPE_AAAA 28u

/* How much of the records finds room in the line. */
enum detail { DETAIL_ALL, DETAIL_ANSWERS, DETAIL_NONE };

static void
put_bytes(struct json *j, const char *key, struct bytes text)
{
	json_string(j, key, text.data, text.length);
}

/* What was asked, which an answer repeats. */
static const struct dns_question *
question_of(const struct dns_transaction *t)
{
	if (t->query != NULL && t->query->question != NULL)
		return t->query->question;
	return t->response != NULL ? t->response->question : NULL;
}

/* --- the four at the top --- */

static void
put_lower(struct json *j, const char *key, struct bytes name)
{
	char lower[NAME_TEXT_MAX];
	size_t length = name.length < sizeof(lower) ? name.length : sizeof(lower);

	for (size_t i = 0; i < length; i++) {
		uint8_t byte = name.data[i];
		lower[i] = (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
	}
	json_string(j, key, lower, length);
}

static void
put_top(struct json *j, const struct dns_transaction *t)
{
	const struct dns_question *q = question_of(t);

	if (q != NULL) {
		put_lower(j, "dns_hostname", q->name);
		json_text(j, "dns_query_type", q->type);
	}
	if (t->response != NULL)
		json_text(j, "dns_response_code", t->response->rcode);
	json_uint(j, "dns_answer_number", t->answers);
}

/* --- dns, by ECS --- */

static void
put_question(struct json *j, const struct dns_question *q)
{
	if (q == NULL)
		return;
	json_object_begin(j, "question");
	put_bytes(j, "name", q->name);
	json_text(j, "type", q->type);
	json_text(j, "class", q->class_name);
	json_object_end(j);
}

static void
put_flags(struct json *j, const struct dns_message *m)
{
	const struct {
		bool set;
		const char *name;
	} flags[] = {{m->authoritative, "AA"}, {m->truncated, "TC"},
	    {m->recursion_desired, "RD"}, {m->recursion_available, "RA"},
	    {m->authentic, "AD"}, {m->checking_disabled, "CD"},
	    {m->dnssec_ok, "DO"}};

	json_array_begin(j, "header_flags");
	for (size_t i = 0; i < ARRAY_LENGTH(flags); i++) {
		if (flags[i].set)
			json_text(j, NULL, flags[i].name);
	}
	json_array_end(j);
}

static void
put_record(struct json *j, const struct dns_record *r)
{
	json_object_begin(j, NULL);
	put_bytes(j, "name", r->name);
	json_text(j, "type", r->type);
	json_text(j, "class", r->class_name);
	json_uint(j, "ttl", r->ttl_s);
	put_bytes(j, "data", r->data);
	json_object_end(j);
}

static bool
has_section(const struct dns_message *m, enum dns_section section)
{
	for (size_t i = 0; i < m->record_count; i++) {
		if (m->records[i].section == section)
			return true;
	}
	return false;
}

static void
put_section(struct json *j, const char *key, const struct dns_message *m,
    enum dns_section section)
{
	if (m == NULL || !has_section(m, section))
		return;
	json_array_begin(j, key);
	for (size_t i = 0; i < m->record_count; i++) {
		if (m->records[i].section == section)
			put_record(j, &m->records[i]);
	}
	json_array_end(j);
}

/* The data of an address that could not be read stand in the general form. */
static bool
is_address(const struct dns_record *r)
{
	return r->section == DNS_ANSWER &&
	    (r->type_number == TYPE_A || r->type_number == TYPE_AAAA) &&
	    r->data.length > 0 && r->data.data[0] != '\\';
}

static void
put_addresses(struct json *j, const struct dns_message *m)
{
	bool began = false;

	for (size_t i = 0; i < m->record_count; i++) {
		if (!is_address(&m->records[i]))
			continue;
		if (!began)
			json_array_begin(j, "resolved_ip");
		began = true;
		put_bytes(j, NULL, m->records[i].data);
	}
	if (began)
		json_array_end(j);
}

static void
put_ecs(struct json *j, const struct dns_transaction *t, enum detail detail)
{
	const struct dns_message *m = t->response != NULL ? t->response : t->query;
	char id[8];

	(void)snprintf(id, sizeof(id), "%" PRIu16, m->id);
	json_object_begin(j, "dns");
	json_text(j, "type", t->response != NULL ? "answer" : "query");
	json_text(j, "id", id);
	json_text(j, "op_code", m->opcode);
	put_flags(j, m);
	put_question(j, question_of(t));
	if (t->response != NULL) {
		json_text(j, "response_code", t->response->rcode);
		if (detail != DETAIL_NONE)
			put_section(j, "answers", t->response, DNS_ANSWER);
		if (detail != DETAIL_NONE)
			put_addresses(j, t->response);
	}
	json_object_end(j);
}

/* --- our own --- */

static void
put_edns(struct json *j, const char *key, const struct dns_message *m)
{
	const struct dns_edns *e = m == NULL ? NULL : m->edns;

	if (e == NULL)
		return;
	json_object_begin(j, key);
	json_uint(j, "version", e->version);
	json_uint(j, "udp_bytes", e->udp_bytes);
	if (e->option_count > 0) {
		json_array_begin(j, "options");
		for (size_t i = 0; i < e->option_count; i++) {
			json_object_begin(j, NULL);
			json_text(j, "name", e->options[i].name);
			put_bytes(j, "data", e->options[i].data);
			json_object_end(j);
		}
		json_array_end(j);
	}
	json_object_end(j);
}

static void
put_server(struct json *j, const struct sockaddr_storage *a)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)a;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)a;
	char text[INET6_ADDRSTRLEN];

	if (a == NULL)
		return;
	const void *bytes = a->ss_family == AF_INET ? (const void *)&in->sin_addr
	                                            : (const void *)&in6->sin6_addr;
	if (inet_ntop(a->ss_family, bytes, text, sizeof(text)) == NULL)
		return;
	json_object_begin(j, "server");
	json_text(j, "ip", text);
	json_uint(j, "port",
	    ntohs(a->ss_family == AF_INET ? in->sin_port : in6->sin6_port));
	json_object_end(j);
}

static void
put_message(struct json *j, const char *key, const struct dns_message *m,
    uint64_t bytes)
{
	if (m == NULL)
		return;
	json_object_begin(j, key);
	json_uint(j, "bytes", bytes);
	put_edns(j, "edns", m);
	record_text(j, "malformed", m->malformed);
	json_object_end(j);
}

static void
put_own(struct json *j, const struct record_facts *facts,
    const struct dns_transaction *t, enum detail detail)
{
	json_object_begin(j, "dns");
	record_names(j, facts);
	json_text(j, "transport", t->transport);
	put_server(j, t->server);
	put_message(j, "query", t->query, t->query != NULL ? t->query->bytes : 0);
	put_message(j, "response", t->response, t->response_bytes);
	if (t->response_messages > 1)
		json_uint(j, "messages", t->response_messages);
	if (t->retransmissions > 0)
		json_uint(j, "retransmissions", t->retransmissions);
	record_text(j, "incomplete", t->incomplete);
	if (detail == DETAIL_ALL) {
		put_section(j, "authorities", t->response, DNS_AUTHORITY);
		put_section(j, "additionals", t->response, DNS_ADDITIONAL);
	} else {
		json_bool(j, "truncated", true);
	}
	json_object_end(j);
}

/* A DoH exchange has a record of its own, with the same id. */
static void
put_request_id(struct json *j, const struct record_facts *facts, uint64_t serial)
{
	if (serial == 0)
		return;
	json_object_begin(j, "http");
	json_object_begin(j, "request");
	record_request_id(j, facts, serial);
	json_object_end(j);
	json_object_end(j);
}

static int
record_with(const struct record_writer *w, uint64_t sequence,
    const struct record_facts *facts, const struct dns_transaction *t,
    enum detail detail, struct buf *out)
{
	struct record_line line;
	struct json *j = &line.json;

	record_begin(&line, w, sequence, "sightglass.dns", t->asked_us,
	    t->answered_us > t->asked_us ? t->answered_us - t->asked_us : 0, facts,
	    out);
	put_top(j, t);
	put_ecs(j, t, detail);
	put_request_id(j, facts, t->serial);
	record_begin_flow(&line, facts);
	put_own(j, facts, t, detail);
	return record_end(&line);
}

int
record_dns(const struct record_writer *w, uint64_t sequence,
    const struct record_facts *facts, const struct dns_transaction *t,
    struct buf *out)
{
	int error = E_LIMIT;

	for (int detail = DETAIL_ALL; error == E_LIMIT && detail <= DETAIL_NONE;
	     detail++)
		error = record_with(w, sequence, facts, t, (enum detail)detail, out);
	return error;
}
