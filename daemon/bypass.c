/* SPDX-License-Identifier: ISC */
/*
 * Learned bypasses in the parent: what workers report becomes entries here, for
 * all of them; what people ask on control.sock is answered from here. Every
 * change is a record of dataset daemon and, a moment later, in the file. It
 * trusts a worker with nothing but a count.
 */
#include "daemon/bypass.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"

#define ANSWER_BYTES_MAX (60u * 1024)
#define PAGE_BYTES (32u * 1024) /* of a list; the rest is asked for */

static const struct timeval save_delay = {.tv_usec = 200 * 1000};
static const struct timeval sweep_period = {.tv_sec = 10};

struct bypasses {
	struct parent *parent;
	struct bypass *table;
	struct policy *never;
	struct event *save, *sweep;
	bool changed; /* since the file was written */
};

/* --- telling the workers, the log and the file --- */

static void
send_entry(struct child *worker, const struct bypass_key *key,
    const struct msg_bypass *head)
{
	struct buf text;

	if (worker->channel.fd < 0)
		return;
	buf_init(&text, BYPASS_KEY_BYTES_MAX);
	if (bypass_key_write(key, &text) != 0 ||
	    channel_send2(&worker->channel, MSG_BYPASS, head, sizeof(*head),
	        buf_data(&text), buf_length(&text)) != 0)
		diag_warning("%s does not listen", child_name(worker));
	buf_free(&text);
}

static void
send_to_all(struct bypasses *b, const struct bypass_key *key,
    const struct msg_bypass *head)
{
	struct parent *p = b->parent;

	for (size_t i = 0; i < p->worker_count; i++)
		send_entry(&p->workers[i], key, head);
}

static void
to_be_saved(struct bypasses *b)
{
	b->changed = true;
	if (!event_pending(b->save, EV_TIMEOUT, NULL))
		(void)event_add(b->save, &save_delay);
}

static void
record(struct bypasses *b, const char *action, const struct bypass_key *key,
    const char *why)
{
	char words[sizeof(((struct msg_note *)NULL)->message)];

	(void)snprintf(words, sizeof(words), "%s: %s for %s", why, key->name,
	    key->application);
	parent_note(b->parent, action, "parent", words);
}

static void
announce(struct bypasses *b, const struct bypass_key *key)
{
	const struct bypass_entry *entry =
	    bypass_find(b->table, key, clock_wall_us());

	if (entry == NULL)
		return;
	const struct msg_bypass head = {.why = (uint32_t)entry->why,
	    .learned_us = entry->learned_us, .expires_us = entry->expires_us};
	send_to_all(b, key, &head);
	record(b, "bypass_learned", key, bypass_why_name(entry->why));
	to_be_saved(b);
}

static void
on_gone(void *context, const struct bypass_entry *entry, const char *why)
{
	struct bypasses *b = context;
	const struct msg_bypass head = {.why = BYPASS_WHY_COUNT};

	send_to_all(b, entry->key, &head);
	record(b, "bypass_removed", entry->key, why);
	to_be_saved(b);
}

int
bypasses_send(const struct bypasses *b, struct child *worker)
{
	const struct bypass_entry *entry = NULL;

	while ((entry = bypass_next(b->table, entry)) != NULL) {
		const struct msg_bypass head = {.why = (uint32_t)entry->why,
		    .learned_us = entry->learned_us,
		    .expires_us = entry->expires_us};
		send_entry(worker, entry->key, &head);
	}
	return worker->channel.fd < 0 ? E_CLOSED : 0;
}

/* --- learning --- */

static struct bypass_terms
terms_of(const struct conf *conf)
{
	return (struct bypass_terms){.count = conf->bypass_count,
	    .window_us = conf->bypass_window_ms * 1000,
	    .ttl_us = conf->bypass_ttl_ms * 1000};
}

/* One that turns our leaf down for name after name pins nothing: it was never
 * told of the CA. That is for a person to mend, so it is said, once. */
