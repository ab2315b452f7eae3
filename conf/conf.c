/* SPDX-License-Identifier: ISC */
/*
 * The table of settings and the life of a struct conf. Parent, CLI and roles.
 * Knows no file: yaml.c reads it; and no kind of value: value.c does. An unknown
 * key is never passed over.
 */
#include "conf/conf.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/near.h"
#include "conf/table.h"

#define KEY_BYTES 64u

const struct conf_row conf_rows[] = {
#define CONF_ROW(member, kind, key, def, least, most, text)                   \
	{key, CONF_KIND_##kind, offsetof(struct conf, member), def, least, most, \
	    text},
	PARAMS(CONF_ROW)
#undef CONF_ROW
};
const size_t conf_row_count = sizeof(conf_rows) / sizeof(conf_rows[0]);

const struct conf_row *
conf_find(const char *key)
{
	for (size_t i = 0; i < conf_row_count; i++) {
		if (strcmp(conf_rows[i].key, key) == 0)
			return &conf_rows[i];
	}
	return NULL;
}

const struct conf_row *
conf_find_mode(const char *section)
{
	char key[KEY_BYTES];
	int length = snprintf(key, sizeof(key), "%s.mode", section);

	return length < (int)sizeof(key) ? conf_find(key) : NULL;
}

/* --- the nearest key --- */

/* Compares with the whole key, or with its section when `key` names one. */
static unsigned
distance_to(const char *key, const struct conf_row *row, size_t *section)
{
	size_t length = strlen(key);
	const char *dot = strchr(row->key, '.');
	unsigned whole = near_distance(key, length, row->key, strlen(row->key));

	*section = 0;
	if (dot == NULL || strchr(key, '.') != NULL)
		return whole;
	size_t head = (size_t)(dot - row->key);
	unsigned part = near_distance(key, length, row->key, head);
	if (part >= whole)
		return whole;
	*section = head;
	return part;
}

/* The row whose key is likest to `key`, or NULL when none is near. A section's
 * name ("log") counts too: *section is then set to its length in that key. */
static const struct conf_row *
find_nearest(const char *key, size_t *section)
{
	const struct conf_row *nearest = NULL;
	unsigned least = UINT_MAX;
	size_t length = strlen(key);

	for (size_t i = 0; i < conf_row_count; i++) {
		size_t head;
		unsigned d = distance_to(key, &conf_rows[i], &head);
		if (d >= least || !near_enough(d, length))
			continue;
		least = d;
		nearest = &conf_rows[i];
		*section = head;
	}
	return nearest;
}

int
conf_unknown(const char *key, struct conf_error *error)
{
	size_t section = 0;
	const struct conf_row *nearest = find_nearest(key, &section);

	if (nearest == NULL)
		(void)snprintf(error->text, sizeof(error->text),
		    "unknown key '%.100s': sightglass.yaml(5) lists them", key);
	else
		(void)snprintf(error->text, sizeof(error->text),
		    "unknown key '%.100s': did you mean '%.*s'?", key,
		    section > 0 ? (int)section : (int)strlen(nearest->key),
		    nearest->key);
	return E_NOTFOUND;
}

/* --- life --- */

/* Where a default names a place of the installation. */
static const char *
resolve(const char *fallback)
{
	static const struct {
		const char *name, *path;
	} places[] = {
	    {"@statedir@/ca", SIGHTGLASS_STATEDIR "/ca"},
	    {"@statedir@/bypass.ndjson", SIGHTGLASS_STATEDIR "/bypass.ndjson"},
	    {"@confdir@/splice.list", SIGHTGLASS_CONFDIR "/splice.list"},
	    {"@logdir@", SIGHTGLASS_LOGDIR},
	    {"@rundir@", SIGHTGLASS_RUNDIR},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (strcmp(fallback, places[i].name) == 0)
			return places[i].path;
	}
	return fallback;
}

struct conf *
conf_new(void)
{
	struct conf *c = calloc(1, sizeof(*c));
	struct conf_error error;

	for (size_t i = 0; c != NULL && i < conf_row_count; i++) {
		const struct conf_row *row = &conf_rows[i];
		if (value_set(row, c, resolve(row->fallback), &error) != 0) {
			conf_free(c);
			c = NULL;
		}
	}
	return c;
}

void
conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < conf_row_count; i++)
		value_free(&conf_rows[i], c);
	free(c);
}

int
conf_set(struct conf *c, const char *key, const char *value,
    struct conf_error *error)
{
	const struct conf_row *row = conf_find(key);

	if (row == NULL)
		row = conf_find_mode(key);
	return row == NULL ? conf_unknown(key, error)
	                   : value_set(row, c, value, error);
}

bool
conf_keep(struct conf *c, const char *key, struct conf *old)
{
	const struct conf_row *row = conf_find(key);

	if (row == NULL || value_equal(row, c, old))
		return false;
	value_swap(row, c, old);
	return true;
}

/* --- a state directory --- */

static int
set_path(struct conf *c, const char *key, const char *directory,
    const char *name)
{
	size_t size = strlen(directory) + strlen(name) + 2;
	char *path = malloc(size);
	struct conf_error error;

	if (path == NULL)
		return E_NOMEM;
	(void)snprintf(path, size, "%s/%s", directory, name);
	int outcome = conf_set(c, key, path, &error);
	free(path);
	return outcome;
}

/* The daemon leaves the directory it was started in: no path may be relative to
 * it. */
static char *
absolute(const char *directory)
{
	if (directory[0] == '/')
		return strdup(directory);
	char *here = getcwd(NULL, 0);
	if (here == NULL)
		return NULL;
	size_t size = strlen(here) + strlen(directory) + 2;
	char *path = malloc(size);
	if (path != NULL)
		(void)snprintf(path, size, "%s/%s", here, directory);
	free(here);
	return path;
}

int
conf_set_directory(struct conf *c, const char *directory)
{
	char *path = absolute(directory);
	int error = path == NULL ? E_SYS : 0;

	if (error == 0)
		error = set_path(c, "paths.ca", path, "ca");
	if (error == 0)
		error = set_path(c, "paths.bypass", path, "bypass.ndjson");
	if (error == 0)
		error = set_path(c, "paths.log", path, "log");
	if (error == 0)
		error = set_path(c, "paths.run", path, "run");
	free(path);
	return error;
}
