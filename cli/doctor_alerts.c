/* SPDX-License-Identifier: ISC */
/*
 * Who turned our certificates down in the last day, by application, as the log has
 * it: the fatal alerts of a client that takes the CA for a stranger. CLI.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yyjson.h>

#include "base/err.h"
#include "cli/doctor.h"
#include "cli/doctor_text.h"
#include "cli/field.h"
#include "cli/query.h"

#define APPLICATIONS_MAX 64u
/* bad_certificate, certificate_unknown and unknown_ca (mitm/tls.h). */
#define DISTRUST                                                              \
	"sightglass.client.alert_received in (42, 46, 48)"
#define WITHIN "24h"

struct application {
	char *name; /* owned */
	unsigned count;
};

struct applications {
	struct application items[APPLICATIONS_MAX];
	size_t count;
};

static const char *
text_at(yyjson_val *record, const char *name)
{
	return yyjson_get_str(field_at(record, name, strlen(name)));
}

static void
count_one(struct applications *a, const char *name)
{
	size_t i = 0;

	if (name == NULL)
		name = "(unknown)";
	while (i < a->count && strcmp(a->items[i].name, name) != 0)
		i++;
	if (i == APPLICATIONS_MAX)
		return;
	if (i == a->count) {
		a->items[i] = (struct application){.name = strdup(name)};
		if (a->items[i].name == NULL)
			return;
		a->count++;
	}
	a->items[i].count++;
}

static void
count_line(struct applications *a, const struct reader_line *line)
{
	yyjson_doc *doc = yyjson_read(line->text, line->length, 0);
	yyjson_val *root = yyjson_doc_get_root(doc);
	const char *name = text_at(root, "process.executable");

	count_one(a, name != NULL ? name : text_at(root, "process.name"));
	yyjson_doc_free(doc);
}

/* False: the log cannot be read, which has been said. */
static bool
collect(const struct cli *cli, struct applications *a)
{
	struct query q;
	struct reader_line line;
	bool good = false;

	if (query_open(&q) && query_take(&q, QUERY_WHERE, DISTRUST, &good) && good &&
	    query_take(&q, QUERY_DATASET, "tls", &good) && good &&
	    query_take(&q, 'S', WITHIN, &good) && good && query_finish(&q, 0, NULL) &&
	    query_begin(&q, cli, false) == CLI_OK) {
		while (query_next(&q, &line) == 0)
			count_line(a, &line);
	} else {
		good = false;
	}
	query_close(&q);
	return good;
}

static void
tell(struct doctor *d, const struct application *one)
{
	const char *slash = strrchr(one->name, '/');
	const char *cure = doctor_cure(slash == NULL ? one->name : slash + 1);

	finding_failure(&d->found, FINDING_ALERTS, "%s turned our certificate down in "
	    "the last day: %u time%s", one->name, one->count, one->count == 1 ? "" :
	    "s");
	if (cure != NULL)
		finding_remedy(&d->found, "make it trust the CA: %s", cure);
	else
		finding_remedy(&d->found, "make it trust the CA, or relay it unopened: "
		    "policy.splice: ['app:%s']", one->name);
}

void
doctor_alerts(struct doctor *d)
{
	struct applications applications = {.count = 0};

	if (access(d->conf->log_dir, F_OK) != 0 || !collect(d->cli, &applications))
		return;
	if (applications.count == 0)
		finding_ok(&d->found, FINDING_ALERTS, "nobody turned our certificates "
		    "down in the last day");
	for (size_t i = 0; i < applications.count; i++) {
		tell(d, &applications.items[i]);
		free(applications.items[i].name);
	}
}
