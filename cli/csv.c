/* SPDX-License-Identifier: ISC */
/*
 * The format csv (RFC 4180): a row of names, then a row a record. Without -F the columns
 * are those of requests, or of questions, and other records have no row. CLI.
 */
#include <stdlib.h>
#include <string.h>

#include <yyjson.h>

#include "base/err.h"
#include "cli/field.h"
#include "cli/safe.h"
#include "cli/view.h"

static const char http_columns[] =
    "@timestamp,process.name,http.request.method,url.full,"
    "http.response.status_code,http.response.headers.content-type,"
    "http.request.body.bytes,http.response.body.bytes,event.duration,"
    "destination.ip,http.version,event.id";
static const char dns_columns[] =
    "@timestamp,process.name,dns_hostname,dns_query_type,dns_response_code,"
    "dns_answer_number,dns.resolved_ip,event.duration,destination.ip,"
    "sightglass.dns.transport,event.id";

static const char *
columns_of(const struct view *v)
{
	return v->fields != NULL ? v->fields : v->of_dns ? dns_columns : http_columns;
}

/* In quotes where a comma, a quote or an end of line stands within. */
static int
put_cell(struct buf *out, const char *text, size_t length)
{
	bool quoted = false;

	for (size_t i = 0; i < length; i++)
		quoted |= text[i] == '\0' || strchr(",\"\r\n", text[i]) != NULL;
	if (!quoted)
		return buf_append(out, text, length);
	int error = buf_puts(out, "\"");
	while (length > 0 && error == 0) {
		const char *quote = memchr(text, '"', length);
		size_t n = quote == NULL ? length : (size_t)(quote - text) + 1;
		error = buf_append(out, text, n);
		if (error == 0 && quote != NULL)
			error = buf_puts(out, "\"");
		text += n;
		length -= n;
	}
	return error != 0 ? error : buf_puts(out, "\"");
}

/* An array of one is as good as its element; other arrays and objects are JSON. */
static int
put_value(struct buf *out, yyjson_val *value)
{
	if (yyjson_is_arr(value) && yyjson_arr_size(value) == 1)
		value = yyjson_arr_get_first(value);
	if (value == NULL || yyjson_is_null(value))
		return 0;
	if (yyjson_is_str(value))
		return put_cell(out, yyjson_get_str(value), yyjson_get_len(value));
	size_t length;
	char *text = yyjson_val_write(value, 0, &length);
	int error = text == NULL ? E_NOMEM : put_cell(out, text, length);
	free(text);
	return error;
}

/* A cell for each name; without a record, the name. */
static int
put_row(struct view *v, yyjson_val *record)
{
	const char *name = columns_of(v);
	int error = 0;

	for (;;) {
		size_t n = strcspn(name, ",");
		error = record == NULL ? put_cell(&v->page, name, n)
		                       : put_value(&v->page, field_at(record, name, n));
		if (error != 0 || name[n] == '\0')
			break;
		error = buf_puts(&v->page, ",");
		if (error != 0)
			break;
		name += n + 1;
	}
	return error != 0 ? error : buf_puts(&v->page, v->terminal ? "\n" : "\r\n");
}

static int
write_names(struct view *v)
{
	return put_row(v, NULL);
}

/* An exchange that is not over will have its row when it is. */
static bool
has_row(const struct view *v, yyjson_val *record)
{
	const char *dataset =
	    yyjson_get_str(yyjson_ptr_get(record, "/event/dataset"));
	const char *incomplete =
	    yyjson_get_str(yyjson_ptr_get(record, "/sightglass/incomplete"));

	if (v->fields != NULL)
		return yyjson_is_obj(record);
	return dataset != NULL && strcmp(dataset,
	        v->of_dns ? "sightglass.dns" : "sightglass.http") == 0 &&
	    (incomplete == NULL || strcmp(incomplete, "continues") != 0);
}

static int
write_record(struct view *v, const char *line, size_t length)
{
	yyjson_doc *doc = yyjson_read(line, length, 0);
	yyjson_val *record = yyjson_doc_get_root(doc);
	int error = has_row(v, record) ? put_row(v, record) : 0;

	yyjson_doc_free(doc);
	return error;
}

const struct format_writer format_csv = {.columns = true, .begin = write_names,
    .record = write_record, .escape = safe_text, .keep = "\n"};
