/* SPDX-License-Identifier: ISC */
/*
 * `sightglass segments`: the files of a log, as files: listed, verified to the last
 * byte, repaired after a crash, printed. CLI; only `repair` writes, and only files
 * that no daemon holds.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/json.h"
#include "cli/command.h"
#include "log/reader.h"
#include "log/segment.h"
#include "log/store.h"

static const struct option_row rows[] = {
    {'o', "output", "FORMAT",
        "of ls: text or json, a line a file",
        ARGUMENT_WORDS, "text json"},
    OPTIONS_END};

/* A file, and what is found out about it. */
struct file {
	char path[PATH_MAX];
	bool open;
	uint64_t bytes;
	uint64_t text_bytes, records, frames; /* as a sealed one says itself */
	char first[SEGMENT_TIME_BYTES], last[SEGMENT_TIME_BYTES];
	bool indexed;
	bool index_damaged;
};

struct run {
	bool json;
	bool damaged, failed;
};

/* --- what a file says of itself --- */

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static void
sum_up(struct file *f, const struct segment_index *index)
{
	for (size_t i = 0; i < index->count; i++) {
		const struct segment_frame *frame = &index->frames[i];
		f->text_bytes += frame->text_bytes;
		f->records += frame->lines;
		f->frames += frame->text_bytes > 0;
		if (frame->first[0] != '\0' &&
		    (f->first[0] == '\0' || strcmp(frame->first, f->first) < 0))
			memcpy(f->first, frame->first, sizeof(f->first));
		if (strcmp(frame->last, f->last) > 0)
			memcpy(f->last, frame->last, sizeof(f->last));
	}
	f->indexed = f->records > 0 || index->count > 0;
}

static bool
is_segment(const char *path)
{
	unsigned long number;
	bool open;

	return segment_parse_name(base_name(path), &number, &open);
}

static int
look_at(struct file *f)
{
	struct stat st;
	struct source *s = source_new(f->path, strlen(f->path));
	size_t length = strlen(f->path);
	int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	int error = s == NULL ? E_NOMEM : fd < 0 || fstat(fd, &st) != 0 ? E_SYS : 0;

	f->open = length > 5 && strcmp(f->path + length - 5, ".part") == 0;
	if (error == 0) {
		f->bytes = (uint64_t)st.st_size;
		error = source_begin(s, fd);
		fd = -1;
	}
	if (error == 0 && !f->open) {
		s->is_segment = is_segment(f->path);
		error = source_index(s);
		f->index_damaged = s->table_damaged;
		if (error == 0)
			sum_up(f, &s->frames);
	}
	if (fd >= 0)
		(void)close(fd);
	source_free(s);
	return error;
}

/* --- ls --- */

static int
list_json(const struct file *f)
{
	struct buf out;
	struct json j;

	buf_init(&out, PATH_MAX * 8);
	json_init(&j, &out);
	json_object_begin(&j, NULL);
	json_text(&j, "path", f->path);
	json_bool(&j, "open", f->open);
	json_uint(&j, "bytes", f->bytes);
	if (f->indexed) {
		json_uint(&j, "text_bytes", f->text_bytes);
		json_uint(&j, "records", f->records);
		json_uint(&j, "frames", f->frames);
	}
	if (f->first[0] != '\0') {
		json_text(&j, "first", f->first);
		json_text(&j, "last", f->last);
	}
	json_object_end(&j);
	int error = json_error(&j);
	if (error == 0)
		(void)printf("%.*s\n", (int)buf_length(&out),
		    (const char *)buf_data(&out));
	buf_free(&out);
	return error;
}

static void
list_text(const struct file *f)
{
	if (f->open || !f->indexed)
		(void)printf("%-52s %-6s %10llu\n", base_name(f->path),
		    f->open ? "open" : "sealed", (unsigned long long)f->bytes);
	else
		(void)printf("%-52s sealed %10llu %11llu %8llu  %s  %s\n",
		    base_name(f->path), (unsigned long long)f->bytes,
		    (unsigned long long)f->text_bytes,
		    (unsigned long long)f->records,
		    f->first[0] == '\0' ? "-" : f->first,
		    f->last[0] == '\0' ? "-" : f->last);
}

