/* SPDX-License-Identifier: ISC */
/*
 * Records of datasets tls, flow, mint and daemon, and the facts that all records of a
 * flow repeat. Pure; worker, signer and logger. Leaves out what is not known instead of
 * writing null, and never writes a line by halves.
 */
#include "log/record.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/err.h"
#include "log/member.h"
#include "log/record_line.h"

#define FACTS_BYTES_MAX (64u * 1024)

/* --- the line --- */

void
record_begin(struct record_line *line, const struct record_writer *w,
    uint64_t sequence, enum dataset dataset, uint64_t time_us,
    uint64_t duration_us, const struct record_facts *facts, struct buf *out)
{
	struct json *j = &line->json;
	char id[64];

	line->before = buf_length(out);
	(void)snprintf(id, sizeof(id), "%s-%u-%" PRIu64, w->run_id, w->writer,
	    sequence);
	json_init(j, out);
	json_object_begin(j, NULL);
	member_time(j, F_TIMESTAMP, time_us);
	member_object(j, F_EVENT);
	member_text(j, F_EVENT_ID, id);
	member_uint(j, F_EVENT_SEQUENCE, sequence);
	member_text(j, F_EVENT_KIND, "event");
	member_text(j, F_EVENT_DATASET, dataset_rows[dataset].word);
	if (duration_us != UINT64_MAX)
		member_uint(j, F_EVENT_DURATION, duration_us * 1000);
	json_object_end(j);
	if (facts != NULL)
		json_raw(j, buf_data(&facts->members),
		    buf_length(&facts->members));
}

void
record_begin_flow(struct record_line *line, const struct record_facts *facts)
{
	member_object(&line->json, F_SIGHTGLASS);
	if (facts != NULL)
		member_text(&line->json, F_FLOW_ID, facts->flow_id);
}

void
record_names(struct json *j, const struct record_facts *facts)
{
	if (buf_length(&facts->names) > 0)
		json_raw(j, buf_data(&facts->names), buf_length(&facts->names));
}

void
record_begin_own(struct record_line *line, const struct record_facts *facts)
{
	record_begin_flow(line, facts);
	if (facts == NULL || buf_length(&facts->names) == 0)
		return;
	member_object(&line->json, F_DNS_OWN);
	record_names(&line->json, facts);
	json_object_end(&line->json);
}

void
record_request_id(struct json *j, const struct record_facts *facts,
    uint64_t serial)
{
	char id[sizeof(facts->flow_id) + 24];

	(void)snprintf(id, sizeof(id), "%s-%" PRIu64, facts->flow_id, serial);
	member_text(j, F_REQUEST_ID, id);
}

int
record_end(struct record_line *line)
{
	struct json *j = &line->json;

	json_object_end(j);
	json_object_end(j);
	int error = json_error(j);
	if (error == 0)
		error = buf_append(j->out, "\n", 1);
	if (error != 0) /* nothing of it stays */
		j->out->length = line->before;
	return error;
}

/* Only what is left out of the sample says so. */
static void
put_sampled(struct json *j, bool left_out)
{
	if (left_out)
		member_bool(j, F_SAMPLED, false);
}

void
record_capture(struct json *j, enum capture_level level)
{
	if (level != CAPTURE_BODY)
		member_text(j, F_CAPTURE, "head");
}

/* --- facts --- */

/* Opens and closes "source" or "destination"; `domain` may be NULL. */
static void
put_endpoint(struct json *j, enum field field,
    const struct sockaddr_storage *a, const char *domain)
{
	char text[INET6_ADDRSTRLEN];
	const char *ip = endpoint_text_of(a, text);

	if (ip == NULL && domain == NULL)
		return;
	member_object(j, field);
	if (ip != NULL) {
		member_text(j, F_ENDPOINT_IP, ip);
		member_uint(j, F_ENDPOINT_PORT, endpoint_port_of(a));
	}
	member_text_if(j, F_DESTINATION_DOMAIN, domain);
	json_object_end(j);
}

