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

#include "base/err.h"
#include "base/json.h"
#include "log/record_line.h"

#define FACTS_BYTES_MAX (64u * 1024)

/* --- the line --- */

void
record_begin(struct record_line *line, const struct record_writer *w,
    uint64_t sequence, const char *dataset, uint64_t time_us,
    uint64_t duration_us, const struct record_facts *facts, struct buf *out)
{
	struct json *j = &line->json;
	char id[64];

	line->before = buf_length(out);
	(void)snprintf(id, sizeof(id), "%s-%u-%" PRIu64, w->run_id, w->writer,
	    sequence);
	json_init(j, out);
	json_object_begin(j, NULL);
	json_time(j, "@timestamp", time_us);
	json_object_begin(j, "event");
	json_text(j, "id", id);
	json_uint(j, "sequence", sequence);
	json_text(j, "kind", "event");
	json_text(j, "dataset", dataset);
	if (duration_us != UINT64_MAX)
		json_uint(j, "duration", duration_us * 1000); /* ns */
	json_object_end(j);
	if (facts != NULL)
		json_raw(j, buf_data(&facts->members),
		    buf_length(&facts->members));
}

void
record_begin_flow(struct record_line *line, const struct record_facts *facts)
{
	json_object_begin(&line->json, "sightglass");
	if (facts != NULL)
		json_text(&line->json, "flow", facts->flow_id);
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
	json_object_begin(&line->json, "dns");
	record_names(&line->json, facts);
	json_object_end(&line->json);
}

void
record_request_id(struct json *j, const struct record_facts *facts,
    uint64_t serial)
{
	char id[sizeof(facts->flow_id) + 24];

	(void)snprintf(id, sizeof(id), "%s-%" PRIu64, facts->flow_id, serial);
	json_text(j, "id", id);
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
		json_bool(j, "sampled", false);
}

void
record_capture(struct json *j, enum capture_level level)
{
	if (level != CAPTURE_BODY)
		json_text(j, "capture", "head");
}

void
record_text(struct json *j, const char *key, const char *text)
{
	if (text != NULL && text[0] != '\0')
		json_text(j, key, text);
}

/* --- facts --- */

static const void *
address_bytes(const struct sockaddr_storage *a, uint16_t *port)
{
	if (a->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)a;
		*port = ntohs(in->sin_port);
		return &in->sin_addr;
	}
	if (a->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)a;
		*port = ntohs(in->sin6_port);
		return &in->sin6_addr;
	}
	return NULL;
}

