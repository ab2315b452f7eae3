/* SPDX-License-Identifier: ISC */
/*
 * Records into the ring. One that is full pushes back: what it does not take
 * waits in the backlog, in order. Worker and signer.
 */
#include "daemon/sink.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/shm.h"
#include "daemon/wake.h"

#define BACKLOG_BYTES_MAX (1024u * 1024 * 1024)

void
sink_init(struct sink *s)
{
	*s = (struct sink){.wake_fd = -1};
}

void
sink_take_ring(struct sink *s, const struct msg *m)
{
	struct msg_ring at;

	memcpy(&at, m->payload, sizeof(at));
	s->bytes = at.bytes;
	s->memory = shm_map(m->fd, at.bytes);
	(void)close(m->fd);
	if (s->memory == NULL)
		diag_fatal("cannot map the ring: %s", strerror(errno));
}

void
sink_take_wake(struct sink *s, const struct msg *m)
{
	s->wake_fd = m->fd;
}

void
sink_open(struct sink *s, struct board_ring *counters)
{
	if (s->memory == NULL || s->wake_fd < 0)
		diag_fatal("the parent sent no ring");
	if (ring_attach(&s->ring, s->memory, s->bytes) != 0)
		diag_fatal("the ring is damaged");
	s->counters = counters;
	buf_init(&s->line, ring_record_limit(&s->ring));
	buf_init(&s->backlog, BACKLOG_BYTES_MAX);
}

uint64_t
sink_sequence(const struct sink *s)
{
	return ring_next_sequence(&s->ring) + s->backlog_records;
}

/* Whether there is a backlog. */
static bool
has_backlog(const struct sink *s)
{
	return s->backlog_records > 0;
}

/* True: the ring has it. */
static bool
put(struct sink *s, const uint8_t *bytes, size_t length)
{
	int outcome = ring_put(&s->ring, bytes, length);

	if (outcome == E_FULL)
		return false;
	if (outcome < 0)
		diag_error("a record of %zu bytes is lost: %s", length,
		    err_text(outcome));
	else
		counter_add(&s->counters->records, 1);
	if (outcome == 1)
		wake_send(s->wake_fd);
	return true;
}

static void
keep(struct sink *s)
{
	uint32_t length = (uint32_t)buf_length(&s->line);

	if (!has_backlog(s)) {
		counter_add(&s->counters->waits, 1);
		wake_send(s->wake_fd); /* who may sleep while it cannot write */
	}
	if (buf_append(&s->backlog, &length, sizeof(length)) != 0 ||
	    buf_append(&s->backlog, buf_data(&s->line), length) != 0)
		diag_fatal("out of memory with the log standing still");
	s->backlog_records++;
}

bool
sink_commit(struct sink *s)
{
	if (has_backlog(s) || !put(s, buf_data(&s->line), buf_length(&s->line)))
		keep(s);
	counter_set(&s->counters->used, ring_used(&s->ring));
	return !has_backlog(s);
}

bool
sink_flush(struct sink *s)
{
	while (has_backlog(s)) {
		uint32_t length;

		memcpy(&length, buf_data(&s->backlog), sizeof(length));
		if (!put(s, buf_data(&s->backlog) + sizeof(length), length))
			return false;
		buf_consume(&s->backlog, sizeof(length) + length);
		s->backlog_records--;
	}
	buf_free(&s->backlog);
	return true;
}
