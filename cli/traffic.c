/* SPDX-License-Identifier: ISC */
/*
 * A row of `kinds` is a dataset: whether its records are traffic that nothing else
 * tells of, and what they add. A row of `keys` is what a summary can be by under a
 * short name. Pure; CLI only.
 */
#include "cli/traffic.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/field.h"
#include "log/when.h"

static yyjson_val *
at(yyjson_val *record, const char *name)
{
	return field_at(record, name, strlen(name));
}

static uint64_t
number_at(yyjson_val *record, const char *name)
{
	return yyjson_get_uint(at(record, name));
}

static bool
is_text(yyjson_val *value, const char *text)
{
	return yyjson_equals_str(value, text);
}

static bool
is_one_of(yyjson_val *value, const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_text(value, texts[i]))
			return true;
	}
	return false;
}

/* --- what each kind of record adds --- */

static bool
exchange_failed(yyjson_val *record)
{
	static const char *const broken[] = {"no_response", "cut_request",
	    "cut_response"};

	return number_at(record, "http.response.status_code") >= 400 ||
	    number_at(record, "grpc.status_code") > 0 ||
	    is_one_of(at(record, "sightglass.incomplete"), broken,
	        ARRAY_LENGTH(broken));
}

static enum traffic_verdict
read_http(struct traffic *t, bool asked UNUSED)
{
	struct sample *s = &t->sample;

	if (is_text(at(t->record, "sightglass.incomplete"), "continues"))
		return TRAFFIC_CONTINUES;
	s->failed = exchange_failed(t->record);
	s->timed = at(t->record, "http.response.status_code") != NULL;
	s->sent = number_at(t->record, "http.request.body.bytes");
	s->received = number_at(t->record, "http.response.body.bytes");
	return TRAFFIC_COUNTED;
}

static enum traffic_verdict
read_dns(struct traffic *t, bool asked)
{
	struct sample *s = &t->sample;
	yyjson_val *code = at(t->record, "dns_response_code");

	t->twin = !asked && at(t->record, "http.request.id") != NULL;
	s->failed = !is_text(code, "NOERROR");
	s->timed = code != NULL;
	s->sent = number_at(t->record, "sightglass.dns.query.bytes");
	s->received = number_at(t->record, "sightglass.dns.response.bytes");
	return TRAFFIC_COUNTED;
}

/* The ends that are in order; any other means that it failed. */
static bool
flow_failed(yyjson_val *record)
{
	static const char *const orderly[] = {"finished", "client_reset",
	    "server_reset", "idle", "total_timeout", "daemon_shutdown", "client_gone",
	    "refused_by_policy"};
	yyjson_val *close = at(record, "sightglass.close");

	return close != NULL && !is_one_of(close, orderly, ARRAY_LENGTH(orderly));
}

/* How long a connection lasts is no latency, unless that is what was asked. */
static enum traffic_verdict
read_flow(struct traffic *t, bool asked)
{
	struct sample *s = &t->sample;

	if (!asked && number_at(t->record, "sightglass.exchanges") >
	    number_at(t->record, "sightglass.counted.exchanges"))
		return TRAFFIC_TOLD;
	s->failed = flow_failed(t->record);
	s->timed = asked;
	s->sent = number_at(t->record, "sightglass.bytes.client");
	s->received = number_at(t->record, "sightglass.bytes.server");
	return TRAFFIC_COUNTED;
}

static enum traffic_verdict
read_websocket(struct traffic *t, bool asked)
{
	uint64_t bytes = number_at(t->record, "websocket.bytes");
	bool sent = is_text(at(t->record, "websocket.from"), "client");

	t->sample.counted = asked;
	t->sample.sent = sent ? bytes : 0;
	t->sample.received = sent ? 0 : bytes;
	return TRAFFIC_COUNTED;
}

static enum traffic_verdict
read_body(struct traffic *t, bool asked)
{
	t->sample.sent = number_at(t->record, "http.request.body.bytes");
	t->sample.received = number_at(t->record, "http.response.body.bytes");
	return asked ? TRAFFIC_COUNTED : TRAFFIC_TOLD;
}

static enum traffic_verdict
read_other(struct traffic *t, bool asked)
{
	t->sample.failed = at(t->record, "sightglass.failure") != NULL ||
	    at(t->record, "sightglass.refused") != NULL;
	t->sample.timed = asked;
	return asked ? TRAFFIC_COUNTED : TRAFFIC_TOLD;
}

static const struct {
	const char *dataset;
	enum traffic_verdict (*read)(struct traffic *t, bool asked);
} kinds[] = {{"sightglass.http", read_http}, {"sightglass.dns", read_dns},
    {"sightglass.flow", read_flow}, {"sightglass.websocket", read_websocket},
    {"sightglass.body", read_body}, {"sightglass.tls", read_other},
    {"sightglass.mint", read_other}, {"sightglass.daemon", read_other}};