/* Opens and closes "source" or "destination"; `domain` may be NULL. */
static void
put_endpoint(struct json *j, const char *key, const struct sockaddr_storage *a,
    const char *domain)
{
	char text[INET6_ADDRSTRLEN];
	uint16_t port = 0;
	const void *bytes = address_bytes(a, &port);

	if (bytes == NULL && domain == NULL)
		return;
	json_object_begin(j, key);
	if (bytes != NULL &&
	    inet_ntop(a->ss_family, bytes, text, sizeof(text)) != NULL) {
		json_text(j, "ip", text);
		json_uint(j, "port", port);
	}
	record_text(j, "domain", domain);
	json_object_end(j);
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

static void
put_process(struct json *j, const struct flow_facts *f)
{
	if (f->pid == NULL && f->executable == NULL && f->signing_id == NULL)
		return;
	json_object_begin(j, "process");
	if (f->pid != NULL)
		json_uint(j, "pid", *f->pid);
	if (f->executable != NULL) {
		json_text(j, "executable", f->executable);
		json_text(j, "name", base_name(f->executable));
	}
	if (f->signing_id != NULL || f->team_id != NULL) {
		json_object_begin(j, "code_signature");
		record_text(j, "signing_id", f->signing_id);
		record_text(j, "team_id", f->team_id);
		json_object_end(j);
	}
	json_object_end(j);
}

static void
put_user(struct json *j, const struct flow_facts *f)
{
	char id[16];

	if (f->uid == NULL)
		return;
	(void)snprintf(id, sizeof(id), "%" PRIu32, *f->uid);
	json_object_begin(j, "user");
	json_text(j, "id", id);
	json_object_end(j);
}

static void
put_host(struct json *j, const struct record_writer *w)
{
	json_object_begin(j, "host");
	json_text(j, "hostname", w->hostname);
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
    const struct flow_facts *f)
{
	put_host(j, w);
	put_process(j, f);
	put_user(j, f);
	put_endpoint(j, "source", &f->source, NULL);
	put_endpoint(j, "destination", &f->destination, domain_of(f));
	if (f->destination.ss_family != AF_UNSPEC) {
		json_object_begin(j, "network");
		json_text(j, "transport", f->datagram ? "udp" : "tcp");
		json_text(j, "type",
		    f->destination.ss_family == AF_INET ? "ipv4" : "ipv6");
		json_object_end(j);
	}
	if (f->forwarder != NULL) {
		json_object_begin(j, "observer");
		json_text(j, "type", f->forwarder);
		json_object_end(j);
	}
}

static void
put_names(struct json *j, const struct flow_facts *f)
{
	if (f->name_count == 0)
		return;
	json_array_begin(j, "names");
	for (size_t i = 0; i < f->name_count; i++) {
		const struct dns_name *name = &f->names[i];

		json_object_begin(j, NULL);
		json_text(j, "name", name->text);
		json_ms(j, "age", name->age_us / 1000); /* in seconds, so */
		json_text(j, "by", name->by_application ? "application" : "machine");
		json_object_end(j);
	}
	json_array_end(j);
}

/* The host of a URL whose request names none. */
static void
set_host(struct record_facts *out, const struct flow_facts *f)
{
	char text[INET6_ADDRSTRLEN] = "";
	const void *bytes = address_bytes(&f->destination, &out->port);

	if (f->domain != NULL) {
		(void)snprintf(out->scheme_host, sizeof(out->scheme_host), "%s",
		    f->domain);
		out->named = true;
		return;
	}
	if (bytes == NULL || inet_ntop(f->destination.ss_family, bytes, text,
	        sizeof(text)) == NULL)
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
	put_facts(&j, w, facts);
	int error = json_error(&j);
	json_init(&j, &out->names);
	put_names(&j, facts);
	if (error == 0)
		error = json_error(&j);
	if (error != 0)
		record_facts_free(out);
	return error;
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
put_leg(struct json *j, const char *key, const struct tls_leg *leg)
{
	if (leg->version == NULL && leg->alert_received < 0 &&
	    leg->alert_sent < 0)
		return;
	json_object_begin(j, key);
	record_text(j, "version", leg->version);
	record_text(j, "cipher", leg->cipher);
	record_text(j, "group", leg->group);
	record_text(j, "alpn", leg->alpn);
	json_bool(j, "established", leg->established);
	json_bool(j, "resumed", leg->resumed);
	if (leg->hello_retry)
		json_bool(j, "hello_retry", true);
	if (leg->alert_received >= 0)
		json_int(j, "alert_received", leg->alert_received);
	if (leg->alert_sent >= 0)
		json_int(j, "alert_sent", leg->alert_sent);
	json_object_end(j);
}

static void
put_certificate(struct json *j, const char *key,
    const struct certificate_facts *c)
{
	if (!c->present)
		return;
	json_object_begin(j, key);
	json_text(j, "subject", c->subject);
	json_text(j, "issuer", c->issuer);
	json_text(j, "serial", c->serial);
	json_text(j, "sha256", c->sha256);
	json_time(j, "not_before", c->not_before_s * 1000000);
	json_time(j, "not_after", c->not_after_s * 1000000);
	json_object_end(j);
}

static void
put_offer(struct json *j, const struct tls_event *e)
{
	json_object_begin(j, "offered");
	record_text(j, "version", e->offered_version);
	json_array_begin(j, "alpn");
	for (size_t i = 0; i < e->offered_alpn_count; i++)
		json_text(j, NULL, e->offered_alpn[i]);
	json_array_end(j);
	if (e->offered_ech)
		json_bool(j, "ech", true);
	json_object_end(j);
}

static void
put_ecs_client(struct json *j, const struct tls_event *e)
{
	if (e->server_name == NULL && e->ja3 == NULL && e->ja4 == NULL)
		return;
	json_object_begin(j, "client");
	record_text(j, "server_name", e->server_name);
	record_text(j, "ja3", e->ja3);
	record_text(j, "ja4", e->ja4);
	json_object_end(j);
}

/* ECS "tls" is about the leg that the program sees; the server's fingerprint
 * is the real server's. */
static void
put_ecs_tls(struct json *j, const struct tls_event *e)
{
	json_object_begin(j, "tls");
	record_text(j, "version", e->client.version);
	record_text(j, "cipher", e->client.cipher);
	record_text(j, "next_protocol", e->client.alpn);
	json_bool(j, "established", e->client.established);
	put_ecs_client(j, e);
	if (e->ja3s != NULL) {
		json_object_begin(j, "server");
		json_text(j, "ja3s", e->ja3s);
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

	record_begin(&line, w, sequence, "sightglass.tls", e->start_us, UINT64_MAX,
	    facts, out);
	put_ecs_tls(j, e);
	record_begin_own(&line, facts);
	json_text(j, "decision", decision_name(e->decision));
	record_text(j, "reason", e->reason);
	put_sampled(j, e->left_out);
	put_offer(j, e);
	put_leg(j, "client", &e->client);
	put_leg(j, "server", &e->server);
	put_certificate(j, "server_certificate", &e->server_certificate);
	put_certificate(j, "leaf", &e->leaf);
	if (e->client_certificate != NULL)
		put_certificate(j, "client_certificate", e->client_certificate);
	record_text(j, "verification", e->verification);
	record_text(j, "invalid", e->invalid);
	record_text(j, "invalid_reason", e->invalid_reason);
	record_text(j, "failure", e->failure);
	record_text(j, "error", e->error);
	record_text(j, "bypass", e->bypass);
	record_text(j, "starttls", e->starttls);
	if (e->name_mismatch)
		json_bool(j, "name_mismatch", true);
	return record_end(&line);
}

/* --- flow --- */

static void
put_pair(struct json *j, const char *key, const uint64_t of[2])
{
	json_object_begin(j, key);
	json_uint(j, "client", of[FROM_CLIENT]);
	json_uint(j, "server", of[FROM_SERVER]);
	json_object_end(j);
}

static void
put_first(struct json *j, const struct bytes first[2])
{
	if (first[FROM_CLIENT].length + first[FROM_SERVER].length == 0)
		return;
	json_object_begin(j, "first"); /* base64: it may be anything */
	json_base64(j, "client", first[FROM_CLIENT].data,
	    first[FROM_CLIENT].length);
	json_base64(j, "server", first[FROM_SERVER].data,
	    first[FROM_SERVER].length);
	json_object_end(j);
}

/* What capture.rules would not have logged. */
static void
put_counted(struct json *j, const struct flow_event *e)
{
	if (e->exchanges_counted + e->messages_counted == 0)
		return;
	json_object_begin(j, "counted");
	if (e->exchanges_counted > 0)
		json_uint(j, "exchanges", e->exchanges_counted);
	if (e->messages_counted > 0)
		json_uint(j, "messages", e->messages_counted);
	json_object_end(j);
}

int
record_flow(const struct record_writer *w, uint64_t sequence,
    const struct record_facts *facts, const struct flow_event *e,
    struct buf *out)
{
	struct record_line line;
	struct json *j = &line.json;

	record_begin(&line, w, sequence, "sightglass.flow", e->start_us,
	    e->end_us > e->start_us ? e->end_us - e->start_us : 0, facts, out);
	record_begin_own(&line, facts);
	json_text(j, "decision", decision_name(e->decision));
	record_text(j, "reason", e->reason);
	record_text(j, "close", e->close);
	record_text(j, "state", e->state);
	record_text(j, "protocol", e->protocol);
	record_text(j, "starttls", e->starttls);
	put_sampled(j, e->left_out);
	record_text(j, "detail", e->detail);
	put_pair(j, "bytes", e->bytes);
	if (e->datagrams[0] + e->datagrams[1] > 0)
		put_pair(j, "datagrams", e->datagrams);
	if (e->exchanges > 0)
		json_uint(j, "exchanges", e->exchanges);
	put_counted(j, e);
	if (e->connect_us > 0) {
		json_object_begin(j, "timing");
		json_ms(j, "connect", e->connect_us);
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

	record_begin(&line, w, sequence, "sightglass.mint", e->time_us,
	    e->duration_us, NULL, out);
	put_host(j, w);
	record_begin_own(&line, NULL);
	json_uint(j, "worker", e->worker);
	record_text(j, "key", e->key);
	record_text(j, "refused", e->refused);
	json_array_begin(j, "names");
	for (size_t i = 0; i < e->name_count; i++)
		json_text(j, NULL, e->names[i]);
	json_array_end(j);
	put_certificate(j, "leaf", &e->leaf);
	return record_end(&line);
}

/* --- daemon --- */

int
record_daemon(const struct record_writer *w, uint64_t sequence,
    const struct daemon_event *e, struct buf *out)
{
	struct record_line line;
	struct json *j = &line.json;

	record_begin(&line, w, sequence, "sightglass.daemon", e->time_us,
	    UINT64_MAX, NULL, out);
	put_host(j, w);
	record_text(j, "message", e->message);
	record_begin_own(&line, NULL);
	json_text(j, "action", e->action);
	record_text(j, "role", e->role);
	if (e->lost_records > 0)
		json_uint(j, "lost_records", e->lost_records);
	if (e->since_us > 0)
		json_time(j, "since", e->since_us);
	record_text(j, "segment", e->segment);
	return record_end(&line);
}
