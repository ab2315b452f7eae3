/* SPDX-License-Identifier: ISC */
/* Reads lists of policy rules, and has the rest read. Parent only; opens nothing but
 * regular files that the settings name. */
#include "daemon/lists.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/file.h"
#include "daemon/client_files.h"
#include "mitm/policy_list.h"

static int
cannot_read(const char *key, const char *path, int outcome,
    struct conf_error *error)
{
	(void)snprintf(error->text, sizeof(error->text), "%s: cannot read '%.300s': "
	    "%s", key, path, err_text(outcome));
	return outcome;
}

/* One file: its rules go to p, which judges them, and to *rules. */
static int
add_file(const char *key, const char *path, enum policy_list_kind kind,
    struct policy *p, struct buf *rules, struct conf_error *error)
{
	struct policy_list_error wrong;
	struct buf text;

	if (path[0] != '/') {
		(void)snprintf(error->text, sizeof(error->text),
		    "%s: '%.300s' is not an absolute path", key, path);
		return E_SYNTAX;
	}
	buf_init(&text, LISTS_BYTES_MAX);
	int outcome = file_read(path, &text);
	if (outcome != 0) {
		buf_free(&text);
		return cannot_read(key, path, outcome, error);
	}
	outcome = policy_list_read((const char *)buf_data(&text),
	    buf_length(&text), kind, p, rules, &wrong);
	buf_free(&text);
	if (outcome != 0)
		(void)snprintf(error->text, sizeof(error->text),
		    "%.200s:%lu: rule '%s': %s", path, wrong.line, wrong.rule,
		    wrong.why);
	return outcome;
}

static int
add_files(const char *key, const struct conf_list *paths,
    enum policy_list_kind kind, struct policy *p, struct buf *rules,
    struct conf_error *error)
{
	int outcome = 0;

	for (size_t i = 0; outcome == 0 && i < paths->count; i++)
		outcome = add_file(key, paths->items[i], kind, p, rules, error);
	return outcome;
}

/* In a tree that was never installed the list is not where it will be. */
static bool
is_not_installed(const char *path)
{
	return strcmp(path, SIGHTGLASS_CONFDIR "/splice.list") == 0 &&
	    access(path, F_OK) != 0 && errno == ENOENT;
}

static int
add_known(const struct conf *conf, struct policy *p, struct buf *rules,
    struct conf_error *error)
{
	if (conf->policy_known[0] == '\0')
		return 0;
	if (is_not_installed(conf->policy_known)) {
		diag_info("policy.known: there is no '%s': what is known to break "
		    "is not known", conf->policy_known);
		return 0;
	}
	return add_file("policy.known", conf->policy_known, POLICY_LIST_KNOWN, p,
	    rules, error);
}

static int
read_rules(const struct conf *conf, struct buf *rules, struct conf_error *error)
{
	struct policy *p = policy_new(DECIDE_INSPECT);

	if (p == NULL) {
		(void)snprintf(error->text, sizeof(error->text), "out of memory");
		return E_NOMEM;
	}
	int outcome = add_known(conf, p, rules, error);
	if (outcome == 0)
		outcome = add_files("policy.inspect_files",
		    &conf->policy_inspect_files, POLICY_LIST_INSPECT, p, rules, error);
	if (outcome == 0)
		outcome = add_files("policy.splice_files",
		    &conf->policy_splice_files, POLICY_LIST_SPLICE, p, rules, error);
	if (outcome == 0)
		outcome = add_files("policy.refuse_files",
		    &conf->policy_refuse_files, POLICY_LIST_REFUSE, p, rules, error);
	policy_free(p);
	return outcome;
}

void
lists_free(struct lists *lists)
{
	buf_free(&lists->rules);
	client_files_wipe(&lists->client_certificates);
}

int
lists_read(const struct conf *conf, struct lists *lists,
    struct conf_error *error)
{
	buf_init(&lists->rules, LISTS_BYTES_MAX);
	buf_init(&lists->client_certificates, LISTS_BYTES_MAX);
	int outcome = read_rules(conf, &lists->rules, error);
	return outcome != 0 ? outcome
	    : client_files_read(conf, &lists->client_certificates, error);
}
