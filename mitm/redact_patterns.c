/* SPDX-License-Identifier: ISC */
/*
 * A window of the text is filled, and searched when it is full, so that the same is
 * found whatever pieces the text comes in. PCRE2's matcher says by itself when a match
 * could go on behind the window (PCRE2_PARTIAL_HARD): from there on it is held. Its
 * compiler for machine code is not used: a process that reads hostile bytes has no
 * memory that can be written and executed. Each step of a match is a callout, which
 * counts. Worker only.
 */
#include "mitm/redact_patterns.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/err.h"
#include "base/utf8.h"

#define MARK "[redacted]"
#define WINDOW_BYTES ((size_t)8 * 1024)
#define MATCH_BYTES ((size_t)4 * 1024) /* a match so long is found whole */
#define CONTEXT_BYTES ((size_t)256)
#define STEPS_AT_FIRST UINT64_C(200000)
#define STEPS_PER_BYTE UINT64_C(8) /* and expression: most need 1 or 2 */
#define MATCH_LIMIT 100000u        /* from one place on */
#define HEAP_LIMIT_KIB 1024u

struct redact_patterns {
	pcre2_code *codes[REDACT_PATTERNS_MAX]; /* owned, as all */
	size_t count;
	pcre2_match_data *data;
	pcre2_match_context *context;
	uint64_t *steps; /* of the matcher that searches, while it does */
};

/* --- expressions --- */

static int
count_step(pcre2_callout_block *block UNUSED, void *context)
{
	struct redact_patterns *p = context;

	if (*p->steps == 0)
		return PCRE2_ERROR_CALLOUT;
	--*p->steps;
	return 0;
}

struct redact_patterns *
redact_patterns_new(void)
{
	struct redact_patterns *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->data = pcre2_match_data_create(1, NULL);
	p->context = pcre2_match_context_create(NULL);
	if (p->data == NULL || p->context == NULL) {
		redact_patterns_free(p);
		return NULL;
	}
	(void)pcre2_set_match_limit(p->context, MATCH_LIMIT);
	(void)pcre2_set_heap_limit(p->context, HEAP_LIMIT_KIB);
	(void)pcre2_set_callout(p->context, count_step, p);
	return p;
}

void
redact_patterns_free(struct redact_patterns *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->count; i++)
		pcre2_code_free(p->codes[i]);
	pcre2_match_data_free(p->data);
	pcre2_match_context_free(p->context);
	free(p);
}

int
redact_patterns_add(struct redact_patterns *p, const char *text,
    struct redact_pattern_error *error)
{
	const uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
	    PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT;
	PCRE2_SIZE at;
	int number;

	if (p->count == REDACT_PATTERNS_MAX)
		return E_FULL;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
	    options, &number, &at, NULL);
	if (code != NULL) {
		p->codes[p->count++] = code;
		return 0;
	}
	error->column = at + 1;
	if (pcre2_get_error_message(number, (PCRE2_UCHAR *)error->words,
	        sizeof(error->words)) < 0)
		error->words[0] = '\0';
	return E_SYNTAX;
}

/* --- searching --- */

enum found {
	FOUND_NONE,
	FOUND_MATCH,
	FOUND_PART, /* the window ends inside what may become a match */
	FOUND_TROUBLE
};

struct finding {
	enum found found;
	size_t begin, end;
};

/* A window while it is searched. */
struct search {
	struct redact_matcher *m;
	struct bytes text; /* the context, and what is to be decided on */
	size_t at;         /* decided on up to here */
	bool last;         /* the text ends with it */
	struct finding findings[REDACT_PATTERNS_MAX];
	bool known[REDACT_PATTERNS_MAX];
};

static struct finding
search_one(const struct search *s, size_t i, bool partial)
{
	struct redact_patterns *p = s->m->patterns;
	uint32_t options = PCRE2_NOTEMPTY | (s->last ? 0 : PCRE2_NOTEOL) |
	    (partial ? PCRE2_PARTIAL_HARD : 0);

	p->steps = &s->m->steps;
	int outcome = pcre2_match(p->codes[i], s->text.data, s->text.length, s->at,
	    options, p->data, p->context);
	const PCRE2_SIZE *place = pcre2_get_ovector_pointer(p->data);
	struct finding f = {.begin = place[0], .end = place[1]};
	f.found = outcome >= 0 ? FOUND_MATCH
	    : outcome == PCRE2_ERROR_NOMATCH ? FOUND_NONE
	    : outcome == PCRE2_ERROR_PARTIAL ? FOUND_PART : FOUND_TROUBLE;
	return f;
}

/* What may become a match is longer than is held: what else is there of it? One that
 * ends with the window counts as far as that goes. */