static void
look_for_distrust(struct bypasses *b, const struct bypass_key *key)
{
	char words[sizeof(((struct msg_note *)NULL)->message)];

	if (bypass_count_of(b->table, key->application, BYPASS_PINNED) !=
	    BYPASS_DISTRUST)
		return;
	(void)snprintf(words, sizeof(words), "turned our certificate down for %u "
	    "names: does it trust the CA? %s", BYPASS_DISTRUST,
	    key->application);
	parent_note(b->parent, "ca_distrusted", "parent", words);
	diag_warning("%s", words);
}

void
bypasses_learn(struct bypasses *b, const struct msg *m)
{
	const struct bypass_terms terms = terms_of(b->parent->conf);
	uint64_t now_us = clock_wall_us();
	struct bypass_key key;
	struct msg_learn head;

	memcpy(&head, m->payload, sizeof(head));
	if (bypass_key_read(&key, m->payload + sizeof(head),
	        m->length - sizeof(head)) != 0 ||
	    head.why > BYPASS_WHY_COUNT || head.why == BYPASS_ADDED) {
		diag_error("a worker's report of a failure cannot be read");
		return;
	}
	if (head.why == BYPASS_WHY_COUNT) {
		bypass_hit(b->table, &key, now_us);
		b->changed = true; /* kept with the next change, or at the end */
		return;
	}
	if (bypass_never_covers(b->never, key.name) ||
	    bypass_fail(b->table, &key, (enum bypass_why)head.why, &terms,
	        now_us) != 1)
		return;
	announce(b, &key);
	look_for_distrust(b, &key);
}

/* --- answers --- */

static void
write_entry(const struct bypass_entry *entry, struct json *j)
{
	json_object_begin(j, NULL);
	json_text(j, "application", entry->key->application);
	json_text(j, "name", entry->key->name);
	json_text(j, "reason", bypass_why_name(entry->why));
	json_time(j, "learned", entry->learned_us);
	json_time(j, "expires", entry->expires_us);
	json_uint(j, "hits", entry->hits);
	json_object_end(j);
}

static const char *
answer_list(struct bypasses *b, const struct msg_bypass_ask *ask,
    const struct bypass_key *key UNUSED, struct json *j)
{
	const struct bypass_entry *entry = NULL;
	uint64_t index = 0;

	bypass_expire(b->table, clock_wall_us());
	json_array_begin(j, "bypasses");
	while ((entry = bypass_next(b->table, entry)) != NULL &&
	    buf_length(j->out) < PAGE_BYTES)
		if (index++ >= ask->after)
			write_entry(entry, j);
	json_array_end(j);
	if (entry != NULL)
		json_uint(j, "next", index);
	return NULL;
}

static const char *
answer_add(struct bypasses *b, const struct msg_bypass_ask *ask,
    const struct bypass_key *key, struct json *j UNUSED)
{
	uint64_t now_us = clock_wall_us();
	uint64_t ttl_ms = ask->ttl_ms != 0 ? ask->ttl_ms
	                                   : b->parent->conf->bypass_ttl_ms;
	const struct bypass_entry entry = {.key = key, .why = BYPASS_ADDED,
	    .learned_us = now_us, .expires_us = now_us + ttl_ms * 1000};

	if (ttl_ms > 365 * DAY)
		return "a bypass lives a year at most";
	if (bypass_never_covers(b->never, key->name))
		return "bypass.never has that name";
	if (bypass_put(b->table, &entry, now_us) != 0)
		return "there is no room for more bypasses";
	announce(b, key);
	return NULL;
}

static const char *
answer_remove(struct bypasses *b, const struct msg_bypass_ask *ask UNUSED,
    const struct bypass_key *key, struct json *j UNUSED)
{
	return bypass_remove(b->table, key) ? NULL : "there is no such bypass";
}

static const char *
answer_clear(struct bypasses *b, const struct msg_bypass_ask *ask UNUSED,
    const struct bypass_key *key UNUSED, struct json *j)
{
	json_uint(j, "removed", bypass_clear(b->table));
	return NULL;
}