static int
list(struct run *run, struct file *f)
{
	int error = look_at(f);

	if (error != 0)
		return error;
	if (run->json)
		return list_json(f);
	list_text(f);
	return 0;
}

/* --- verify and cat --- */

/* Every line of the file, printed or not. */
static int
read_lines(struct run *run, const char *path, bool printed, uint64_t *lines,
    uint64_t *bad)
{
	char words[256];
	struct reader_line line;
	struct reader *r = reader_open(path, false, words);
	int error = 0;

	if (r == NULL)
		return E_SYS;
	*lines = *bad = 0;
	while (error == 0 || error == E_CORRUPT) {
		error = reader_next(r, &line);
		if (error == E_CORRUPT) {
			(*bad)++;
			run->damaged = true;
			diag_warning("%s is damaged", reader_place(r));
		}
		*lines += error == 0;
		if (error == 0 && printed &&
		    (fwrite(line.text, 1, line.length, stdout) != line.length ||
		        putchar('\n') == EOF))
			error = E_FULL;
	}
	reader_close(r);
	return error == E_AGAIN ? 0 : error;
}

static int
verify(struct run *run, struct file *f)
{
	uint64_t lines, bad;
	int error = look_at(f);

	if (error == 0)
		error = read_lines(run, f->path, false, &lines, &bad);
	if (error != 0)
		return error;
	bool differs = bad == 0 && f->records > 0 && f->records != lines;
	bool damaged = bad > 0 || differs || f->index_damaged;
	run->damaged = run->damaged || damaged;
	(void)printf("%-7s %s: %llu records", damaged ? "damaged" : "ok",
	    base_name(f->path), (unsigned long long)lines);
	if (differs)
		(void)printf(", its index says %llu", (unsigned long long)f->records);
	if (f->index_damaged)
		(void)printf(", its index is damaged");
	if (bad > 0)
		(void)printf(", %llu frames do not decode", (unsigned long long)bad);
	(void)printf("%s\n", f->open ? ", still open" : "");
	return 0;
}

static int
cat(struct run *run, struct file *f)
{
	uint64_t lines, bad;

	return read_lines(run, f->path, true, &lines, &bad);
}

/* --- repair --- */

static void
tell_repaired(void *context, const struct store_repaired *what)
{
	struct run *run = context;

	if (what->error != 0) {
		run->failed = true;
		diag_error("%s: %s", what->name, err_text(what->error));
		return;
	}
	(void)printf("%s: sealed with %llu records, %llu bytes cut", what->name,
	    (unsigned long long)what->records, (unsigned long long)what->lost_bytes);
	if (what->bad_frames > 0)
		(void)printf(", %llu damaged frames in it",
		    (unsigned long long)what->bad_frames);
	(void)printf("\n");
}

/* --- which files --- */

struct named {
	char *name;
	unsigned long number;
};

