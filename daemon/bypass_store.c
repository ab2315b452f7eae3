/* SPDX-License-Identifier: ISC */
/*
 * The file of learned bypasses: one JSON object a line, {"application", "name",
 * "reason", "learned_us", "expires_us", "hits"}. Parent only. It is written
 * beside and renamed, so that it is never there by halves.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <yyjson.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/file.h"
#include "base/path.h"
#include "base/sync.h"
#include "daemon/bypass.h"

/* Every entry at its longest, escaped. */
#define STORE_BYTES_MAX (32u * 1024 * 1024)
#define LINE_BYTES_MAX (16u * 1024)

/* --- reading --- */

static bool
parse_entry(yyjson_val *line, struct bypass_key *key, struct bypass_entry *out)
{
	const char *application =
	    yyjson_get_str(yyjson_obj_get(line, "application"));
	const char *name = yyjson_get_str(yyjson_obj_get(line, "name"));
	const char *reason = yyjson_get_str(yyjson_obj_get(line, "reason"));

	*out = (struct bypass_entry){
	    .key = key,
	    .learned_us = yyjson_get_uint(yyjson_obj_get(line, "learned_us")),
	    .expires_us = yyjson_get_uint(yyjson_obj_get(line, "expires_us")),
	    .hits = yyjson_get_uint(yyjson_obj_get(line, "hits")),
	};
	return application != NULL && name != NULL && reason != NULL &&
	    bypass_key_set(key, application, name) == 0 &&
	    bypass_why_find(reason, &out->why) && out->expires_us > 0;
}

/* False: the line is no entry. One whose time is over is, and is left out. */
static bool
take_line(struct bypass *table, const char *line, size_t length,
    uint64_t now_us)
{
	yyjson_doc *doc = yyjson_read(line, length, 0);
	struct bypass_key key;
	struct bypass_entry entry;
	bool good = parse_entry(yyjson_doc_get_root(doc), &key, &entry);

	yyjson_doc_free(doc);
	if (!good)
		return false;
	return entry.expires_us <= now_us || bypass_put(table, &entry, now_us) == 0;
}

static void
take_lines(struct bypass *table, FILE *file, const char *path, uint64_t now_us)
{
	char line[LINE_BYTES_MAX];

	for (unsigned number = 1; fgets(line, sizeof(line), file) != NULL; number++)
		if (!take_line(table, line, strlen(line), now_us))
			diag_warning("%s:%u: not a bypass: left out", path, number);
}

int
bypass_store_read(struct bypass *table, const char *path, uint64_t now_us)
{
	FILE *file = fopen(path, "re");

	if (file == NULL && errno == ENOENT)
		return 0;
	if (file == NULL) {
		diag_error("paths.bypass: cannot read '%s': %s", path,
		    strerror(errno));
		return E_SYS;
	}
	take_lines(table, file, path, now_us);
	(void)fclose(file);
	return 0;
}

/* --- writing --- */

static int
write_entry(const struct bypass_entry *entry, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	json_object_begin(&j, NULL);
	json_text(&j, "application", entry->key->application);
	json_text(&j, "name", entry->key->name);
	json_text(&j, "reason", bypass_why_name(entry->why));
	json_uint(&j, "learned_us", entry->learned_us);
	json_uint(&j, "expires_us", entry->expires_us);
	json_uint(&j, "hits", entry->hits);
	json_object_end(&j);
	int error = json_error(&j);
	return error != 0 ? error : buf_append(out, "\n", 1);
}

/* Its own name a process: daemons that share a directory do not write into each
 * other's. */
static int
replace(const char *path, const struct buf *text)
{
	char beside[PATH_BYTES];
	int length = snprintf(beside, sizeof(beside), "%s.%ld.new", path,
	    (long)getpid());

	if (length < 0 || (size_t)length >= sizeof(beside)) {
		errno = ENAMETOOLONG;
		return E_SYS;
	}
	(void)unlink(beside);
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (fd < 0)
		return E_SYS;
	int error = file_write(fd, buf_data(text), buf_length(text));
	if (error == 0)
		error = sync_whole(fd);
	int saved = errno;
	(void)close(fd);
	if (error == 0 && rename(beside, path) == 0)
		return 0;
	if (error != 0)
		errno = saved;
	saved = errno;
	(void)unlink(beside);
	errno = saved;
	return E_SYS;
}

int
bypass_store_write(const struct bypass *table, const char *path)
{
	const struct bypass_entry *entry = NULL;
	struct buf text;
	int error = 0;

	buf_init(&text, STORE_BYTES_MAX);
	while (error == 0 && (entry = bypass_next(table, entry)) != NULL)
		error = write_entry(entry, &text);
	if (error == 0)
		error = replace(path, &text);
	if (error != 0)
		diag_error("paths.bypass: cannot write '%s': %s", path, err_text(error));
	buf_free(&text);
	return error;
}
