/* SPDX-License-Identifier: ISC */
/*
 * The cache of programs' facts. Worker only. That nothing is known is kept too, for a
 * moment, so that a program which cannot be asked about does not cost each of its flows
 * the asking.
 */
#include "mitm/processes.h"

#include <stdlib.h>
#include <string.h>

/* Where macOS's kernels have the process id in a token. Nothing depends on it but that
 * the table's ids spread by their first bytes. */
#define SPREADS_FROM 20u

struct processes {
	struct recent kept;
	process_ask *ask;
	struct processes_counts counts;
};

_Static_assert(FLOW_AUDIT_TOKEN_BYTES == RECENT_ID_BYTES, "a token is an id");

static struct process *
process_of(struct recent_entry *entry)
{
	return (struct process *)entry; /* its first member */
}

static void
drop(struct recent_entry *entry)
{
	process_release(process_of(entry));
}

struct processes *
processes_new(size_t limit, process_ask *ask)
{
	struct processes *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	recent_init(&p->kept, limit, drop);
	p->ask = ask;
	return p;
}

void
processes_free(struct processes *p)
{
	if (p == NULL)
		return;
	recent_clear(&p->kept);
	free(p);
}

void
process_release(struct process *process)
{
	if (process != NULL && --process->references == 0)
		free(process);
}

/* The token, turned so that what differs comes first: still one id a token. */
static void
make_id(const uint8_t *token, uint8_t id[RECENT_ID_BYTES])
{
	const size_t tail = FLOW_AUDIT_TOKEN_BYTES - SPREADS_FROM;

	memcpy(id, token + SPREADS_FROM, tail);
	memcpy(id + tail, token, SPREADS_FROM);
}

/* The kept entry, or NULL; one whose time is over is forgotten. */
static struct process *
find(struct processes *p, const uint8_t *id, uint64_t now_ms)
{
	struct recent_entry *entry = recent_find(&p->kept, id);

	if (entry == NULL)
		return NULL;
	if (now_ms < process_of(entry)->until_ms)
		return process_of(entry);
	recent_take(&p->kept, entry);
	drop(entry);
	return NULL;
}

/* Asks for it and keeps the answer, with one reference of the caller's. */
static struct process *
ask(struct processes *p, uint32_t pid, const uint8_t *token, uint64_t now_ms)
{
	struct process *process = calloc(1, sizeof(*process));

	if (process == NULL)
		return NULL;
	process->references = 2;
	process->error = p->ask(pid, token, &process->facts);
	process->until_ms = now_ms +
	    (process->error == 0 ? PROCESS_LIFE_MS : PROCESS_UNKNOWN_MS);
	p->counts.asked++;
	p->counts.unknown += process->error != 0;
	make_id(token, process->entry.id);
	recent_add(&p->kept, &process->entry);
	return process;
}

struct process *
processes_find(struct processes *p, uint32_t pid,
    const uint8_t token[FLOW_AUDIT_TOKEN_BYTES], uint64_t now_ms)
{
	uint8_t id[RECENT_ID_BYTES];

	make_id(token, id);
	struct process *process = find(p, id, now_ms);
	if (process != NULL)
		process->references++;
	else
		process = ask(p, pid, token, now_ms);
	if (process != NULL && process->error != 0) {
		process_release(process);
		return NULL;
	}
	return process;
}

struct processes_counts
processes_counts(const struct processes *p)
{
	return p->counts;
}
