/* SPDX-License-Identifier: ISC */
/*
 * A record as a line for a person. CLI, pure but for the last tls record, which
 * tells why the flow behind it failed. Whatever came from the wire is
 * shown so that it cannot steer a terminal: controls and the characters that
 * turn text around are written as escapes.
 */
#include "cli/pretty.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <yyjson.h>

#include "base/err.h"
#include "cli/amount.h"
#include "cli/colour.h"
#include "cli/safe.h"
#include "mitm/tls.h"

#define URL_COLUMNS_LEAST 20u

struct page {
	struct pretty *p;
	struct buf *out;
	int error; /* the first */
	size_t url, url_end; /* where in `out` the URL stands that may be cut */
};

/* --- text --- */

static void
put(struct page *g, const char *text)
{
	if (g->error == 0)
		g->error = buf_puts(g->out, text);
}

static void
colour(struct page *g, const char *code)
{
	if (g->p->colour)
		put(g, code);
}

/* `keep` is a control that may stand: a newline in a body. */
static void
put_safe(struct page *g, const char *text, size_t length, const char *keep)
{
	if (g->error == 0)
		g->error = safe_text(g->out, text, length, keep);
}

static void
put_value(struct page *g, yyjson_val *text)
{
	if (yyjson_is_str(text))
		put_safe(g, yyjson_get_str(text), yyjson_get_len(text), "");
}

static void
put_number(struct page *g, yyjson_val *value)
{
	if (g->error == 0)
		g->error = buf_printf(g->out, "%" PRIu64, yyjson_get_uint(value));
}

/* --- values --- */

static yyjson_val *
at(yyjson_val *record, const char *pointer)
{
	return yyjson_ptr_get(record, pointer);
}

/* "" where there is no text. */
static const char *
at_text(yyjson_val *record, const char *pointer)
{
	const char *text = yyjson_get_str(at(record, pointer));

	return text != NULL ? text : "";
}

static void
put_size(struct page *g, uint64_t bytes)
{
	if (g->error == 0)
		g->error = amount_bytes(g->out, bytes);
}

static void
put_duration(struct page *g, yyjson_val *nanoseconds)
{
	if (!yyjson_is_uint(nanoseconds))
		return;
	put(g, "  ");
	if (g->error == 0)
		g->error = amount_duration(g->out, yyjson_get_uint(nanoseconds));
}

