/* SPDX-License-Identifier: ISC */
/*
 * The worker's copy of the bypasses, which the parent keeps up to date, and its
 * reports and questions to the parent. Worker only. It decides nothing about
 * what is learned.
 */
#include <string.h>

#include "base/diag.h"
#include "base/err.h"
#include "daemon/worker.h"

static int
send_key(struct worker *w, enum msg_type type, const void *head,
    size_t head_length, const struct bypass_key *key)
{
	struct buf text;

	buf_init(&text, BYPASS_KEY_BYTES_MAX);
	int error = key == NULL ? 0 : bypass_key_write(key, &text);
	if (error == 0)
		error = channel_send2(&w->role.parent, type, head, head_length,
		    buf_data(&text), buf_length(&text));
	buf_free(&text);
	return error;
}

void
bypasses_report(void *context, const struct bypass_key *key,
    enum bypass_why why)
{
	struct worker *w = context;
	const struct msg_learn head = {.why = (uint32_t)why};

	if (send_key(w, MSG_LEARN, &head, sizeof(head), key) != 0)
		diag_warning("the parent does not listen");
}

int
bypasses_ask(struct worker *w, const struct msg_bypass_ask *ask,
    const struct bypass_key *key)
{
	return send_key(w, MSG_BYPASS_ASK, ask, sizeof(*ask), key);
}

void
bypasses_take(struct worker *w, const struct msg *m)
{
	struct bypass_key key;
	struct msg_bypass head;

	memcpy(&head, m->payload, sizeof(head));
	if (bypass_key_read(&key, m->payload + sizeof(head),
	        m->length - sizeof(head)) != 0 || head.why > BYPASS_WHY_COUNT)
		diag_fatal("the parent's message of a bypass cannot be read");
	if (head.why == BYPASS_WHY_COUNT) {
		(void)bypass_remove(w->bypasses, &key);
		return;
	}
	const struct bypass_entry entry = {.key = &key,
	    .why = (enum bypass_why)head.why, .learned_us = head.learned_us,
	    .expires_us = head.expires_us};
	if (bypass_put(w->bypasses, &entry, head.learned_us) != 0)
		diag_warning("a bypass has no room here");
}
