/* SPDX-License-Identifier: ISC */
/* Tests of written-down conversations. Unit suites only. */
#include "t/unit/conversations.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "t/unit/corpus.h"

#define OUT_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define CONVERSATIONS_MAX 200

static char *names[CONVERSATIONS_MAX];
static int name_count;

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
conversations_count(const struct conversations *all)
{
	char *path = corpus_path(all->directory);
	DIR *dir = opendir(path);

	if (dir == NULL) {
		perror(path);
		abort();
	}
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
		if (e->d_name[0] == '.')
			continue;
		must(name_count < CONVERSATIONS_MAX);
		names[name_count++] = strdup(e->d_name);
	}
	qsort(names, (size_t)name_count, sizeof(*names), compare);
	(void)closedir(dir);
	free(path);
	return name_count;
}

const char *
conversations_name(const struct conversations *all, int i)
{
	(void)all;
	return names[i];
}

static char *
read_text(const struct conversations *all, int i, size_t *length)
{
	char path[300];

	(void)snprintf(path, sizeof(path), "%s/%s", all->directory, names[i]);
	return corpus_read(path, length);
}

void
conversations_input(const struct conversations *all, int i, struct buf *input)
{
	size_t length;
	char *text = read_text(all, i, &length);

	buf_init(input, OUT_BYTES_MAX);
	if (all->write != NULL)
		all->write((const uint8_t *)text, length, input);
	else
		ck_assert_int_eq(buf_append(input, text, length), 0);
	free(text);
}

/* What it said is a string. */
static size_t
play(const struct conversations *all, const struct buf *input, size_t stop,
    struct buf *out)
{
	const struct cut how = {.stop = stop};

	buf_init(out, OUT_BYTES_MAX);
	size_t played = all->play(buf_data(input), buf_length(input), &how, out);
	ck_assert_int_eq(buf_append(out, "", 1), 0);
	return played;
}

void
conversations_say_what_they_should(const struct conversations *all, int i)
{
	struct buf input, said, expected;
	size_t length;
	char *text = read_text(all, i, &length);

	conversations_input(all, i, &input);
	(void)play(all, &input, CUT_NEVER, &said);
	buf_init(&expected, OUT_BYTES_MAX);
	conversation_expected((const uint8_t *)text, length, &expected);
	ck_assert_int_eq(buf_append(&expected, "", 1), 0);
	ck_assert_msg(strcmp((char *)buf_data(&said),
	    (char *)buf_data(&expected)) == 0, "%s says:\n%s", names[i],
	    (char *)buf_data(&said));
	buf_free(&input);
	buf_free(&said);
	buf_free(&expected);
	free(text);
}

void
conversations_say_the_same_in_pieces(const struct conversations *all, int i)
{
	struct buf input;

	conversations_input(all, i, &input);
	(void)LLVMFuzzerTestOneInput(buf_data(&input), buf_length(&input));
	buf_free(&input);
}

/* The lines of the exchanges that were whole. */
static size_t
whole_exchanges(const struct buf *out)
{
	size_t count = 0;

	for (const char *at = (char *)buf_data(out);
	    (at = strstr(at, ", whole")) != NULL; at++)
		count++;
	return count;
}

void
conversations_break_anywhere(const struct conversations *all, int i)
{
	struct buf input, said, broken;
	size_t before = 0;

	conversations_input(all, i, &input);
	size_t payload = play(all, &input, CUT_NEVER, &said);
	size_t whole = whole_exchanges(&said);
	for (size_t stop = 0; stop <= payload; stop++) {
		(void)play(all, &input, stop, &broken);
		size_t count = whole_exchanges(&broken);
		ck_assert_uint_ge(count, before);
		ck_assert_uint_le(count, whole);
		before = count;
		buf_free(&broken);
	}
	buf_free(&said);
	buf_free(&input);
}