/* By enum bypass_verb: each writes members of the answer and returns NULL, or
 * the words for what is wrong. */
static const struct {
	bool with_key;
	const char *(*answer)(struct bypasses *b, const struct msg_bypass_ask *ask,
	    const struct bypass_key *key, struct json *j);
} verbs[BYPASS_VERB_COUNT] = {
    [BYPASS_LIST] = {false, answer_list},
    [BYPASS_ADD] = {true, answer_add},
    [BYPASS_REMOVE] = {true, answer_remove},
    [BYPASS_CLEAR] = {false, answer_clear},
};

/* False: it is none, though its ticket may be used for the answer. */
static bool
read_question(const struct msg *m, struct msg_bypass_ask *ask,
    struct bypass_key *key)
{
	memcpy(ask, m->payload, sizeof(*ask));
	return ask->verb < BYPASS_VERB_COUNT &&
	    (!verbs[ask->verb].with_key ||
	        bypass_key_read(key, m->payload + sizeof(*ask),
	            m->length - sizeof(*ask)) == 0);
}

void
bypasses_answer(struct bypasses *b, struct child *worker, const struct msg *m)
{
	struct msg_bypass_ask ask;
	struct bypass_key key;
	struct buf line;
	struct json j;

	buf_init(&line, ANSWER_BYTES_MAX);
	json_init(&j, &line);
	json_object_begin(&j, NULL);
	const char *wrong = read_question(m, &ask, &key)
	    ? verbs[ask.verb].answer(b, &ask, &key, &j)
	    : "the question cannot be read";
	json_bool(&j, "ok", wrong == NULL);
	if (wrong != NULL)
		json_text(&j, "error", wrong);
	json_object_end(&j);
	if (json_error(&j) != 0 ||
	    channel_send2(&worker->channel, MSG_BYPASS_ANSWER, &ask.ticket,
	        sizeof(ask.ticket), buf_data(&line), buf_length(&line)) != 0)
		diag_warning("%s does not listen", child_name(worker));
	buf_free(&line);
}

/* --- life --- */

static void
save(struct bypasses *b)
{
	const char *path = b->parent->conf->bypass_path;

	if (b->changed && path[0] != '\0' &&
	    bypass_store_write(b->table, path) != 0)
		diag_warning("the bypasses that are new end with the daemon");
	b->changed = false;
}

static void
on_save(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	save(context);
}

static void
on_sweep(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct bypasses *b = context;

	bypass_expire(b->table, clock_wall_us());
}

void
bypasses_configure(struct bypasses *b)
{
	const struct conf_list *rules = &b->parent->conf->bypass_never;
	const char *why;
	size_t wrong;

	policy_free(b->never);
	b->never = bypass_never_new(rules->items, rules->count, &wrong, &why);
	if (b->never == NULL) /* the rules were checked: it is memory */
		diag_fatal("bypass.never: %s", why);
	bypass_forbid(b->table, b->never);
}

struct bypasses *
bypasses_new(struct parent *p)
{
	struct bypasses *b = calloc(1, sizeof(*b));

	if (b == NULL || (b->table = bypass_new(on_gone, b)) == NULL)
		diag_fatal("out of memory");
	b->parent = p;
	b->save = evtimer_new(p->base, on_save, b);
	b->sweep = event_new(p->base, -1, EV_PERSIST, on_sweep, b);
	if (b->save == NULL || b->sweep == NULL ||
	    event_add(b->sweep, &sweep_period) != 0)
		diag_fatal("out of memory");
	if (p->conf->bypass_path[0] != '\0' &&
	    bypass_store_read(b->table, p->conf->bypass_path, clock_wall_us()) != 0)
		diag_warning("no bypass of an earlier run is known");
	bypasses_configure(b);
	return b;
}

void
bypasses_free(struct bypasses *b)
{
	if (b == NULL)
		return;
	save(b);
	event_free(b->save);
	event_free(b->sweep);
	bypass_free(b->table);
	policy_free(b->never);
	free(b);
}