/* "2026-11-23T10:15:00.123456Z" as the local time of day, to the ms. */
static void
put_time(struct page *g, yyjson_val *stamp)
{
	struct tm tm = {0};
	const char *text = yyjson_get_str(stamp);
	int ms = 0;
	char shown[32];

	if (text == NULL || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3d",
	        &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
	        &tm.tm_sec, &ms) != 7) {
		put(g, "??:??:??.???");
		return;
	}
	tm.tm_year -= 1900;
	tm.tm_mon--;
	time_t seconds = timegm(&tm);
	struct tm *shifted = g->p->utc ? gmtime_r(&seconds, &tm)
	                               : localtime_r(&seconds, &tm);
	if (shifted == NULL ||
	    strftime(shown, sizeof(shown),
	        g->p->dated ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S", shifted) == 0)
		return;
	colour(g, COLOUR_DIM);
	put(g, shown);
	if (g->error == 0)
		g->error = buf_printf(g->out, ".%03d", ms < 0 ? 0 : ms);
	colour(g, COLOUR_RESET);
}

static void
put_process(struct page *g, yyjson_val *record)
{
	yyjson_val *name = at(record, "/process/name");

	if (name == NULL)
		return;
	colour(g, COLOUR_CYAN);
	put(g, "  ");
	put_value(g, name);
	colour(g, COLOUR_RESET);
}

/* --- http --- */

static void
put_status(struct page *g, yyjson_val *status)
{
	uint64_t code = yyjson_get_uint(status);

	if (code == 0) {
		colour(g, COLOUR_RED);
		put(g, " ---");
	} else {
		colour(g, code >= 500 ? COLOUR_RED
		    : code >= 400 ? COLOUR_YELLOW : COLOUR_GREEN);
		if (g->error == 0)
			g->error = buf_printf(g->out, " %3" PRIu64, code);
	}
	colour(g, COLOUR_RESET);
}

static void
put_type(struct page *g, yyjson_val *record)
{
	yyjson_val *type =
	    at(record, "/http/response/headers/content-type/0");
	const char *text = yyjson_get_str(type);

	if (text == NULL)
		return;
	put(g, "  ");
	put_safe(g, text, strcspn(text, "; "), "");
}

static void
put_headers(struct page *g, yyjson_val *headers, const char *mark)
{
	size_t index, count, k, n;
	yyjson_val *name, *values, *value;

	if (headers == NULL)
		return;
	yyjson_obj_foreach(headers, index, count, name, values) {
		yyjson_arr_foreach(values, k, n, value) {
			put(g, mark);
			put_value(g, name);
			put(g, ": ");
			put_value(g, value);
			put(g, "\n");
		}
	}
}

/* --- what was said --- */

/* JSON with a line a member; false: it is none. */
static bool
put_json(struct page *g, const char *text, size_t length)
{
	size_t first = strspn(text, " \t\r\n"), written;

	if (first >= length || (text[first] != '{' && text[first] != '['))
		return false;
	yyjson_doc *doc = yyjson_read(text, length, 0);
	char *indented = yyjson_write(doc, YYJSON_WRITE_PRETTY, &written);
	yyjson_doc_free(doc);
	if (indented == NULL)
		return false;
	put_safe(g, indented, written, "\n");
	free(indented);
	return true;
}

/* What is no text for a person has its name and size. */
static void
put_named(struct page *g, yyjson_val *body, const char *type)
{
	put(g, "(");
	put_size(g, yyjson_get_uint(yyjson_obj_get(body, "bytes")));
	put(g, type == NULL ? ", not text" : ", ");
	if (type != NULL)
		put_safe(g, type, strcspn(type, "; "), "");
	put(g, ")");
}

static void
put_content(struct page *g, yyjson_val *holder, const char *type)
{
	yyjson_val *content = yyjson_obj_get(holder, "content");
	const char *text = yyjson_get_str(content);
	const char *encoding =
	    yyjson_get_str(yyjson_obj_get(holder, "encoding"));

	if (text == NULL)
		return;
	if ((encoding != NULL && strcmp(encoding, "base64") == 0) ||
	    (type != NULL && strncmp(type, "image/", 6) == 0))
		put_named(g, holder, type);
	else if (!put_json(g, text, yyjson_get_len(content)))
		put_safe(g, text, yyjson_get_len(content), "\n");
	if (yyjson_get_bool(yyjson_obj_get(holder, "truncated")))
		put(g, " ...");
	put(g, "\n");
}

static void
put_message(struct page *g, yyjson_val *message, const char *mark, bool head,
    bool body)
{
	yyjson_val *holder = yyjson_obj_get(message, "body");

	if (message == NULL || (!head && !body))
		return;
	if (head)
		put_headers(g, yyjson_obj_get(message, "headers"), mark);
	if (body && yyjson_obj_get(holder, "content") != NULL) {
		put(g, "\n");
		put_content(g, holder,
		    yyjson_get_str(at(message, "/headers/content-type/0")));
	}
	put(g, "\n");
}

static bool
shows(const struct pretty *p, unsigned part, unsigned detail)
{
	return (p->parts & part) != 0 || p->detail >= detail;
}

static void
put_http(struct page *g, yyjson_val *record)
{
	put_status(g, at(record, "/http/response/status_code"));
	put(g, " ");
	colour(g, COLOUR_BOLD);
	put_value(g, at(record, "/http/request/method"));
	colour(g, COLOUR_RESET);
	put(g, " ");
	g->url = buf_length(g->out);
	put_value(g, at(record, "/url/full"));
	g->url_end = buf_length(g->out);
	put_type(g, record);
	put(g, "  ");
	put_size(g, yyjson_get_uint(at(record, "/http/response/body/bytes")));
	put_duration(g, at(record, "/event/duration"));
	put_process(g, record);
	if (at(record, "/sightglass/incomplete") != NULL) {
		put(g, "  (");
		put_value(g, at(record, "/sightglass/incomplete"));
		put(g, ")");
	}
	put(g, "\n");
	put_message(g, at(record, "/http/request"), "  > ",
	    shows(g->p, PRETTY_REQUEST_HEAD, 1),
	    shows(g->p, PRETTY_REQUEST_BODY, 2));
	put_message(g, at(record, "/http/response"), "  < ",
	    shows(g->p, PRETTY_RESPONSE_HEAD, 1),
	    shows(g->p, PRETTY_RESPONSE_BODY, 2));
}

/* --- the rest --- */

static void
put_destination(struct page *g, yyjson_val *record)
{
	yyjson_val *domain = at(record, "/destination/domain");
	yyjson_val *host = domain != NULL ? domain
	                                  : at(record, "/destination/ip");
	const char *text = yyjson_get_str(host);
	bool bracket = text != NULL && text[0] != '[' &&
	    strchr(text, ':') != NULL; /* RFC 3986 section 3.2.2 */

	put(g, bracket ? "[" : "");
	put_value(g, host);
	put(g, bracket ? "]:" : ":");
	put_number(g, at(record, "/destination/port"));
}

/* "  label value", when there is one. */
static void
put_labelled(struct page *g, const char *label, yyjson_val *value)
{
	if (value == NULL)
		return;
	put(g, "  ");
	put(g, label);
	put_value(g, value);
}

static const struct {
	int number;
	const char *name;
} alerts[] = {
#define PRETTY_ALERT(symbol, number, name) {symbol, name},
    TLS_ALERT_TABLE(PRETTY_ALERT)
#undef PRETTY_ALERT
};

static void
put_alert(struct page *g, int number)
{
	for (size_t i = 0; i < ARRAY_LENGTH(alerts); i++) {
		if (alerts[i].number == number) {
			put(g, alerts[i].name);
			return;
		}
	}
	if (g->error == 0)
		g->error = buf_printf(g->out, "%d", number);
}

static int
alert_at(yyjson_val *record, const char *pointer)
{
	yyjson_val *number = at(record, pointer);

	return yyjson_is_int(number) ? yyjson_get_int(number) : -1;
}

static void
put_received(struct page *g, yyjson_val *record, const char *pointer,
    const char *label)
{
	int number = alert_at(record, pointer);

	if (number < 0)
		return;
	put(g, label);
	put_alert(g, number);
}

static void
put_tls(struct page *g, yyjson_val *record)
{
	put(g, " TLS ");
	put_destination(g, record);
	put_labelled(g, "", at(record, "/sightglass/decision"));
	put_labelled(g, "", at(record, "/sightglass/reason"));
	put_labelled(g, "TLS ", at(record, "/sightglass/client/version"));
	put_labelled(g, "", at(record, "/sightglass/client/alpn"));
	put_labelled(g, "certificate ", at(record, "/sightglass/verification"));
	put_received(g, record, "/sightglass/client/alert_received",
	    "  alert of the client ");
	put_received(g, record, "/sightglass/server/alert_received",
	    "  alert of the server ");
	put_labelled(g, "", at(record, "/sightglass/error"));
	put_process(g, record);
	put(g, "\n");
}

/* --- flows --- */

enum side { SIDE_CLIENT, SIDE_SERVER, SIDE_OWN };

/* The ends of a flow of which nothing came: whose it was, and what in words. */
struct failure {
	const char *close;
	enum side side;
	bool tls;   /* the tls record says why */
	bool trust; /* a client without our CA does so */
	const char *words;
};

static const struct failure failures[] = {
    {"connect_failed", SIDE_SERVER, false, false, "the server was not reached"},
    {"connect_timeout", SIDE_SERVER, false, false,
        "the server was not reached in time"},
    {"upstream_handshake_failed", SIDE_SERVER, true, false,
        "TLS with the server failed"},
    {"upstream_handshake_timeout", SIDE_SERVER, true, false,
        "the server did not finish the TLS handshake in time"},
    {"upstream_invalid", SIDE_SERVER, true, false,
        "the server's certificate is not valid"},
    {"no_leaf", SIDE_OWN, false, false, "sightglass made no certificate for it"},
    {"client_handshake_failed", SIDE_CLIENT, true, true,
        "the client broke off the TLS handshake"},
    {"client_handshake_timeout", SIDE_CLIENT, true, false,
        "the client did not finish the TLS handshake in time"},
};

static const struct failure *
find_failure(yyjson_val *record)
{
	const char *close = yyjson_get_str(at(record, "/sightglass/close"));

	for (size_t i = 0; close != NULL && i < ARRAY_LENGTH(failures); i++) {
		if (strcmp(failures[i].close, close) == 0)
			return &failures[i];
	}
	return NULL;
}

static void
remember_text(char *out, size_t size, yyjson_val *value)
{
	const char *text = yyjson_get_str(value);

	(void)snprintf(out, size, "%s", text == NULL ? "" : text);
}

static void
remember_tls(struct pretty_tls *t, yyjson_val *record)
{
	remember_text(t->flow, sizeof(t->flow), at(record, "/sightglass/flow"));
	remember_text(t->verification, sizeof(t->verification),
	    at(record, "/sightglass/verification"));
	remember_text(t->error, sizeof(t->error), at(record, "/sightglass/error"));
	t->client_alert = alert_at(record, "/sightglass/client/alert_received");
	t->server_alert = alert_at(record, "/sightglass/server/alert_received");
}

/* The last tls record, when it is of this flow. */
static const struct pretty_tls *
recall_tls(const struct pretty *p, yyjson_val *record)
{
	const char *flow = yyjson_get_str(at(record, "/sightglass/flow"));

	return flow != NULL && flow[0] != '\0' && strcmp(flow, p->tls.flow) == 0
	    ? &p->tls : NULL;
}

/* Those that a client has for a chain which it cannot trust; -1, none, leaves it
 * open. */
static bool
may_be_trust(int alert)
{
	return alert == -1 || tls_alert_is_distrust(alert);
}

/* A client that was shown that the server is not valid was right to break off. */
static void
put_why_tls(struct page *g, const struct failure *f, const struct pretty_tls *t)
{
	int alert = f->side == SIDE_CLIENT ? t->client_alert : t->server_alert;

	if (t->verification[0] != '\0' && strcmp(t->verification, "ok") != 0) {
		put(g, f->side == SIDE_CLIENT
		        ? ", for the server's certificate is not valid: " : ": ");
		put_safe(g, t->verification, strlen(t->verification), "");
		return;
	}
	if (alert >= 0) {
		put(g, ": alert ");
		put_alert(g, alert);
	} else if (t->error[0] != '\0') {
		put(g, ": ");
		put_safe(g, t->error, strlen(t->error), "");
	}
	if (f->trust && may_be_trust(alert))
		put(g, " (does it trust the CA?)");
}

static void
put_failure(struct page *g, yyjson_val *record, const struct failure *f)
{
	const struct pretty_tls *t = f->tls ? recall_tls(g->p, record) : NULL;

	put(g, "  ");
	colour(g, COLOUR_RED);
	put(g, "failed");
	colour(g, COLOUR_RESET);
	put(g, ": ");
	put(g, f->words);
	if (t != NULL) {
		put_why_tls(g, f, t);
	} else if (at(record, "/sightglass/detail") != NULL) {
		put(g, ": ");
		put_value(g, at(record, "/sightglass/detail"));
	}
	put_duration(g, at(record, "/event/duration"));
}

/* A client that judges a chain behind the handshake closes without an alert, and has
 * said nothing inside TLS. */
static bool
said_nothing(const struct page *g, yyjson_val *record)
{
	const struct pretty_tls *t = recall_tls(g->p, record);
	yyjson_val *bytes = at(record, "/sightglass/bytes");

	return t != NULL && strcmp(t->verification, "ok") == 0 &&
	    strcmp(at_text(record, "/sightglass/protocol"), "tls") == 0 &&
	    strcmp(at_text(record, "/sightglass/decision"), "inspect") == 0 &&
	    yyjson_get_uint(yyjson_obj_get(bytes, "client")) == 0 &&
	    yyjson_get_uint(yyjson_obj_get(bytes, "server")) == 0;
}

static void
put_ended(struct page *g, yyjson_val *record)
{
	put_labelled(g, "", at(record, "/sightglass/decision"));
	put_labelled(g, "", at(record, "/sightglass/reason"));
	put(g, "  ");
	put_size(g, yyjson_get_uint(at(record, "/sightglass/bytes/client")));
	put(g, " out, ");
	put_size(g, yyjson_get_uint(at(record, "/sightglass/bytes/server")));
	put(g, " in");
	put_duration(g, at(record, "/event/duration"));
	put_labelled(g, "", at(record, "/sightglass/close"));
	put_labelled(g, "", at(record, "/sightglass/detail"));
	if (said_nothing(g, record))
		put(g, "  the client said nothing (does it trust the CA?)");
	else if (strcmp(at_text(record, "/sightglass/reason"), "pinned") == 0)
		put(g, "  it turned our certificate down before (sightglass bypass)");
}

static void
put_flow(struct page *g, yyjson_val *record)
{
	yyjson_val *protocol = at(record, "/sightglass/protocol");
	const struct failure *f = find_failure(record);

	put(g, " --- ");
	put_value(g, protocol != NULL ? protocol
	                              : at(record, "/network/transport"));
	put(g, " ");
	put_destination(g, record);
	if (f != NULL)
		put_failure(g, record, f);
	else
		put_ended(g, record);
	put_process(g, record);
	put(g, "\n");
}

/* --- parts of bodies --- */

static void
put_part(struct page *g, yyjson_val *record)
{
	yyjson_val *sent = at(record, "/http/request/body");
	yyjson_val *body = sent != NULL ? sent : at(record, "/http/response/body");

	put(g, sent != NULL ? " ..> " : " ..< ");
	put_destination(g, record);
	put(g, "  part ");
	put_number(g, at(record, "/sightglass/part"));
	if (yyjson_get_bool(at(record, "/sightglass/last")))
		put(g, ", the last");
	put(g, "  ");
	put_size(g, yyjson_get_uint(yyjson_obj_get(body, "bytes")));
	put_process(g, record);
	put(g, "\n");
	if (!shows(g->p, sent != NULL ? PRETTY_REQUEST_BODY : PRETTY_RESPONSE_BODY, 2) ||
	    yyjson_obj_get(body, "content") == NULL)
		return;
	put(g, "\n");
	put_content(g, body, NULL);
}

/* --- WebSocket --- */

static void
put_websocket(struct page *g, yyjson_val *record)
{
	const char *from = yyjson_get_str(at(record, "/websocket/from"));
	bool sent = from != NULL && strcmp(from, "client") == 0;

	put(g, sent ? " ws> " : " ws< ");
	put_destination(g, record);
	put(g, "  ");
	put_value(g, at(record, "/websocket/type"));
	put(g, "  ");
	put_size(g, yyjson_get_uint(at(record, "/websocket/bytes")));
	put_process(g, record);
	put(g, "\n");
	if (!shows(g->p, sent ? PRETTY_REQUEST_BODY : PRETTY_RESPONSE_BODY, 2) ||
	    at(record, "/websocket/content") == NULL)
		return;
	put(g, "  ");
	put_content(g, at(record, "/websocket"), NULL);
}

/* --- DNS --- */

static void
put_answers(struct page *g, yyjson_val *answers)
{
	size_t index, count;
	yyjson_val *answer;

	yyjson_arr_foreach(answers, index, count, answer) {
		put(g, index == 0 ? "  " : ", ");
		if (strcmp(at_text(answer, "/type"), "A") != 0 &&
		    strcmp(at_text(answer, "/type"), "AAAA") != 0) {
			put_value(g, at(answer, "/type"));
			put(g, " ");
		}
		put_value(g, at(answer, "/data"));
	}
}

static void
put_dns(struct page *g, yyjson_val *record)
{
	yyjson_val *code = at(record, "/dns_response_code");

	put(g, " dns ");
	put_value(g, at(record, "/dns_hostname"));
	put(g, "  ");
	put_value(g, at(record, "/dns_query_type"));
	put(g, "  ");
	colour(g, strcmp(at_text(record, "/dns_response_code"), "NOERROR") == 0
	    ? COLOUR_GREEN : code != NULL ? COLOUR_YELLOW : COLOUR_RED);
	put_value(g, code != NULL ? code : at(record, "/sightglass/dns/incomplete"));
	colour(g, COLOUR_RESET);
	put_answers(g, at(record, "/dns/answers"));
	put(g, "  ");
	put_value(g, at(record, "/sightglass/dns/transport"));
	put_duration(g, at(record, "/event/duration"));
	put_process(g, record);
	put(g, "\n");
}

/* --- the daemon --- */

static void
put_daemon(struct page *g, yyjson_val *record)
{
	put(g, " *** ");
	put_value(g, at(record, "/sightglass/role"));
	put(g, " ");
	put_value(g, at(record, "/sightglass/action"));
	put(g, ": ");
	put_value(g, at(record, "/message"));
	put(g, "\n");
}

/* --- the signer --- */

static void
put_mint(struct page *g, yyjson_val *record)
{
	yyjson_val *refused = at(record, "/sightglass/refused");

	put(g, refused != NULL ? " +++ leaf refused to worker "
	                       : " +++ leaf for worker ");
	put_number(g, at(record, "/sightglass/worker"));
	put(g, ": ");
	put_value(g, at(record, "/sightglass/names/0"));
	put(g, " ");
	put_value(g, refused != NULL ? refused : at(record, "/sightglass/leaf/serial"));
	put(g, "\n");
}

/* --- the record --- */

static const struct {
	const char *dataset;
	void (*put)(struct page *g, yyjson_val *record);
} kinds[] = {{"sightglass.http", put_http}, {"sightglass.body", put_part},
    {"sightglass.websocket", put_websocket}, {"sightglass.dns", put_dns},
    {"sightglass.tls", put_tls}, {"sightglass.flow", put_flow},
    {"sightglass.mint", put_mint}, {"sightglass.daemon", put_daemon}};

/* One that speaks for itself already, in its exchanges. */
static bool
is_told(yyjson_val *record)
{
	return yyjson_get_uint(at(record, "/sightglass/exchanges")) > 0;
}

static bool
is_wanted(const struct pretty *p, yyjson_val *record, const char *dataset)
{
	if (!p->requests_only || strcmp(dataset, "sightglass.http") == 0)
		return true;
	return strcmp(dataset, "sightglass.flow") == 0 && !is_told(record);
}

static void
put_record(struct page *g, yyjson_val *record)
{
	const char *dataset = yyjson_get_str(at(record, "/event/dataset"));

	if (dataset != NULL && strcmp(dataset, "sightglass.tls") == 0)
		remember_tls(&g->p->tls, record);
	if (dataset == NULL || !is_wanted(g->p, record, dataset))
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].dataset, dataset) != 0)
			continue;
		put_time(g, at(record, "/@timestamp"));
		kinds[i].put(g, record);
	}
}

