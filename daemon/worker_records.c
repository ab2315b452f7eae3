/* SPDX-License-Identifier: ISC */
/*
 * Events into records into the ring. A ring that is full pauses the worker: the
 * records in hand wait in the backlog, and no flow is read until it is empty.
 * Nothing is dropped: a record too long for the ring loses its bodies, then its
 * fields, and says so. Worker only.
 */
#include <string.h>
#include <sys/socket.h>

#include "base/diag.h"
#include "base/err.h"
#include "daemon/worker.h"
#include "log/record.h"

static uint64_t
next_sequence(const struct worker *w)
{
	return ring_next_sequence(&w->ring) + w->backlog_records;
}

static void
wake_logger(const struct worker *w)
{
	if (send(w->wake_fd, "", 1, 0) < 0) {
		/* Its buffer is full of wake-ups: that will do. */
	}
}

/* True: the ring has it. */
static bool
put(struct worker *w, const uint8_t *bytes, size_t length)
{
	int outcome = ring_put(&w->ring, bytes, length);

	if (outcome == E_FULL)
		return false;
	if (outcome < 0)
		diag_error("a record of %zu bytes is lost: %s", length,
		    err_text(outcome));
	else
		counter_add(&w->counters->records, 1);
	if (outcome == 1)
		wake_logger(w);
	return true;
}

static void
keep(struct worker *w)
{
	uint32_t length = (uint32_t)buf_length(&w->line);

	if (!w->host.paused) {
		counter_add(&w->counters->waits, 1);
		wake_logger(w); /* which may sleep while it cannot write */
	}
	w->host.paused = true;
	if (buf_append(&w->backlog, &length, sizeof(length)) != 0 ||
	    buf_append(&w->backlog, buf_data(&w->line), length) != 0)
		diag_fatal("out of memory with the log standing still");
	w->backlog_records++;
}

static void
commit(struct worker *w)
{
	if (w->backlog_records > 0 ||
	    !put(w, buf_data(&w->line), buf_length(&w->line)))
		keep(w);
	counter_set(&w->counters->ring_used, ring_used(&w->ring));
}

bool
records_flush(struct worker *w)
{
	while (w->backlog_records > 0) {
		uint32_t length;

		memcpy(&length, buf_data(&w->backlog), sizeof(length));
		if (!put(w, buf_data(&w->backlog) + sizeof(length), length))
			return false;
		buf_consume(&w->backlog, sizeof(length) + length);
		w->backlog_records--;
	}
	buf_free(&w->backlog);
	w->host.paused = false;
	return true;
}

static void
complain(const char *dataset, int error)
{
	diag_error("a %s record could not be built: %s", dataset, err_text(error));
}

/* What is left of a message when it must become short. */
static void
strip(struct http_message *m, bool fields_too)
{
	m->body.captured.length = 0;
	m->body.truncated = m->body.wire_bytes > 0;
	if (!fields_too)
		return;
	m->field_count = m->trailer_count = 0;
	m->head_too_long = true;
}

void
records_on_http(void *context, struct flow *flow,
    const struct http_exchange *exchange)
{
	struct worker *w = context;
	struct http_exchange shorter = *exchange;
	struct record_timing timing = {0};
	int error = E_LIMIT;

	if (flow->exchanges == 1 && flow->connected_us != 0) {
		timing.connect_us = flow->connected_us - flow->connect_began_us;
		if (flow->tls_done_us != 0)
			timing.tls_us = flow->tls_done_us - flow->connected_us;
	}
	for (int attempt = 0; error == E_LIMIT && attempt < 3; attempt++) {
		if (attempt > 0) {
			strip(&shorter.request, attempt == 2);
			strip(&shorter.response, attempt == 2);
		}
		buf_clear(&w->line);
		error = record_http(&w->host.writer, next_sequence(w), &flow->facts,
		    &timing, &shorter, &w->line);
	}
	if (error != 0)
		complain("http", error);
	else
		commit(w);
}

void
records_on_tls(void *context, struct flow *flow, const struct tls_event *event)
{
	struct worker *w = context;

	buf_clear(&w->line);
	int error = record_tls(&w->host.writer, next_sequence(w), &flow->facts, event,
	    &w->line);
	if (error != 0)
		complain("tls", error);
	else
		commit(w);
}

void
records_on_flow(void *context, struct flow *flow,
    const struct flow_event *event)
{
	struct worker *w = context;

	buf_clear(&w->line);
	int error = record_flow(&w->host.writer, next_sequence(w), &flow->facts,
	    event, &w->line);
	if (error != 0)
		complain("flow", error);
	else
		commit(w);
}