/* Not for "0.0.0.0" with port 0, which a forwarder says when it was not told. */
static void
put_source(struct json *j, const struct flow_facts *f, struct record_facts *out)
{
	struct endpoint e;

	out->source_at = buf_length(j->out);
	if (endpoint_read(&e, &f->source) && !endpoint_is_nowhere(&e))
		put_endpoint(j, F_SOURCE, &f->source, NULL);
	out->source_end = buf_length(j->out);
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

static void
put_responsible(struct json *j, const struct flow_facts *f)
{
	if (f->responsible_pid == NULL)
		return;
	member_object(j, F_RESPONSIBLE);
	member_uint(j, F_RESPONSIBLE_PID, *f->responsible_pid);
	member_text_if(j, F_RESPONSIBLE_EXECUTABLE, f->responsible);
	json_object_end(j);
}

static void
put_process(struct json *j, const struct flow_facts *f)
{
	if (f->pid == NULL && f->executable == NULL && f->signing_id == NULL)
		return;
	member_object(j, F_PROCESS);
	if (f->pid != NULL)
		member_uint(j, F_PROCESS_PID, *f->pid);
	if (f->executable != NULL) {
		member_text(j, F_PROCESS_EXECUTABLE, f->executable);
		member_text(j, F_PROCESS_NAME, base_name(f->executable));
	}
	if (f->signing_id != NULL || f->team_id != NULL) {
		member_object(j, F_CODE_SIGNATURE);
		member_text_if(j, F_SIGNING_ID, f->signing_id);
		member_text_if(j, F_TEAM_ID, f->team_id);
		json_object_end(j);
	}
	put_responsible(j, f);
	json_object_end(j);
}

static void
put_user(struct json *j, const struct flow_facts *f)
{
	char id[16];

	if (f->uid == NULL)
		return;
	(void)snprintf(id, sizeof(id), "%" PRIu32, *f->uid);
	member_object(j, F_USER);
	member_text(j, F_USER_ID, id);
	json_object_end(j);
}

static void
put_host(struct json *j, const struct record_writer *w)
{
	member_object(j, F_HOST);
	member_text(j, F_HOST_HOSTNAME, w->hostname);
	json_object_end(j);
}

/* What the destination is called: by the flow itself, else by who resolved it. */
static const char *
domain_of(const struct flow_facts *f)
{
	return f->domain != NULL || f->name_count == 0 ? f->domain : f->names[0].text;
}

static void
put_facts(struct json *j, const struct record_writer *w,
    const struct flow_facts *f, struct record_facts *out)
{
	put_host(j, w);
	put_process(j, f);
	put_user(j, f);
	put_source(j, f, out);
	put_endpoint(j, F_DESTINATION, &f->destination, domain_of(f));
	if (f->destination.ss_family != AF_UNSPEC) {
		member_object(j, F_NETWORK);
		member_text(j, F_NETWORK_TRANSPORT, f->datagram ? "udp" : "tcp");
		member_text(j, F_NETWORK_TYPE,
		    f->destination.ss_family == AF_INET ? "ipv4" : "ipv6");
		json_object_end(j);
	}
	if (f->forwarder != NULL) {
		member_object(j, F_OBSERVER);
		member_text(j, F_OBSERVER_TYPE, f->forwarder);
		json_object_end(j);
	}
}

static void
put_names(struct json *j, const struct flow_facts *f)
{
	if (f->name_count == 0)
		return;
	member_array(j, F_DNS_NAMES);
	for (size_t i = 0; i < f->name_count; i++) {
		const struct dns_name *name = &f->names[i];

		json_object_begin(j, NULL);
		member_text(j, F_DNS_NAMES_NAME, name->text);
		member_ms(j, F_DNS_NAMES_AGE, name->age_us / 1000); /* seconds, so */
		member_text(j, F_DNS_NAMES_BY,
		    name->by_application ? "application" : "machine");
		json_object_end(j);
	}
	json_array_end(j);
}

/* The host of a URL whose request names none. */
static void
set_host(struct record_facts *out, const struct flow_facts *f)
{
	char text[INET6_ADDRSTRLEN];

	out->port = endpoint_port_of(&f->destination);
	if (f->domain != NULL) {
		(void)snprintf(out->scheme_host, sizeof(out->scheme_host), "%s",
		    f->domain);
		out->named = true;
		return;
	}
	if (endpoint_text_of(&f->destination, text) == NULL)
		return;
	(void)snprintf(out->scheme_host, sizeof(out->scheme_host),
	    f->destination.ss_family == AF_INET ? "%s" : "[%s]", text);
}

int
record_facts_make(const struct record_writer *w, const struct flow_facts *facts,
    bool tls, struct record_facts *out)
{
	struct json j;

	*out = (struct record_facts){.tls = tls};
	buf_init(&out->members, FACTS_BYTES_MAX);
	buf_init(&out->names, FACTS_BYTES_MAX);
	memcpy(out->flow_id, facts->id, sizeof(out->flow_id));
	set_host(out, facts);
	json_init(&j, &out->members);
	put_facts(&j, w, facts, out);
	int error = json_error(&j);
	json_init(&j, &out->names);
	put_names(&j, facts);
	if (error == 0)
		error = json_error(&j);
	if (error != 0)
		record_facts_free(out);
	return error;
}

/* Its place is between members, so what comes before and after has members of its
 * own; the comma between them is put by the emitter. */
int
record_facts_set_source(struct record_facts *facts,
    const struct sockaddr_storage *source)
{
	const uint8_t *old = buf_data(&facts->members);
	size_t length = buf_length(&facts->members), at = facts->source_at;
	size_t rest = facts->source_end + 1;
	struct buf members;
	struct json j;

	buf_init(&members, FACTS_BYTES_MAX);
	json_init(&j, &members);
	json_raw(&j, old, at);
	put_endpoint(&j, F_SOURCE, source, NULL);
	size_t end = buf_length(&members);
	if (rest < length)
		json_raw(&j, old + rest, length - rest);
	int error = json_error(&j);
	if (error != 0) {
		buf_free(&members);
		return error;
	}
	buf_free(&facts->members);
	facts->members = members;
	facts->source_end = end;
	return 0;
}

void
record_facts_free(struct record_facts *facts)
{
	buf_free(&facts->members);
	buf_free(&facts->names);
}

/* --- tls --- */

static const char *
decision_name(enum decision decision)
{
	switch (decision) {
	case DECIDE_INSPECT:
		return "inspect";
	case DECIDE_SPLICE:
		return "splice";
	case DECIDE_REFUSE:
		return "refuse";
	}
	return "?";
}

static void
put_leg(struct json *j, enum field field, const struct tls_leg *leg)
{
	if (leg->version == NULL && leg->alert_received < 0 &&
	    leg->alert_sent < 0)
		return;
	member_object(j, field);
	member_text_if(j, F_LEG_VERSION, leg->version);
	member_text_if(j, F_LEG_CIPHER, leg->cipher);
	member_text_if(j, F_LEG_GROUP, leg->group);
	member_text_if(j, F_LEG_ALPN, leg->alpn);
	member_bool(j, F_LEG_ESTABLISHED, leg->established);
	member_bool(j, F_LEG_RESUMED, leg->resumed);
	member_true_if(j, F_LEG_HELLO_RETRY, leg->hello_retry);
	if (leg->alert_received >= 0)
		member_int(j, F_LEG_ALERT_RECEIVED, leg->alert_received);
	if (leg->alert_sent >= 0)
		member_int(j, F_LEG_ALERT_SENT, leg->alert_sent);
	json_object_end(j);
}

static void
put_certificate(struct json *j, enum field field,
    const struct certificate_facts *c)
{
	if (!c->present)
		return;
	member_object(j, field);
	member_text(j, F_CERT_SUBJECT, c->subject);
	member_text(j, F_CERT_ISSUER, c->issuer);
	member_text(j, F_CERT_SERIAL, c->serial);
	member_text(j, F_CERT_SHA256, c->sha256);
	member_time(j, F_CERT_NOT_BEFORE, c->not_before_s * 1000000);
	member_time(j, F_CERT_NOT_AFTER, c->not_after_s * 1000000);
	json_object_end(j);
}

static void
put_offer(struct json *j, const struct tls_event *e)
{
	member_object(j, F_OFFERED);
	member_text_if(j, F_OFFERED_VERSION, e->offered_version);
	member_array(j, F_OFFERED_ALPN);
	for (size_t i = 0; i < e->offered_alpn_count; i++)
		json_text(j, NULL, e->offered_alpn[i]);
	json_array_end(j);
	member_true_if(j, F_OFFERED_ECH, e->offered_ech);
	json_object_end(j);
}

static void
put_ecs_client(struct json *j, const struct tls_event *e)
{
	if (e->server_name == NULL && e->ja3 == NULL && e->ja4 == NULL)
		return;
	member_object(j, F_TLS_CLIENT);
	member_text_if(j, F_TLS_SERVER_NAME, e->server_name);
	member_text_if(j, F_TLS_JA3, e->ja3);
	member_text_if(j, F_TLS_JA4, e->ja4);
	json_object_end(j);
}

/* ECS "tls" is about the leg that the program sees; the server's fingerprint
 * is the real server's. */
static void
put_ecs_tls(struct json *j, const struct tls_event *e)
{
	member_object(j, F_TLS);
	if (e->client.version != NULL) {
		member_text(j, F_TLS_VERSION, e->client.version);
		member_text(j, F_TLS_VERSION_PROTOCOL, "tls");
		member_bool(j, F_TLS_RESUMED, e->client.resumed);
	}
	member_text_if(j, F_TLS_CIPHER, e->client.cipher);
	member_text_if(j, F_TLS_CURVE, e->client.group);
	member_text_if(j, F_TLS_NEXT_PROTOCOL, e->client.alpn);
	member_bool(j, F_TLS_ESTABLISHED, e->client.established);
	put_ecs_client(j, e);
	if (e->ja3s != NULL) {
		member_object(j, F_TLS_SERVER);
		member_text(j, F_TLS_JA3S, e->ja3s);
		json_object_end(j);
	}
	json_object_end(j);
}

int
record_tls(const struct record_writer *w, uint64_t sequence,
    const struct record_facts *facts, const struct tls_event *e, struct buf *out)
{
	struct record_line line;
	struct json *j = &line.json;

	record_begin(&line, w, sequence, DATASET_TLS, e->start_us, UINT64_MAX,
	    facts, out);
	put_ecs_tls(j, e);
	record_begin_own(&line, facts);
	member_text(j, F_DECISION, decision_name(e->decision));
	member_text_if(j, F_REASON, e->reason);
	put_sampled(j, e->left_out);
	put_offer(j, e);
	put_leg(j, F_LEG_CLIENT, &e->client);
	put_leg(j, F_LEG_SERVER, &e->server);
	put_certificate(j, F_SERVER_CERTIFICATE, &e->server_certificate);
	put_certificate(j, F_LEAF, &e->leaf);
	if (e->client_certificate != NULL)
		put_certificate(j, F_CLIENT_CERTIFICATE, e->client_certificate);
	member_text_if(j, F_VERIFICATION, e->verification);
	member_text_if(j, F_INVALID, e->invalid);
	member_text_if(j, F_INVALID_REASON, e->invalid_reason);
	member_text_if(j, F_FAILURE, e->failure);
	member_text_if(j, F_TLS_ERROR, e->error);
	member_text_if(j, F_BYPASS, e->bypass);
	member_text_if(j, F_STARTTLS, e->starttls);
	member_true_if(j, F_NAME_MISMATCH, e->name_mismatch);
	return record_end(&line);
}

/* --- flow --- */

static void
put_pair(struct json *j, enum field pair, enum field client, enum field server,
    const uint64_t of[2])
{
	member_object(j, pair);
	member_uint(j, client, of[FROM_CLIENT]);
	member_uint(j, server, of[FROM_SERVER]);
	json_object_end(j);
}

static void
put_first(struct json *j, const struct bytes first[2])
{
	if (first[FROM_CLIENT].length + first[FROM_SERVER].length == 0)
		return;
	member_object(j, F_FLOW_FIRST); /* base64: it may be anything */
	member_base64(j, F_FLOW_FIRST_CLIENT, first[FROM_CLIENT]);
	member_base64(j, F_FLOW_FIRST_SERVER, first[FROM_SERVER]);
	json_object_end(j);
}

/* What capture.rules would not have logged. */
static void
put_counted(struct json *j, const struct flow_event *e)
{
	if (e->exchanges_counted + e->messages_counted == 0)
		return;
	member_object(j, F_FLOW_COUNTED);
	member_uint_if(j, F_COUNTED_EXCHANGES, e->exchanges_counted);
	member_uint_if(j, F_COUNTED_MESSAGES, e->messages_counted);
	json_object_end(j);
}

static void
put_unread(struct json *j, const struct flow_event *e)
{
	if (e->gave_up == NULL)
		return;
	member_object(j, F_UNREAD);
	member_text(j, F_UNREAD_WHY, e->gave_up);
	member_uint(j, F_UNREAD_CLIENT, e->unread[FROM_CLIENT]);
	member_uint(j, F_UNREAD_SERVER, e->unread[FROM_SERVER]);
	json_object_end(j);
}

static void
put_quic(struct json *j, const struct flow_event *e)
{
	if (!e->is_quic)
		return;
	member_object(j, F_QUIC);
	member_bool(j, F_QUIC_REFUSED, e->quic_refused);
	member_text_if(j, F_QUIC_ANNOUNCED, e->quic_announced);
	member_text_if(j, F_QUIC_NAME, e->quic_name);
	json_object_end(j);
}

int
record_flow(const struct record_writer *w, uint64_t sequence,
    const struct record_facts *facts, const struct flow_event *e,
    struct buf *out)
{
	struct record_line line;
	struct json *j = &line.json;

	record_begin(&line, w, sequence, DATASET_FLOW, e->start_us,
	    e->end_us > e->start_us ? e->end_us - e->start_us : 0, facts, out);
	record_begin_own(&line, facts);
	member_text(j, F_DECISION, decision_name(e->decision));
	member_text_if(j, F_REASON, e->reason);
	member_text_if(j, F_FLOW_CLOSE, e->close);
	member_text_if(j, F_FLOW_STATE, e->state);
	member_text_if(j, F_FLOW_PROTOCOL, e->protocol);
	member_text_if(j, F_STARTTLS, e->starttls);
	put_sampled(j, e->left_out);
	member_text_if(j, F_FLOW_DETAIL, e->detail);
	put_pair(j, F_FLOW_BYTES, F_FLOW_BYTES_CLIENT, F_FLOW_BYTES_SERVER, e->bytes);
	if (e->datagrams[0] + e->datagrams[1] > 0)
		put_pair(j, F_FLOW_DATAGRAMS, F_FLOW_DATAGRAMS_CLIENT,
		    F_FLOW_DATAGRAMS_SERVER, e->datagrams);
	put_quic(j, e);
	put_unread(j, e);
	member_uint_if(j, F_FLOW_EXCHANGES, e->exchanges);
	put_counted(j, e);
	if (e->connect_us > 0) {
		member_object(j, F_TIMING);
		member_ms(j, F_TIMING_CONNECT, e->connect_us);
		json_object_end(j);
	}
	put_first(j, e->first);
	return record_end(&line);
}

/* --- mint --- */

int
record_mint(const struct record_writer *w, uint64_t sequence,
    const struct mint_event *e, struct buf *out)
{
	struct record_line line;
	struct json *j = &line.json;

	record_begin(&line, w, sequence, DATASET_MINT, e->time_us,
	    e->duration_us, NULL, out);
	put_host(j, w);
	record_begin_own(&line, NULL);
	member_uint(j, F_MINT_WORKER, e->worker);
	member_text_if(j, F_MINT_KEY, e->key);
	member_text_if(j, F_MINT_REFUSED, e->refused);
	member_array(j, F_MINT_NAMES);
	for (size_t i = 0; i < e->name_count; i++)
		json_text(j, NULL, e->names[i]);
	json_array_end(j);
	put_certificate(j, F_LEAF, &e->leaf);
	return record_end(&line);
}

/* --- daemon --- */

static void
put_repair(struct json *j, const struct daemon_repair *repair)
{
	if (repair == NULL)
		return;
	member_object(j, F_REPAIR);
	member_uint(j, F_REPAIR_RECORDS, repair->records);
	member_uint(j, F_REPAIR_CUT_BYTES, repair->cut_bytes);
	member_uint(j, F_REPAIR_DAMAGED_FRAMES, repair->damaged_frames);
	json_object_end(j);
}

int
record_daemon(const struct record_writer *w, uint64_t sequence,
    const struct daemon_event *e, struct buf *out)
{
	struct record_line line;
	struct json *j = &line.json;

	record_begin(&line, w, sequence, DATASET_DAEMON, e->time_us,
	    UINT64_MAX, NULL, out);
	put_host(j, w);
	member_text_if(j, F_MESSAGE, e->message);
	record_begin_own(&line, NULL);
	member_text(j, F_ACTION, e->action);
	member_text_if(j, F_ROLE, e->role);
	member_uint_if(j, F_LOST_RECORDS, e->lost_records);
	if (e->since_us > 0)
		member_time(j, F_SINCE, e->since_us);
	member_text_if(j, F_SEGMENT, e->segment);
	put_repair(j, e->repair);
	return record_end(&line);
}
