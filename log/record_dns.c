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

#include "base/endpoint.h"
#include "base/err.h"
#include "log/member.h"
#include "log/record_line.h"

#define NAME_TEXT_MAX 1016u /* 254 bytes, each as \DDD */
#define TYPE_A 1u
#define TYPE_AAAA 28u

/* How much of the records finds room in the line. */
enum detail { DETAIL_ALL, DETAIL_ANSWERS, DETAIL_NONE };

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
put_lower(struct json *j, enum field field, struct bytes name)
{
	char lower[NAME_TEXT_MAX];
	size_t length = name.length < sizeof(lower) ? name.length : sizeof(lower);

	for (size_t i = 0; i < length; i++) {
		uint8_t byte = name.data[i];
		lower[i] = (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
	}
	member_bytes(j, field,
	    (struct bytes){(const uint8_t *)lower, length});
}

static void
put_top(struct json *j, const struct dns_transaction *t)
{
	const struct dns_question *q = question_of(t);

	if (q != NULL) {
		put_lower(j, F_DNS_HOSTNAME, q->name);
		member_text(j, F_DNS_QUERY_TYPE, q->type);
	}
	if (t->response != NULL)
		member_text(j, F_DNS_RESPONSE_CODE, t->response->rcode);
	member_uint(j, F_DNS_ANSWER_NUMBER, t->answers);
}

/* --- dns, by ECS --- */

static void
put_question(struct json *j, const struct dns_question *q)
{
	if (q == NULL)
		return;
	member_object(j, F_DNS_QUESTION);
	member_bytes(j, F_DNS_QUESTION_NAME, q->name);
	member_text(j, F_DNS_QUESTION_TYPE, q->type);
	member_text(j, F_DNS_QUESTION_CLASS, q->class_name);
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

	member_array(j, F_DNS_HEADER_FLAGS);
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
	member_bytes(j, F_DNS_RR_NAME, r->name);
	member_text(j, F_DNS_RR_TYPE, r->type);
	member_text(j, F_DNS_RR_CLASS, r->class_name);
	member_uint(j, F_DNS_RR_TTL, r->ttl_s);
	member_bytes(j, F_DNS_RR_DATA, r->data);
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
put_section(struct json *j, enum field field, const struct dns_message *m,
    enum dns_section section)
{
	if (m == NULL || !has_section(m, section))
		return;
	member_array(j, field);
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
			member_array(j, F_DNS_RESOLVED_IP);
		began = true;
		json_string(j, NULL, m->records[i].data.data,
		    m->records[i].data.length);
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
	member_object(j, F_DNS);
	member_text(j, F_DNS_TYPE, t->response != NULL ? "answer" : "query");
	member_text(j, F_DNS_ID, id);
	member_text(j, F_DNS_OP_CODE, m->opcode);
	put_flags(j, m);
	put_question(j, question_of(t));
	if (t->response != NULL) {
		member_text(j, F_DNS_ECS_RESPONSE_CODE, t->response->rcode);
		if (detail != DETAIL_NONE)
			put_section(j, F_DNS_ANSWERS, t->response, DNS_ANSWER);
		if (detail != DETAIL_NONE)
			put_addresses(j, t->response);
	}
	json_object_end(j);
}

/* --- our own --- */

static void
put_edns(struct json *j, const struct dns_message *m)
{
	const struct dns_edns *e = m == NULL ? NULL : m->edns;

	if (e == NULL)
		return;
	member_object(j, F_DNS_EDNS);
	member_uint(j, F_DNS_EDNS_VERSION, e->version);
	member_uint(j, F_DNS_EDNS_UDP_BYTES, e->udp_bytes);
	if (e->option_count > 0) {
		member_array(j, F_DNS_EDNS_OPTIONS);
		for (size_t i = 0; i < e->option_count; i++) {
			json_object_begin(j, NULL);
			member_text(j, F_DNS_OPTION_NAME, e->options[i].name);
			member_bytes(j, F_DNS_OPTION_DATA, e->options[i].data);
			json_object_end(j);
		}
		json_array_end(j);
	}
	json_object_end(j);
}

static void
put_server(struct json *j, const struct sockaddr_storage *a)
{
	char text[INET6_ADDRSTRLEN];

	if (a == NULL || endpoint_text_of(a, text) == NULL)
		return;
	member_object(j, F_DNS_SERVER);
	member_text(j, F_DNS_SERVER_IP, text);
	member_uint(j, F_DNS_SERVER_PORT, endpoint_port_of(a));
	json_object_end(j);
}

static void
put_message(struct json *j, enum field field, const struct dns_message *m,
    uint64_t bytes)
{
	if (m == NULL)
		return;
	member_object(j, field);
	member_uint(j, F_DNS_MESSAGE_BYTES, bytes);
	put_edns(j, m);
	member_text_if(j, F_DNS_MALFORMED, m->malformed);
	json_object_end(j);
}

static void
put_own(struct json *j, const struct record_facts *facts,
    const struct dns_transaction *t, enum detail detail)
{
	member_object(j, F_DNS_OWN);
	record_names(j, facts);
	member_text(j, F_DNS_TRANSPORT, t->transport);
	member_text_if(j, F_DNS_PROTOCOL, t->protocol);
	put_server(j, t->server);
	put_message(j, F_DNS_QUERY, t->query,
	    t->query != NULL ? t->query->bytes : 0);
	put_message(j, F_DNS_RESPONSE, t->response, t->response_bytes);
	if (t->response_messages > 1)
		member_uint(j, F_DNS_MESSAGES, t->response_messages);
	member_uint_if(j, F_DNS_RETRANSMISSIONS, t->retransmissions);
	member_text_if(j, F_DNS_INCOMPLETE, t->incomplete);
	member_true_if(j, F_DNS_ECH_STRIPPED, t->ech_stripped);
	if (detail == DETAIL_ALL) {
		put_section(j, F_DNS_AUTHORITIES, t->response, DNS_AUTHORITY);
		put_section(j, F_DNS_ADDITIONALS, t->response, DNS_ADDITIONAL);
	} else {
		member_bool(j, F_DNS_TRUNCATED, true);
	}
	json_object_end(j);
}

/* A DoH exchange has a record of its own, with the same id. */
static void
put_request_id(struct json *j, const struct record_facts *facts, uint64_t serial)
{
	if (serial == 0)
		return;
	member_object(j, F_HTTP);
	member_object(j, F_REQUEST);
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

	record_begin(&line, w, sequence, DATASET_DNS, t->asked_us,
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
