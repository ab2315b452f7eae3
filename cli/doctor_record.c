/* SPDX-License-Identifier: ISC */
/*
 * The record of a connection that the doctor made: it is the last step of a flow, and
 * says why one was not opened. CLI. Waits for it, since the log is flushed now and
 * then.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <yyjson.h>

#include "cli/doctor.h"
#include "cli/field.h"
#include "cli/query.h"

#define LOOKS 30
#define LOOK_MS 100

static void
take_field(yyjson_val *root, const char *name, char out[DOCTOR_RECORD_BYTES])
{
	const char *text = yyjson_get_str(field_at(root, name, strlen(name)));

	(void)snprintf(out, DOCTOR_RECORD_BYTES, "%s", text == NULL ? "" : text);
}

static void
take_line(const struct reader_line *line, struct doctor_record *out)
{
	yyjson_doc *doc = yyjson_read(line->text, line->length, 0);
	yyjson_val *root = yyjson_doc_get_root(doc);

	take_field(root, "sightglass.decision", out->decision);
	take_field(root, "sightglass.reason", out->reason);
	yyjson_doc_free(doc);
}

static bool
look(const struct cli *cli, const char *where, const char *since,
    struct doctor_record *out)
{
	struct query q;
	struct reader_line line;
	bool good = false, found = false;

	if (query_open(&q) && query_take(&q, QUERY_WHERE, where, &good) && good &&
	    query_take(&q, QUERY_DATASET, "tls", &good) && good &&
	    query_take(&q, 'S', since, &good) && good && query_finish(&q, 0, NULL) &&
	    query_begin(&q, cli, false) == CLI_OK && query_next(&q, &line) == 0) {
		take_line(&line, out);
		found = true;
	}
	query_close(&q);
	return found;
}

bool
doctor_find_record(const struct doctor *d, const char *server_name, int64_t since_us,
    struct doctor_record *out)
{
	char where[512], since[32];

	*out = (struct doctor_record){.decision = ""};
	if (strpbrk(server_name, "\"\\") != NULL || access(d->conf->log_dir, R_OK) != 0)
		return false;
	(void)snprintf(where, sizeof(where), "tls.client.server_name == \"%s\"",
	    server_name);
	(void)snprintf(since, sizeof(since), "@%" PRId64, since_us / 1000000);
	for (int i = 0; i < LOOKS; i++) {
		if (look(d->cli, where, since, out))
			return true;
		(void)poll(NULL, 0, LOOK_MS);
	}
	return false;
}
