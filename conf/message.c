/* SPDX-License-Identifier: ISC */
/*
 * The settings as a message from the parent to its roles: for each row in the
 * table's order a u64, or for text a u32 length and the bytes, or for a list a
 * u32 count and so many texts. Both ends are one binary, so nothing is named.
 * Pure; trusts no length.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/table.h"

#define TEXT_BYTES_MAX (64u * 1024)
#define ITEMS_MAX 65536u

struct cursor {
	const uint8_t *at;
	size_t left;
};

/* --- writing --- */

static uint64_t
number_of(const struct conf_row *row, const struct conf *c)
{
	const void *member = conf_member_const(row, c);

	switch (row->kind) {
	case CONF_KIND_BOOL:
		return *(const bool *)member;
	case CONF_KIND_CHOICE:
		return *(const unsigned *)member;
	default:
		return *(const uint64_t *)member;
	}
}

static int
write_text(struct buf *out, const char *text)
{
	uint32_t length = (uint32_t)strlen(text);
	int error = buf_append(out, &length, sizeof(length));

	return error != 0 ? error : buf_append(out, text, length);
}

static int
write_list(struct buf *out, const struct conf_list *list)
{
	uint32_t count = (uint32_t)list->count;
	int error = buf_append(out, &count, sizeof(count));

	for (size_t i = 0; error == 0 && i < list->count; i++)
		error = write_text(out, list->items[i]);
	return error;
}

static int
write_row(const struct conf_row *row, const struct conf *c, struct buf *out)
{
	if (row->kind == CONF_KIND_TEXT)
		return write_text(out,
		    *(char *const *)conf_member_const(row, c));
	if (row->kind == CONF_KIND_LIST)
		return write_list(out, conf_member_const(row, c));
	uint64_t number = number_of(row, c);
	return buf_append(out, &number, sizeof(number));
}

int
conf_write(const struct conf *c, struct buf *out)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < conf_row_count; i++)
		error = write_row(&conf_rows[i], c, out);
	return error;
}

/* --- reading --- */

static bool
take(struct cursor *in, void *out, size_t length)
{
	if (in->left < length)
		return false;
	memcpy(out, in->at, length);
	in->at += length;
	in->left -= length;
	return true;
}

/* A new string, or NULL. */
static char *
take_text(struct cursor *in)
{
	uint32_t length;

	if (!take(in, &length, sizeof(length)) || length > TEXT_BYTES_MAX ||
	    length > in->left || memchr(in->at, '\0', length) != NULL)
		return NULL;
	char *text = strndup((const char *)in->at, length);
	in->at += length;
	in->left -= length;
	return text;
}

static int
read_text(const struct conf_row *row, struct conf *c, struct cursor *in)
{
	char *text = take_text(in);

	if (text == NULL)
		return E_CORRUPT;
	value_free(row, c);
	memcpy(conf_member(row, c), &text, sizeof(text));
	return 0;
}

static int
read_list(const struct conf_row *row, struct conf *c, struct cursor *in)
{
	struct conf_list *list = conf_member(row, c);
	uint32_t count;

	if (!take(in, &count, sizeof(count)) || count > ITEMS_MAX)
		return E_CORRUPT;
	value_free(row, c);
	list->items = calloc((size_t)count + 1, sizeof(*list->items));
	if (list->items == NULL)
		return E_NOMEM;
	for (; list->count < count; list->count++) {
		list->items[list->count] = take_text(in);
		if (list->items[list->count] == NULL)
			return E_CORRUPT;
	}
	return 0;
}

static int
read_number(const struct conf_row *row, struct conf *c, struct cursor *in)
{
	void *member = conf_member(row, c);
	uint64_t number;

	if (!take(in, &number, sizeof(number)))
		return E_CORRUPT;
	if (row->kind == CONF_KIND_BOOL) {
		if (number > 1)
			return E_CORRUPT;
		*(bool *)member = number == 1;
		return 0;
	}
	bool is_all = row->kind == CONF_KIND_BYTES_OR_ALL && number == CONF_ALL;
	if (!is_all && (number < row->least || number > row->most))
		return E_CORRUPT;
	if (row->kind == CONF_KIND_CHOICE)
		*(unsigned *)member = (unsigned)number;
	else
		*(uint64_t *)member = number;
	return 0;
}

int
conf_read(struct conf *c, const uint8_t *bytes, size_t length)
{
	struct cursor in = {bytes, length};
	int error = 0;

	for (size_t i = 0; error == 0 && i < conf_row_count; i++) {
		const struct conf_row *row = &conf_rows[i];
		if (row->kind == CONF_KIND_TEXT)
			error = read_text(row, c, &in);
		else if (row->kind == CONF_KIND_LIST)
			error = read_list(row, c, &in);
		else
			error = read_number(row, c, &in);
	}
	return error == 0 && in.left > 0 ? E_CORRUPT : error;
}
