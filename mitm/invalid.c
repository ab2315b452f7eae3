/* SPDX-License-Identifier: ISC */
/* Verdicts on servers that do not verify, by host. Pure. */
#include "mitm/invalid.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "mitm/host_rules.h"

struct invalid {
	enum conf_invalid fallback;
	struct host_rules *hosts;
	uint8_t *actions; /* of each rule; an enum conf_invalid */
};

static const char *const names[] = {
    [CONF_INVALID_MIRROR] = "mirror",
    [CONF_INVALID_REFUSE] = "refuse",
    [CONF_INVALID_ALLOW] = "allow",
};

const char *
invalid_name(enum conf_invalid action)
{
	return names[action];
}

void
invalid_free(struct invalid *v)
{
	if (v == NULL)
		return;
	host_rules_free(v->hosts);
	free(v->actions);
	free(v);
}

static int
read_action(const char *word, uint8_t *action, const char **why)
{
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		if (strcmp(word, names[i]) != 0)
			continue;
		*action = (uint8_t)i;
		return 0;
	}
	*why = "expected mirror, refuse or allow behind the =";
	return E_SYNTAX;
}

static int
add(struct invalid *v, size_t number, const char *rule, const char **why)
{
	char pattern[HOST_PATTERN_BYTES];
	const char *word;
	int error = host_rules_split(rule, pattern, &word, why);

	if (error == 0)
		error = read_action(word, &v->actions[number], why);
	return error != 0 ? error : host_rules_add(v->hosts, pattern, why);
}

struct invalid *
invalid_new(enum conf_invalid fallback, const struct conf_list *rules,
    size_t *wrong, const char **why)
{
	struct invalid *v = calloc(1, sizeof(*v));

	*wrong = rules->count;
	*why = "out of memory";
	if (v == NULL)
		return NULL;
	v->fallback = fallback;
	v->hosts = host_rules_new();
	v->actions = calloc(rules->count + 1, 1);
	bool good = v->hosts != NULL && v->actions != NULL;
	for (size_t i = 0; good && i < rules->count; i++) {
		good = add(v, i, rules->items[i], why) == 0;
		if (!good)
			*wrong = i;
	}
	if (good)
		return v;
	invalid_free(v);
	return NULL;
}

struct invalid_verdict
invalid_ask(const struct invalid *v, const char *name,
    const struct sockaddr_storage *address)
{
	struct invalid_verdict verdict = {.action = v->fallback};
	int rule = host_rules_find(v->hosts, name, address, &verdict.reason);

	if (rule >= 0)
		verdict.action = (enum conf_invalid)v->actions[rule];
	return verdict;
}
