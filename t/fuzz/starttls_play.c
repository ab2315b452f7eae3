/* SPDX-License-Identifier: ISC */
/* Plays dialogues to the watcher. Fuzzer and unit suite only. */
#include "t/fuzz/starttls_play.h"

#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "mitm/hello.h"
#include "mitm/starttls.h"

#define SEGMENT_BYTES_MAX ((size_t)1024 * 1024)

struct player {
	struct starttls watcher;
	bool begun;
	unsigned allowed;
	struct buf waiting; /* of the client's bytes, those that may not pass yet */
	struct cutter cutter;
};

/* What waits is what may be a hello, once it was asked for, and all that follows
 * when it was agreed to. */
static void
check_waiting(const struct player *p)
{
	const struct starttls *s = &p->watcher;
	size_t length = buf_length(&p->waiting);

	if (length == 0 || s->stage == STARTTLS_BEGINS)
		return;
	must(s->stage == STARTTLS_WATCHED && s->asked);
	must(hello_sniff(buf_data(&p->waiting), length) != 0);
}

static void
offer(struct player *p)
{
	size_t length = buf_length(&p->waiting);
	size_t passed = starttls_read(&p->watcher, FROM_CLIENT,
	    buf_data(&p->waiting), length);

	must(passed <= length);
	must(p->watcher.stage != STARTTLS_OVER || passed == length);
	buf_consume(&p->waiting, passed);
}

static void
feed(void *context, enum direction direction, const uint8_t *bytes,
    size_t length)
{
	struct player *p = context;
	enum starttls_stage before = p->watcher.stage;

	if (direction == FROM_SERVER)
		must(starttls_read(&p->watcher, direction, bytes, length) == length);
	else
		must(buf_append(&p->waiting, bytes, length) == 0);
	if (buf_length(&p->waiting) > 0)
		offer(p);
	must(before == STARTTLS_WATCHED || p->watcher.stage == before);
	check_waiting(p);
}

static void
flush(struct player *p, enum direction direction, struct buf *segment)
{
	if (!p->begun)
		starttls_begin(&p->watcher, p->allowed);
	p->begun = true;
	cutter_feed(&p->cutter, direction, buf_data(segment), buf_length(segment));
	buf_clear(segment);
}

static void
forbid(struct player *p, const uint8_t *line, size_t length)
{
	for (int i = 0; i < STARTTLS_COUNT; i++) {
		const char *name = starttls_name((enum starttls_protocol)i);
		if (length == strlen(name) + 2 &&
		    memcmp(line + 2, name, length - 2) == 0)
			p->allowed &= ~(1u << i);
	}
}

static void
play_line(struct player *p, const uint8_t *line, size_t length,
    enum direction *direction, struct buf *segment)
{
	if (length > 2 && line[0] == '%')
		forbid(p, line, length);
	if (length == 0 || (line[0] != '>' && line[0] != '<'))
		return;
	enum direction mine = line[0] == '>' ? FROM_CLIENT : FROM_SERVER;
	if (mine != *direction)
		flush(p, *direction, segment);
	*direction = mine;
	conversation_add(line, length, segment);
}

static void
tell(const struct player *p, struct buf *out)
{
	static const char *const stages[] = {"watched", "begins", "over"};
	const struct starttls *s = &p->watcher;

	must(buf_printf(out, "%s%s%s, %zu wait\n", stages[s->stage],
	    s->stage == STARTTLS_BEGINS ? " " : "",
	    s->stage == STARTTLS_BEGINS ? starttls_name(s->protocol) : "",
	    buf_length(&p->waiting)) == 0);
	must(s->stage != STARTTLS_BEGINS ||
	    (p->allowed & 1u << s->protocol) != 0);
}

size_t
starttls_play(const uint8_t *text, size_t length, const struct cut *how,
    struct buf *out)
{
	struct player p = {.allowed = (1u << STARTTLS_COUNT) - 1,
	    .cutter = {.how = *how, .random = how->seed, .feed = feed,
	        .context = &p}};
	enum direction direction = FROM_CLIENT;
	struct buf segment;

	buf_init(&segment, SEGMENT_BYTES_MAX);
	buf_init(&p.waiting, SEGMENT_BYTES_MAX * 16);
	for (size_t at = 0; at < length;) {
		size_t line = conversation_line(text + at, length - at);
		play_line(&p, text + at, line, &direction, &segment);
		at += line + 1;
	}
	flush(&p, direction, &segment);
	tell(&p, out);
	buf_free(&segment);
	buf_free(&p.waiting);
	return p.cutter.played;
}
