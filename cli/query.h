/* SPDX-License-Identifier: ISC */
/*
 * Which records a subcommand is about: the options that all of them share that
 * read the log, and the filter that comes of them. CLI.
 */
#ifndef SIGHTGLASS_CLI_QUERY_H
#define SIGHTGLASS_CLI_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "log/filter.h"

struct query {
	struct filter *filter; /* owned */
	struct buf datasets;   /* the names of --dataset as a list of --where */
	const char *since, *until; /* as given, or NULL */
	int64_t since_us, until_us;
	bool narrowed; /* something was asked for */
	bool utc;
};

/* For the subcommand's tables and its help. */
enum query_option { QUERY_WHERE = 0x100, QUERY_DATASET, QUERY_UTC };
#define QUERY_SHORT "g:S:U:"
#define QUERY_LONG                                                            \
	{"where", required_argument, NULL, QUERY_WHERE},                      \
	    {"grep", required_argument, NULL, 'g'},                           \
	    {"since", required_argument, NULL, 'S'},                          \
	    {"until", required_argument, NULL, 'U'},                          \
	    {"dataset", required_argument, NULL, QUERY_DATASET},              \
	    {"utc", no_argument, NULL, QUERY_UTC}
#define QUERY_HELP                                                            \
	"  -S, --since TIME     from then on: 10m (ago), today, yesterday, 14:30,\n" \
	"                       2026-11-26, RFC 3339\n"                         \
	"  -U, --until TIME     up to then\n"                                  \
	"      --where EXPR     by fields: url.domain == 'example.com' and\n"   \
	"                       http.response.status_code >= 500\n"             \
	"  -g, --grep REGEX     only records whose line matches\n"             \
	"      --dataset NAME   http, websocket, dns, tls, flow, mint or daemon;\n" \
	"                       may be repeated\n"                             \
	"      --utc            times in UTC\n"
#define QUERY_FILTER_HELP                                                     \
	"FILTER is as mitmproxy's: ~u URL, ~d domain, ~m method, ~c status,\n" \
	"~h header, ~b body, ~p program, ~q no response, ~e errors; ! & | ( );\n" \
	"a word alone is looked for in the URL.\n"

/* False after a message: out of memory. */
bool query_open(struct query *q) WUNRES NONNULL(1);
void query_close(struct query *q) NONNULL(1);

/* Takes one of its options. False: it is none of them. *good: whether what it was
 * given was; else a message was printed. */
bool query_take(struct query *q, int option, const char *argument, bool *good)
    WUNRES NONNULL(1, 4);

/* When all options are taken: `words` of the command line are one expression of
 * letters. False after a message. */
bool query_finish(struct query *q, int count, char **words) WUNRES NONNULL(1);

#endif
