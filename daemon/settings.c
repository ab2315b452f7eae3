/* SPDX-License-Identifier: ISC */
/* Command line over file over presets over defaults. Parent only; -n stops after
 * it. */
#include "daemon/settings.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "ca/scope.h"
#include "daemon/os.h"
#include "daemon/places.h"
#include "daemon/privileges.h"
#include "daemon/signed_by.h"
#include "extension-bridge/udp_ports.h"
#include "mitm/bypass.h"
#include "mitm/capture_rules.h"
#include "mitm/invalid.h"
#include "mitm/known_bad.h"
#include "mitm/policy.h"
#include "mitm/redact_rules.h"
#include "mitm/sample.h"
#include "mitm/starttls.h"

static int
assign(struct conf *conf, char option, const char *text, struct conf_error *error)
{
	char key[128];
	const char *equals = strchr(text, '=');
	struct conf_error why;

	if (equals == NULL || (size_t)(equals - text) >= sizeof(key)) {
		(void)snprintf(error->text, sizeof(error->text),
		    "-%c %.200s: expected KEY=VALUE", option, text);
		return E_SYNTAX;
	}
	memcpy(key, text, (size_t)(equals - text));
	key[equals - text] = '\0';
	int outcome = conf_set(conf, key, equals + 1, &why);
	if (outcome != 0)
		(void)snprintf(error->text, sizeof(error->text),
		    "-%c %.100s: %.380s", option, text, why.text);
	return outcome;
}

static int
assign_all(struct conf *conf, char option,
    const struct settings_assignments *all, struct conf_error *error)
{
	int outcome = 0;

	for (size_t i = 0; outcome == 0 && i < all->count; i++)
		outcome = assign(conf, option, all->items[i], error);
	return outcome;
}

/* The file that -c names; else that of the directory, or the system's, where
 * there is one. NULL: none. */
static const char *
find_file(const struct settings *s, char path[PATH_MAX])
{
	if (s->file != NULL)
		return s->file;
	int length = snprintf(path, PATH_MAX, "%s/sightglass.yaml",
	    s->directory != NULL ? s->directory : SIGHTGLASS_CONFDIR);
	return length < PATH_MAX && access(path, F_OK) == 0 ? path : NULL;
}

static int
apply(const struct settings *s, struct conf *conf, struct conf_error *error)
{
	char path[PATH_MAX];
	const char *file = find_file(s, path);
	int outcome = assign_all(conf, 'D', &s->presets, error);

	if (outcome == 0 && file != NULL)
		outcome = conf_load(conf, file, error);
	if (outcome == 0 && s->directory != NULL) {
		outcome = conf_set_directory(conf, s->directory);
		if (outcome != 0)
			(void)snprintf(error->text, sizeof(error->text), "-d %.200s: %s",
			    s->directory, err_text(outcome));
	}
	return outcome != 0 ? outcome
	                    : assign_all(conf, 'o', &s->overrides, error);
}

struct conf *
settings_load(const struct settings *s, struct conf_error *error)
{
	struct conf *conf = conf_new();

	if (conf == NULL) {
		(void)snprintf(error->text, sizeof(error->text), "out of memory");
		return NULL;
	}
	if (apply(s, conf, error) != 0) {
		conf_free(conf);
		return NULL;
	}
	return conf;
}

void
settings_keep(struct conf *c, struct conf *old)
{
	/* What sockets, shared memory, directories, the signer and the workers'
	 * tables were made of. */
	static const char *const fixed[] = {"user", "ca.user", "log.user",
	    "log.group", "workers", "paths.ca", "paths.log", "paths.run",
	    "bridge.group", "ring.size", "ca.name", "ca.validity", "ca.key",
	    "ca.permitted", "ca.renew_before", "ca.overlap", "ca.certificate",
	    "ca.private_key", "ca.chain", "leaf.validity", "leaf.cache",
	    "leaf.signer_cache", "dns.names", "upstream.sessions",
	    "upstream.verdicts"};

	for (size_t i = 0; i < ARRAY_LENGTH(fixed); i++)
		if (conf_keep(c, fixed[i], old))
			diag_warning("%s: has changed, and stays as it was until the "
			    "daemon is restarted", fixed[i]);
}

static int
check_rules(struct policy *policy, const char *key,
    const struct conf_list *rules, struct conf_error *error)
{
	const char *why = "";

	for (size_t i = 0; i < rules->count; i++) {
		if (policy_add(policy, rules->items[i], DECIDE_SPLICE, &why) == 0)
			continue;
		(void)snprintf(error->text, sizeof(error->text),
		    "%s: rule '%.200s': %s", key, rules->items[i], why);
		return E_SYNTAX;
	}
	return 0;
}

static int
check_policy(const struct conf *conf, struct conf_error *error)
{
	struct policy *policy = policy_new(DECIDE_INSPECT);

	if (policy == NULL)
		return E_NOMEM;
	int outcome =
	    check_rules(policy, "policy.inspect", &conf->policy_inspect, error);
	if (outcome == 0)
		outcome =
		    check_rules(policy, "policy.splice", &conf->policy_splice, error);
	if (outcome == 0)
		outcome =
		    check_rules(policy, "policy.refuse", &conf->policy_refuse, error);
	policy_free(policy);
	return outcome;
}

