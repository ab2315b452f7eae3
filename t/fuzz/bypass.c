/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/bypass. Each line of the input is a message: a letter for
 * what to do, a digit for the time that passes, and a key as a worker sends it
 * (a space stands for a NUL). A key that is read goes out again as it came; the
 * bounds hold after every step, and what is found was made and has not ended.
 * Runs in the fuzzer and in the unit suite.
 */
#include "mitm/bypass.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/fuzz/target.h"

#define LINE_BYTES 1400u

static const struct bypass_terms terms = {.count = 2, .window_us = 5000000,
    .ttl_us = 60000000};

/* Copies the next line, spaces as NULs; its length, or -1 at the end. */
static int
next_line(const uint8_t *bytes, size_t length, size_t *at, uint8_t *line)
{
	size_t kept = 0;

	if (*at >= length)
		return -1;
	for (; *at < length && bytes[*at] != '\n'; (*at)++)
		if (kept < LINE_BYTES)
			line[kept++] = bytes[*at] == ' ' ? '\0' : bytes[*at];
	(*at)++;
	return (int)kept;
}

/* The parent's names are normal already: they come back the same. */
static void
comes_back(const struct bypass_key *key)
{
	struct bypass_key again;
	struct buf text;

	buf_init(&text, BYPASS_KEY_BYTES_MAX);
	must(bypass_key_write(key, &text) == 0);
	must(bypass_key_read(&again, buf_data(&text), buf_length(&text)) == 0);
	must(strcmp(again.application, key->application) == 0);
	must(strncmp(again.name, key->name, strlen(again.name)) == 0);
	for (size_t cut = 0; cut < buf_length(&text); cut++)
		must(bypass_key_read(&again, buf_data(&text), cut) == E_CORRUPT);
	buf_free(&text);
}

static void
fail(struct bypass *b, const struct bypass_key *key, enum bypass_why why,
    uint64_t now_us)
{
	int outcome = bypass_fail(b, key, why, &terms, now_us);

	must(outcome == 0 || outcome == 1 || outcome == E_LIMIT);
	if (outcome == 1)
		must(bypass_find(b, key, now_us) != NULL &&
		    bypass_find(b, key, now_us + terms.ttl_us) == NULL);
}

static void
act(struct bypass *b, uint8_t letter, const struct bypass_key *key,
    uint64_t now_us)
{
	const struct bypass_entry entry = {.key = key, .why = BYPASS_ADDED,
	    .learned_us = now_us, .expires_us = now_us + 1000000};

	switch (letter) {
	case 'a':
		must(bypass_put(b, &entry, now_us) == 0);
		must(bypass_find(b, key, now_us)->why == BYPASS_ADDED);
		break;
	case 'c':
		fail(b, key, BYPASS_CLIENT_CERTIFICATE, now_us);
		break;
	case 'h':
		bypass_hit(b, key, now_us);
		break;
	case 'r':
		(void)bypass_remove(b, key);
		must(bypass_next(b, NULL) == NULL || bypass_count(b) > 0);
		break;
	case 'x':
		(void)bypass_clear(b);
		must(bypass_find(b, key, now_us) == NULL);
		break;
	default:
		fail(b, key, BYPASS_PINNED, now_us);
		break;
	}
}

static size_t
walk(const struct bypass *b)
{
	const struct bypass_entry *entry = NULL;
	size_t count = 0;

	while ((entry = bypass_next(b, entry)) != NULL)
		count++;
	return count;
}

static void
on_gone(void *context, const struct bypass_entry *entry, const char *why)
{
	must(entry->key->name[0] != '\0' && why != NULL);
	(*(size_t *)context)++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	size_t gone = 0;
	struct bypass *b = bypass_new(on_gone, &gone);
	uint8_t line[LINE_BYTES];
	uint64_t now_us = 1000000;
	int n;

	if (b == NULL)
		return 0;
	for (size_t at = 0; (n = next_line(bytes, length, &at, line)) >= 0;) {
		struct bypass_key key;

		if (n < 2 || bypass_key_read(&key, line + 2, (size_t)n - 2) != 0)
			continue;
		now_us += (uint64_t)(line[1] % 16) * 1000000;
		comes_back(&key);
		act(b, line[0], &key, now_us);
		must(walk(b) == bypass_count(b));
		must(bypass_count(b) <= BYPASS_ENTRIES_MAX);
	}
	size_t left = bypass_count(b), before = gone;
	bypass_expire(b, UINT64_MAX);
	must(bypass_count(b) == 0 && gone == before + left);
	bypass_free(b);
	return 0;
}