static void
read_times(struct traffic *t)
{
	yyjson_val *stamp = at(t->record, "@timestamp");
	yyjson_val *duration = at(t->record, "event.duration");

	t->has_time = yyjson_is_str(stamp) && when_stamp(yyjson_get_str(stamp),
	    yyjson_get_len(stamp), &t->time_us);
	t->sample.timed = t->sample.timed && yyjson_is_uint(duration);
	t->sample.duration_us = yyjson_get_uint(duration) / 1000;
}

enum traffic_verdict
traffic_read(yyjson_val *record, bool asked, struct traffic *t)
{
	yyjson_val *dataset = at(record, "event.dataset");

	*t = (struct traffic){.record = record, .sample.counted = true};
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		if (!is_text(dataset, kinds[i].dataset))
			continue;
		enum traffic_verdict verdict = kinds[i].read(t, asked);
		read_times(t);
		return verdict;
	}
	return TRAFFIC_FOREIGN;
}

/* --- by what --- */

struct traffic_key {
	const char *name;
	bool http; /* of exchanges alone */
	const char *fields[4]; /* the first that is there */
	/* What counts of the text: where it begins, and its length; NULL: all. */
	const char *(*part)(const char *text, size_t *length);
};

/* Without the brackets of an IPv6 address (RFC 3986 section 3.2.2). */
static const char *
bare_host(const char *text, size_t *length)
{
	if (*length < 2 || text[0] != '[' || text[*length - 1] != ']')
		return text;
	*length -= 2;
	return text + 1;
}

/* Without parameters (RFC 9110 section 8.3.1). */
static const char *
bare_type(const char *text, size_t *length)
{
	size_t n = 0;

	while (n < *length && text[n] != ';' && text[n] != ' ' && text[n] != '\t')
		n++;
	*length = n;
	return text;
}

static const struct traffic_key keys[] = {
    {"host", false, {"url.domain", "destination.domain", "sightglass.dns.server.ip",
        "destination.ip"}, bare_host},
    {"application", false, {"process.name"}, NULL},
    {"status", true, {"http.response.status_code"}, NULL},
    {"type", true, {"http.response.headers.content-type"}, bare_type},
    {"method", true, {"http.request.method"}, NULL},
};

struct traffic_by
traffic_by(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		if (strlen(keys[i].name) == length &&
		    memcmp(keys[i].name, name, length) == 0)
			return (struct traffic_by){name, length, &keys[i]};
	}
	return (struct traffic_by){name, length, NULL};
}

static bool
begins(const struct traffic_by *by, const char *prefix)
{
	size_t n = strlen(prefix);

	return by->length >= n && memcmp(by->name, prefix, n) == 0;
}

static bool
is_about_dns(const struct traffic_by *by)
{
	return begins(by, "dns_") || begins(by, "dns.") ||
	    begins(by, "sightglass.dns.");
}

/* The text, or what is no text as JSON. False: out of memory. */
static bool
take(struct traffic_value *value, yyjson_val *from)
{
	/* An array of one, as header fields are, is as good as its element. */
	if (yyjson_is_arr(from) && yyjson_arr_size(from) == 1)
		from = yyjson_arr_get_first(from);
	if (yyjson_is_str(from)) {
		value->text = yyjson_get_str(from);
		value->length = yyjson_get_len(from);
		return true;
	}
	value->owned = yyjson_val_write(from, 0, &value->length);
	value->text = value->owned;
	return value->text != NULL;
}

/* Hosts and types are the same in either case; longer ones than are known stay as
 * they are. */
static void
lower(struct traffic_value *value)
{
	if (value->length > sizeof(value->lower))
		return;
	for (size_t i = 0; i < value->length; i++)
		value->lower[i] = (char)tolower((unsigned char)value->text[i]);
	value->text = value->lower;
}

static bool
key_value(const struct traffic_key *key, const struct traffic *t,
    struct traffic_value *value, bool *failed)
{
	yyjson_val *found = NULL;

	if (key->http &&
	    !is_text(at(t->record, "event.dataset"), "sightglass.http"))
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(key->fields) && found == NULL &&
	    key->fields[i] != NULL; i++)
		found = at(t->record, key->fields[i]);
	if (found == NULL)
		return true;
	*failed = !take(value, found);
	if (!*failed && key->part != NULL) {
		value->text = key->part(value->text, &value->length);
		lower(value);
	}
	return !*failed;
}

bool
traffic_value(const struct traffic_by *by, const struct traffic *t,
    struct traffic_value *value, bool *failed)
{
	*failed = false;
	value->text = value->owned = NULL;
	value->length = 0;
	if (t->twin && !is_about_dns(by))
		return false;
	if (by->key != NULL)
		return key_value(by->key, t, value, failed);
	yyjson_val *found = field_at(t->record, by->name, by->length);
	if (found == NULL)
		return false;
	*failed = !take(value, found);
	return !*failed;
}

void
traffic_value_free(struct traffic_value *value)
{
	free(value->owned);
	value->owned = NULL;
}
