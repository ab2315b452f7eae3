/* SPDX-License-Identifier: ISC */
/*
 * sightglass.yaml: nested mappings whose path is a setting's key, scalars and
 * sequences of scalars as values. Parent and CLI. Refuses what a person may
 * have mistyped (an unknown or repeated key, a list where a value belongs), and
 * of YAML anchors, aliases and more than one document. Every complaint begins
 * with file, line and column.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yaml.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "conf/table.h"

#define FILE_BYTES_MAX (1024u * 1024)
#define KEY_BYTES 128u
#define DEPTH_MAX 4u
#define ITEMS_MAX 65536u

struct reading {
	yaml_parser_t parser;
	yaml_event_t event; /* the last one */
	bool has_event;
	struct conf *conf;
	const char *name; /* of the file, for messages */
	bool *seen;       /* one a row */
	struct conf_error *error;
};

/* --- complaints --- */

/* Puts the place in front of what r->error says already. */
static int
at_mark(struct reading *r, const yaml_mark_t *mark, int code)
{
	struct conf_error words = *r->error;

	(void)snprintf(r->error->text, sizeof(r->error->text),
	    "%.200s:%zu:%zu: %.270s", r->name, mark->line + 1, mark->column + 1,
	    words.text);
	return code;
}

static int
complain(struct reading *r, const yaml_mark_t *mark, const char *words)
{
	(void)snprintf(r->error->text, sizeof(r->error->text), "%s", words);
	return at_mark(r, mark, E_SYNTAX);
}

static int
complain_of(struct reading *r, const yaml_mark_t *mark, const char *key,
    const char *words)
{
	(void)snprintf(r->error->text, sizeof(r->error->text), "%.100s: %s", key,
	    words);
	return at_mark(r, mark, E_SYNTAX);
}

/* --- events --- */

static int
next(struct reading *r)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	r->has_event = yaml_parser_parse(&r->parser, &r->event) == 1;
	if (r->has_event)
		return 0;
	if (r->parser.error == YAML_MEMORY_ERROR)
		return E_NOMEM;
	return complain(r, &r->parser.problem_mark,
	    r->parser.problem != NULL ? r->parser.problem : "not YAML");
}

static const yaml_mark_t *
mark(const struct reading *r)
{
	return &r->event.start_mark;
}

/* The event's scalar as text, or NULL: it holds a NUL. */
static const char *
scalar(const struct reading *r)
{
	const char *text = (const char *)r->event.data.scalar.value;

	return strlen(text) == r->event.data.scalar.length ? text : NULL;
}

static bool
has_anchor(const struct reading *r)
{
	switch (r->event.type) {
	case YAML_SCALAR_EVENT:
		return r->event.data.scalar.anchor != NULL;
	case YAML_SEQUENCE_START_EVENT:
		return r->event.data.sequence_start.anchor != NULL;
	case YAML_MAPPING_START_EVENT:
		return r->event.data.mapping_start.anchor != NULL;
	case YAML_ALIAS_EVENT:
		return true;
	default:
		return false;
	}
}

static int
next_plain(struct reading *r)
{
	int error = next(r);

	if (error == 0 && has_anchor(r))
		error = complain(r, mark(r), "anchors and aliases are not used "
		    "here: write the value out");
	return error;
}

/* --- values --- */

struct items {
	char **texts;
	struct conf_place *places;
	size_t count;
};

static void
free_items(struct items *items)
{
	for (size_t i = 0; i < items->count; i++)
		free(items->texts[i]);
	free(items->texts);
	free(items->places);
}

/* Where its first letter stands. */
static struct conf_place
place_of(const yaml_event_t *event)
{
	yaml_scalar_style_t style = event->data.scalar.style;
	bool quoted = style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
	    style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;

	return (struct conf_place){event->start_mark.line + 1,
	    event->start_mark.column + 1 + quoted};
}

static int
grow(struct items *items)
{
	size_t count = items->count + 1;
	char **texts = realloc(items->texts, count * sizeof(*texts));

	if (texts != NULL)
		items->texts = texts;
	struct conf_place *places = realloc(items->places, count * sizeof(*places));
	if (places != NULL)
		items->places = places;
	return texts != NULL && places != NULL ? 0 : E_NOMEM;
}

static int
add_item(struct reading *r, struct items *items, const char *key)
{
	if (r->event.type != YAML_SCALAR_EVENT || scalar(r) == NULL)
		return complain_of(r, mark(r), key, "expected a list of texts");
	if (items->count >= ITEMS_MAX)
		return complain_of(r, mark(r), key, "more than 65536 items");
	if (grow(items) != 0)
		return E_NOMEM;
	items->places[items->count] = place_of(&r->event);
	items->texts[items->count] = strdup(scalar(r));
	if (items->texts[items->count] == NULL)
		return E_NOMEM;
	items->count++;
	return 0;
}

static int
read_items(struct reading *r, const char *key, struct items *items)
{
	for (;;) {
		int error = next_plain(r);
		if (error != 0)
			return error;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		error = add_item(r, items, key);
		if (error != 0)
			return error;
	}
}

static int
read_list(struct reading *r, const struct conf_row *row)
{
	struct items items = {0};
	int error = read_items(r, row->key, &items);

	if (error == 0)
		error = value_set_list(row, r->conf,
		    (const char *const *)items.texts, items.places, items.count,
		    r->error);
	free_items(&items);
	return error;
}

static int
read_scalar(struct reading *r, const struct conf_row *row)
{
	const char *text = scalar(r);

	if (text == NULL)
		return complain_of(r, mark(r), row->key, "a NUL in the text");
	int error = value_set(row, r->conf, text, r->error);
	return error == 0 ? 0 : at_mark(r, mark(r), error);
}