static int
by_number(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* The segments of the directory, in order; freed by the caller. E_SYS, E_NOMEM. */
static int
find_files(const char *directory, struct named **files, size_t *count)
{
	DIR *listing = opendir(directory);
	int error = listing == NULL ? E_SYS : 0;

	*files = NULL;
	*count = 0;
	for (struct dirent *e; error == 0 && (e = readdir(listing)) != NULL;) {
		unsigned long number;
		bool open;
		if (!segment_parse_name(e->d_name, &number, &open))
			continue;
		struct named *grown = realloc(*files,
		    (*count + 1) * sizeof(*grown));
		char *name = grown == NULL ? NULL : strdup(e->d_name);
		*files = grown == NULL ? *files : grown;
		if (name == NULL)
			error = E_NOMEM;
		else
			(*files)[(*count)++] = (struct named){name, number};
	}
	if (listing != NULL)
		(void)closedir(listing);
	if (*count > 0)
		qsort(*files, *count, sizeof(**files), by_number);
	return error;
}

static void
free_files(struct named *files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(files[i].name);
	free(files);
}

/* --- the verbs --- */

static const struct verb {
	const char *name;
	int (*each)(struct run *run, struct file *f); /* NULL: of the directory */
} verbs[] = {{"ls", list}, {"verify", verify}, {"cat", cat}, {"repair", NULL}};

/* One file. What cannot be read is said, and the next one is next. */
static void
do_file(struct run *run, const struct verb *verb, const char *directory,
    const char *name)
{
	struct file f = {.open = false};

	if (verb->each == NULL)
		return;
	(void)snprintf(f.path, sizeof(f.path), "%s%s%s",
	    directory == NULL ? "" : directory, directory == NULL ? "" : "/", name);
	int error = verb->each(run, &f);
	if (error != 0 && !ferror(stdout)) {
		run->failed = true;
		diag_error("cannot read %s: %s", f.path, err_text(error));
	}
}

static int
do_directory(struct run *run, const struct verb *verb, const char *directory)
{
	struct named *files;
	size_t count;
	int error;

	if (verb->each == NULL) {
		error = store_repair(directory, tell_repaired, run);
	} else {
		error = find_files(directory, &files, &count);
		for (size_t i = 0; error == 0 && i < count && !ferror(stdout); i++)
			do_file(run, verb, directory, files[i].name);
		free_files(files, count);
	}
	if (error != 0)
		diag_error("cannot read the log directory %s: %s", directory,
		    err_text(error));
	return error;
}

static const struct verb *
find_verb(const char *name)
{
	for (size_t i = 0; name != NULL && i < ARRAY_LENGTH(verbs); i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	}
	if (name == NULL)
		diag_error("segments needs to be told what: ls, verify, repair or cat");
	else
		diag_error("segments knows ls, verify, repair and cat, not '%s'", name);
	return NULL;
}

static int
run_verb(const struct cli *cli, struct run *run, const struct verb *verb,
    char **files)
{
	int error = 0;

	if (files[0] != NULL) {
		for (; *files != NULL; files++)
			do_file(run, verb, NULL, *files);
	} else {
		struct conf *conf = cli_conf(cli);
		if (conf == NULL)
			return CLI_CANNOT_READ;
		error = do_directory(run, verb, conf->log_dir);
		conf_free(conf);
	}
	if (error != 0 || run->failed)
		return CLI_CANNOT_READ;
	return run->damaged ? CLI_CORRUPT : CLI_OK;
}

static int
segments(struct cli *cli, int argc, char **argv)
{
	struct run run = {.json = false};
	int option, status;

	options_begin(cli->command);
	while ((option = options_next(argc, argv)) != -1) {
		if (option == 'o') {
			run.json = strcmp(optarg, "json") == 0;
			if (run.json || strcmp(optarg, "text") == 0)
				continue;
			diag_error("-o knows text and json, not '%s'", optarg);
			return CLI_USAGE;
		}
		if (!cli_option(cli, option, &status))
			return status;
	}
	const struct verb *verb = find_verb(argv[optind]);
	if (verb == NULL)
		return CLI_USAGE;
	if (verb->each == NULL && argv[optind + 1] != NULL)
		return cli_too_many("segments repair", argv[optind + 1]);
	return run_verb(cli, &run, verb, argv + optind + 1);
}

const struct command command_segments = {.name = "segments",
    .summary = "list, verify, repair and print the files of a log",
    .synopsis = "sightglass segments ls [-o text|json] [OPTION]... [FILE]...\n"
        "       sightglass segments verify | cat [OPTION]... [FILE]...\n"
        "       sightglass segments repair [OPTION]...",
    .about =
        "ls lists the files of a log, the oldest first; verify decodes each to its\n"
        "end and says which are damaged; repair seals those that a crash left, as\n"
        "the daemon does at its start; cat prints their records as they are logged.\n",
    .options = {rows, cli_options},
    .verbs = "ls verify repair cat",
    .operand = OPERAND_FILES, .run = segments};