/* `wrong` is the rule that `why` is about, or their count: memory was short. */
static int
complain_of_rule(const char *key, const struct conf_list *rules, size_t wrong,
    const char *why, struct conf_error *error)
{
	(void)snprintf(error->text, sizeof(error->text), "%s: rule '%.200s': %s", key,
	    wrong < rules->count ? rules->items[wrong] : "", why);
	return wrong < rules->count ? E_SYNTAX : E_NOMEM;
}

static int
check_never(const struct conf *conf, struct conf_error *error)
{
	const struct conf_list *rules = &conf->bypass_never;
	const char *why;
	size_t wrong;
	struct policy *never =
	    bypass_never_new(rules->items, rules->count, &wrong, &why);

	policy_free(never);
	return never != NULL ? 0
	    : complain_of_rule("bypass.never", rules, wrong, why, error);
}

static int
check_invalid(const struct conf *conf, struct conf_error *error)
{
	const struct conf_list *rules = &conf->upstream_invalid_hosts;
	const char *why;
	size_t wrong;
	struct invalid *invalid =
	    invalid_new(CONF_INVALID_MIRROR, rules, &wrong, &why);

	invalid_free(invalid);
	return invalid != NULL ? 0
	    : complain_of_rule("upstream.invalid_hosts", rules, wrong, why, error);
}

static int
check_sample(const struct conf *conf, struct conf_error *error)
{
	const struct conf_list *rules = &conf->capture_sample_hosts;
	const char *why;
	size_t wrong;
	struct sample *sample = sample_new(1, rules, &wrong, &why);

	sample_free(sample);
	return sample != NULL ? 0
	    : complain_of_rule("capture.sample_hosts", rules, wrong, why, error);
}

static int
check_group(const char *key, const char *group, struct conf_error *error)
{
	gid_t gid;

	if (group[0] == '\0' || privileges_group(group, &gid) == 0)
		return 0;
	(void)snprintf(error->text, sizeof(error->text),
	    "%s: there is no group '%.200s': create it or leave it empty", key, group);
	return E_NOTFOUND;
}

/* A list that cannot be opened is refused here, so that a reload keeps the one
 * that there was. */
static int
check_crls(const struct conf *conf, struct conf_error *error)
{
	char words[256];

	for (size_t i = 0; i < conf->upstream_crl.count; i++) {
		int fd = places_open_crl(conf->upstream_crl.items[i], words);
		if (fd < 0) {
			(void)snprintf(error->text, sizeof(error->text), "%s", words);
			return fd;
		}
		(void)close(fd);
	}
	return 0;
}

static int
check_ca(const struct conf *conf, struct conf_error *error)
{
	const struct conf_list *permitted = &conf->ca_permitted;
	struct scope *scope = calloc(1, sizeof(*scope));
	int outcome = scope == NULL ? E_NOMEM : 0;
	bool certificate = conf->ca_certificate[0] != '\0';

	for (size_t i = 0; i < permitted->count && outcome == 0; i++) {
		outcome = scope_permit(scope, permitted->items[i]);
		if (outcome != 0)
			(void)snprintf(error->text, sizeof(error->text),
			    "ca.permitted: '%.200s': %s", permitted->items[i],
			    outcome == E_SYNTAX ? "neither a domain nor a block of "
			        "addresses, as in 192.0.2.0/24" : err_text(outcome));
	}
	free(scope);
	if (outcome != 0 || certificate == (conf->ca_private_key[0] != '\0'))
		return outcome;
	(void)snprintf(error->text, sizeof(error->text),
	    "ca.%s: missing: a CA that is provided has both a certificate and a key",
	    certificate ? "private_key" : "certificate");
	return E_SYNTAX;
}

/* It is not made by looking whether it could be: its directory is looked for. */
static int
check_keylog(const struct conf *conf, struct conf_error *error)
{
	char words[256], directory[PATH_MAX];

	if (conf->keylog[0] == '\0')
		return 0;
	int fd = places_open_keylog(conf->keylog, false, words);
	if (fd >= 0) {
		(void)close(fd);
		return 0;
	}
	const char *slash = strrchr(conf->keylog, '/');
	(void)snprintf(directory, sizeof(directory), "%.*s",
	    slash == NULL ? 0 : (int)(slash - conf->keylog + 1), conf->keylog);
	if (fd == E_NOTFOUND && access(directory, W_OK | X_OK) == 0)
		return 0;
	(void)snprintf(error->text, sizeof(error->text), "%s", words);
	return fd;
}

static int
check_distrust(const struct conf *conf, struct conf_error *error)
{
	uint8_t digest[DIGEST_BYTES];

	for (size_t i = 0; i < conf->upstream_distrust.count; i++) {
		const char *text = conf->upstream_distrust.items[i];
		if (distrust_parse(text, digest) == 0)
			continue;
		(void)snprintf(error->text, sizeof(error->text),
		    "upstream.distrust: '%.200s' is not a SHA-256 digest: write its 64 "
		    "hexadecimal digits", text);
		return E_SYNTAX;
	}
	return 0;
}