/* --- the width of the terminal --- */

/* Takes `length` bytes at `from` of the page away and puts "…" there. */
static void
cut(struct page *g, size_t from, size_t length)
{
	static const char dots[] = "\xe2\x80\xa6";
	size_t n = sizeof(dots) - 1;
	size_t behind = buf_length(g->out) - from - length;
	uint8_t *room;

	if (g->error == 0)
		g->error = buf_reserve(g->out, n, &room);
	if (g->error != 0)
		return;
	uint8_t *place = buf_data(g->out) + from;
	memmove(place + n, place + length, behind);
	memcpy(place, dots, n);
	g->out->length = from + n + behind;
}

/* The columns that the line which begins at `from` is too wide by. */
static size_t
overhang(const struct page *g, size_t from, size_t *length)
{
	const char *line = (const char *)buf_data(g->out) + from;
	const char *newline = memchr(line, '\n', buf_length(g->out) - from);

	*length = newline == NULL ? 0 : (size_t)(newline - line);
	size_t width = safe_width(line, *length);
	return width > g->p->width ? width - g->p->width : 0;
}

/* The record's first line is no wider than the terminal: its URL is cut, for what
 * is behind that is worth more; and when that is not enough, the line. */
static void
fit(struct page *g, size_t from)
{
	size_t length, over = overhang(g, from, &length);

	if (over > 0 && g->url_end > g->url) {
		const char *url = (const char *)buf_data(g->out) + g->url;
		size_t bytes = g->url_end - g->url;
		size_t columns = safe_width(url, bytes);
		size_t keep = columns > over + 1 + URL_COLUMNS_LEAST
		    ? columns - over - 1 : URL_COLUMNS_LEAST;
		size_t kept = safe_fit(url, bytes, keep);
		cut(g, g->url + kept, bytes - kept);
		over = overhang(g, from, &length);
	}
	if (over == 0)
		return;
	size_t kept = safe_fit((const char *)buf_data(g->out) + from, length,
	    g->p->width - 1);
	cut(g, from + kept, length - kept);
	if (g->p->colour && g->error == 0) { /* what was cut may have ended it */
		g->out->length--;
		colour(g, COLOUR_RESET);
		put(g, "\n");
	}
}

int
pretty_record(struct pretty *p, const char *line, size_t length,
    struct buf *out)
{
	struct page g = {.p = p, .out = out};
	size_t from = buf_length(out);
	yyjson_doc *doc = yyjson_read(line, length, 0);
	yyjson_val *root = yyjson_doc_get_root(doc);

	if (yyjson_is_obj(root)) {
		put_record(&g, root);
	} else {
		put_safe(&g, line, length, "");
		put(&g, "\n");
		if (g.error == 0)
			g.error = E_SYNTAX;
	}
	yyjson_doc_free(doc);
	if (p->width > 0 && p->detail == 0 && p->parts == 0 && g.error == 0 &&
	    buf_length(out) > from)
		fit(&g, from);
	return g.error;
}