/* The event is the value of a setting. */
static int
read_value(struct reading *r, const struct conf_row *row)
{
	char words[200];
	bool *seen = &r->seen[row - conf_rows];

	if (*seen)
		return complain_of(r, mark(r), row->key, "is set twice");
	*seen = true;
	if (r->event.type == YAML_SEQUENCE_START_EVENT &&
	    row->kind == CONF_KIND_LIST)
		return read_list(r, row);
	if (r->event.type == YAML_SCALAR_EVENT)
		return read_scalar(r, row);
	(void)snprintf(words, sizeof(words), "expected %s, not a %s",
	    value_range(row), r->event.type == YAML_SEQUENCE_START_EVENT
	        ? "list" : "section");
	return complain_of(r, mark(r), row->key, words);
}

/* --- structure --- */

static bool
is_section(const char *key)
{
	size_t length = strlen(key);

	for (size_t i = 0; i < conf_row_count; i++) {
		if (strncmp(conf_rows[i].key, key, length) == 0 &&
		    conf_rows[i].key[length] == '.')
			return true;
	}
	return false;
}

static int read_section(struct reading *r, const char *prefix, unsigned depth);

/* What stands behind a section's name: its settings, or nothing at all (all of
 * them commented out). */
static int
read_section_value(struct reading *r, const char *key, unsigned depth)
{
	if (r->event.type == YAML_MAPPING_START_EVENT)
		return read_section(r, key, depth + 1);
	if (r->event.type == YAML_SCALAR_EVENT &&
	    r->event.data.scalar.length == 0)
		return 0;
	const struct conf_row *mode = conf_find_mode(key);
	if (r->event.type == YAML_SCALAR_EVENT && mode != NULL)
		return read_value(r, mode);
	return complain_of(r, mark(r), key, "is a section: its settings stand "
	    "below it, further in");
}

/* The event is a key; its value follows. */
static int
read_pair(struct reading *r, const char *prefix, unsigned depth)
{
	char key[KEY_BYTES];
	yaml_mark_t at = *mark(r);

	if (r->event.type != YAML_SCALAR_EVENT || scalar(r) == NULL)
		return complain(r, &at, "expected the name of a setting");
	int length = snprintf(key, sizeof(key), "%s%s%s", prefix,
	    prefix[0] == '\0' ? "" : ".", scalar(r));
	if (length < 0 || (size_t)length >= sizeof(key))
		return complain(r, &at, "a key of more than 127 bytes");
	const struct conf_row *row = conf_find(key);
	if (row == NULL && !is_section(key))
		return at_mark(r, &at, conf_unknown(key, r->error));
	int error = next_plain(r);
	if (error != 0)
		return error;
	return row != NULL ? read_value(r, row)
	                   : read_section_value(r, key, depth);
}

/* Behind MAPPING_START, up to its end. */
static int
read_section(struct reading *r, const char *prefix, unsigned depth)
{
	if (depth > DEPTH_MAX)
		return complain(r, mark(r), "nested too deep");
	for (;;) {
		int error = next_plain(r);
		if (error != 0)
			return error;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return 0;
		error = read_pair(r, prefix, depth);
		if (error != 0)
			return error;
	}
}

static int
read_document(struct reading *r)
{
	int error = next_plain(r);

	if (error != 0)
		return error;
	if (r->event.type == YAML_SCALAR_EVENT &&
	    r->event.data.scalar.length == 0)
		error = 0; /* nothing but comments */
	else if (r->event.type == YAML_MAPPING_START_EVENT)
		error = read_section(r, "", 0);
	else
		error = complain(r, mark(r), "expected settings, \"key: value\"");
	return error != 0 ? error : next(r); /* the document's end */
}

static int
read_stream(struct reading *r)
{
	int error = next(r); /* the stream's start */

	if (error == 0)
		error = next(r);
	if (error == 0 && r->event.type == YAML_DOCUMENT_START_EVENT)
		error = read_document(r);
	else
		return error; /* an empty file */
	if (error == 0)
		error = next(r);
	if (error == 0 && r->event.type != YAML_STREAM_END_EVENT)
		error = complain(r, mark(r), "a second document: one is enough");
	return error;
}

/* `name` stands in messages. */
static int
load_bytes(struct conf *c, const char *name, const uint8_t *bytes,
    size_t length, struct conf_error *error)
{
	struct reading r = {.conf = c, .name = name, .error = error,
	    .seen = calloc(conf_row_count, sizeof(bool))};
	int outcome = E_NOMEM;

	(void)snprintf(error->text, sizeof(error->text), "out of memory");
	if (r.seen == NULL || yaml_parser_initialize(&r.parser) != 1) {
		free(r.seen);
		return outcome;
	}
	yaml_parser_set_input_string(&r.parser, bytes, length);
	outcome = read_stream(&r);
	if (r.has_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	free(r.seen);
	return outcome;
}

/* --- the file --- */

int
conf_load(struct conf *c, const char *path, struct conf_error *error)
{
	struct buf bytes;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	buf_init(&bytes, FILE_BYTES_MAX);
	int outcome = fd < 0 ? E_SYS : file_read_rest(fd, &bytes);
	if (outcome != 0)
		(void)snprintf(error->text, sizeof(error->text),
		    "%.300s: cannot be read: %s", path,
		    outcome == E_LIMIT ? "larger than 1 MiB"
		                       : err_text(outcome));
	else
		outcome = load_bytes(c, path, buf_data(&bytes),
		    buf_length(&bytes), error);
	if (fd >= 0)
		(void)close(fd);
	buf_free(&bytes);
	return outcome;
}