static int
check_starttls(const struct conf *conf, struct conf_error *error)
{
	const struct conf_list *names = &conf->policy_starttls;
	unsigned protocols;
	size_t wrong;

	if (starttls_set(names->items, names->count, &protocols, &wrong) == 0)
		return 0;
	(void)snprintf(error->text, sizeof(error->text),
	    "policy.starttls: '%.200s' is none of smtp, imap, pop3, ftp, postgresql",
	    names->items[wrong]);
	return E_NOTFOUND;
}

/* A fence that is not there must not be taken for one: where it has no effect it is
 * refused. */
static int
check_signed_by(const struct conf *conf, struct conf_error *error)
{
	const struct conf_list *items = &conf->bridge_signed_by;

	for (size_t i = 0; i < items->count; i++) {
		const char *why = signed_by_trouble(items->items[i]);
		if (why == NULL)
			continue;
		(void)snprintf(error->text, sizeof(error->text),
		    "bridge.signed_by: '%.100s': %s", items->items[i], why);
		return E_SYNTAX;
	}
	if (items->count == 0 || os_has_signatures())
		return 0;
	(void)snprintf(error->text, sizeof(error->text),
	    "bridge.signed_by: programs are signed on macOS only: leave it out here, and "
	    "say by bridge.group who may connect");
	return E_RANGE;
}

static int
check_udp_ports(const struct conf *conf, struct conf_error *error)
{
	const struct conf_list *items = &conf->forward_udp_ports;
	struct udp_ports ports;
	size_t wrong;
	int outcome = udp_ports_read(items->items, items->count, &ports, &wrong);

	if (outcome == E_RANGE)
		(void)snprintf(error->text, sizeof(error->text),
		    "forward.udp_ports: '%.200s' is no port (1 to 65535)",
		    items->items[wrong]);
	else if (outcome != 0)
		(void)snprintf(error->text, sizeof(error->text),
		    "forward.udp_ports: more than %u ports", UDP_PORTS_MAX);
	return outcome;
}

static int
check_redact(const struct conf *conf, struct conf_error *error)
{
	struct redact_rules *rules = redact_rules_new(conf, error);

	redact_rules_unref(rules);
	return rules == NULL ? E_SYNTAX : 0;
}

/* Names the word that is wrong, and where it stands. */
static int
check_capture(const struct conf *conf, struct conf_error *error)
{
	const struct conf_list *lines = &conf->capture_rules;
	struct capture_rules_error wrong;
	struct capture_rules *rules = capture_rules_new(lines, &wrong);
	bool placed = lines->places != NULL && wrong.rule < lines->count;

	capture_rules_release(rules);
	if (rules != NULL)
		return 0;
	const char *line = wrong.rule < lines->count ? lines->items[wrong.rule] : "";
	(void)snprintf(error->text, sizeof(error->text),
	    "capture.rules: %s %zu, column %zu: '%.*s': %s", placed ? "line" : "rule",
	    placed ? lines->places[wrong.rule].line : wrong.rule + 1,
	    (placed ? lines->places[wrong.rule].column : 1) + wrong.column,
	    (int)(wrong.length < 200 ? wrong.length : 200), line + wrong.column,
	    wrong.why);
	return E_SYNTAX;
}

static int
check_users(const struct conf *conf, struct conf_error *error)
{
	uid_t uid;
	gid_t gid;

	for (int role = 0; role < PRIVILEGES_ROLES; role++) {
		const char *key;
		const char *user =
		    privileges_user(conf, (enum privileges_role)role, &key);
		if (privileges_of(user, &uid, &gid) == 0)
			continue;
		(void)snprintf(error->text, sizeof(error->text),
		    "%s: there is no user '%.100s': create it (useradd --system "
		    "%.100s) or name another", key, user, user);
		return E_NOTFOUND;
	}
	return 0;
}

int
settings_check(const struct conf *conf, struct conf_error *error)
{
	int outcome = check_users(conf, error);

	if (outcome == 0)
		outcome = check_policy(conf, error);
	if (outcome == 0)
		outcome = check_never(conf, error);
	if (outcome == 0)
		outcome = check_invalid(conf, error);
	if (outcome == 0)
		outcome = check_group("bridge.group", conf->bridge_group, error);
	if (outcome == 0)
		outcome = check_signed_by(conf, error);
	if (outcome == 0)
		outcome = check_group("log.group", conf->log_group, error);
	if (outcome == 0)
		outcome = check_crls(conf, error);
	if (outcome == 0)
		outcome = check_keylog(conf, error);
	if (outcome == 0)
		outcome = check_distrust(conf, error);
	if (outcome == 0)
		outcome = check_redact(conf, error);
	if (outcome == 0)
		outcome = check_starttls(conf, error);
	if (outcome == 0)
		outcome = check_udp_ports(conf, error);
	if (outcome == 0)
		outcome = check_capture(conf, error);
	if (outcome == 0)
		outcome = check_sample(conf, error);
	if (outcome == 0)
		outcome = check_ca(conf, error);
	return outcome;
}