static struct finding
search_in_window(const struct search *s, size_t i)
{
	struct finding f = search_one(s, i, false);
	size_t keep = s->text.length - MATCH_BYTES;

	if (f.found == FOUND_NONE)
		return (struct finding){FOUND_PART, keep, s->text.length};
	if (f.found == FOUND_MATCH && f.end == s->text.length && f.begin >= keep)
		f.found = FOUND_PART;
	return f;
}

static void
look_again(struct search *s, size_t i)
{
	struct finding f = search_one(s, i, !s->last);

	if (f.found == FOUND_PART && s->text.length - f.begin > MATCH_BYTES)
		f = search_in_window(s, i);
	/* \K may have put the beginning anywhere. */
	if (f.begin < s->at)
		f.begin = s->at;
	if (f.found == FOUND_MATCH && f.end <= f.begin)
		f.found = FOUND_TROUBLE;
	s->findings[i] = f;
	s->known[i] = true;
}

/* The expression that comes first in the text; of two at one place the one in which
 * there is a match. */
static size_t
first_finding(struct search *s)
{
	size_t first = 0;

	for (size_t i = 0; i < s->m->patterns->count; i++) {
		const struct finding *f = &s->findings[i], *best = &s->findings[first];
		if (!s->known[i] || (f->found != FOUND_NONE && f->begin < s->at))
			look_again(s, i);
		if (f->found == FOUND_TROUBLE)
			return i;
		if (f->found != FOUND_NONE && (best->found == FOUND_NONE ||
		        f->begin < best->begin || (f->begin == best->begin &&
		            f->found < best->found)))
			first = i;
	}
	return first;
}

/* --- the text --- */

static void
put(struct redact_matcher *m, struct buf *out, const void *bytes, size_t length)
{
	if (!m->cut && !buf_append_some(out, bytes, length))
		m->cut = true;
}

static void
show_to(struct search *s, size_t end, struct buf *out)
{
	if (end > s->at)
		put(s->m, out, s->text.data + s->at, end - s->at);
	if (end > s->at)
		s->at = end;
}

static void
hide(struct search *s, size_t i, size_t end, struct buf *out)
{
	s->m->met |= UINT64_C(1) << i;
	put(s->m, out, MARK, strlen(MARK));
	s->at = end;
}

/* A search begins at a character. */
static size_t
character_from(struct bytes text, size_t at)
{
	while (at < text.length && (text.data[at] & 0xc0) == 0x80)
		at++;
	return at;
}

/* Decides on all of the window that can be decided on. */
static void
search_window(struct search *s, struct buf *out)
{
	while (s->at < s->text.length) {
		size_t i = first_finding(s);
		const struct finding f = s->findings[i];
		if (f.found == FOUND_NONE)
			show_to(s, s->text.length, out);
		else if (f.found != FOUND_TROUBLE)
			show_to(s, character_from(s->text, f.begin), out);
		if (f.found == FOUND_TROUBLE) {
			hide(s, i, s->text.length, out);
			s->m->gave_up = true;
		} else if (f.found == FOUND_PART) {
			return;
		} else if (f.found == FOUND_MATCH) {
			hide(s, i, f.end, out);
		}
	}
}

static void
decide(struct redact_matcher *m, bool last, struct buf *out)
{
	struct search s = {.m = m, .at = m->context, .last = last,
	    .text = {buf_data(&m->held), buf_length(&m->held)}};

	if (!last)
		s.text.length = utf8_whole(s.text.data, s.text.length);
	search_window(&s, out);
	m->context = s.at < CONTEXT_BYTES ? s.at : CONTEXT_BYTES;
	buf_consume(&m->held, s.at - m->context);
}

void
redact_matcher_init(struct redact_matcher *m, struct redact_patterns *p)
{
	*m = (struct redact_matcher){.patterns = p, .steps = STEPS_AT_FIRST};
	buf_init(&m->held, CONTEXT_BYTES + WINDOW_BYTES);
}

void
redact_matcher_free(struct redact_matcher *m)
{
	buf_free(&m->held);
}

void
redact_matcher_feed(struct redact_matcher *m, struct bytes text, struct buf *out)
{
	m->steps += STEPS_PER_BYTE * m->patterns->count * text.length;
	while (text.length > 0 && !m->gave_up && !m->cut) {
		size_t room = m->held.limit_bytes - buf_length(&m->held);
		size_t some = text.length < room ? text.length : room;
		m->cut |= !buf_append_some(&m->held, text.data, some);
		text.data += some;
		text.length -= some;
		if (some == room)
			decide(m, false, out);
	}
}

void
redact_matcher_end(struct redact_matcher *m, struct buf *out)
{
	if (!m->gave_up && !m->cut)
		decide(m, true, out);
}
