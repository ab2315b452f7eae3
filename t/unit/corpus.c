/* SPDX-License-Identifier: ISC */
/*
 * Walks a corpus directory of the source tree. Unit suites only. A corpus that
 * is not there is an abort, not a test that passes.
 */
#include "t/unit/corpus.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
must(void *pointer, const char *what)
{
	if (pointer == NULL) {
		perror(what);
		abort();
	}
	return pointer;
}

char *
corpus_path(const char *name)
{
	const char *top = getenv("srcdir");

	if (top == NULL)
		top = ".";
	size_t size = strlen(top) + strlen(name) + 2;
	char *path = must(malloc(size), name);
	(void)snprintf(path, size, "%s/%s", top, name);
	return path;
}

char *
corpus_read(const char *name, size_t *length)
{
	char *path = corpus_path(name);
	FILE *file = must(fopen(path, "rb"), path);
	size_t capacity = 4096;
	char *bytes = must(malloc(capacity), path);

	*length = 0;
	for (;;) {
		*length += fread(bytes + *length, 1, capacity - 1 - *length, file);
		if (*length < capacity - 1)
			break;
		capacity *= 2;
		bytes = must(realloc(bytes, capacity), path);
	}
	bytes[*length] = '\0';
	(void)fclose(file);
	free(path);
	return bytes;
}

void
corpus_write(const char *name, const uint8_t *bytes, size_t length)
{
	char *path = corpus_path(name);
	FILE *file = must(fopen(path, "wb"), path);

	if (fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
		perror(path);
		abort();
	}
	free(path);
}

static void
run_file(const char *directory, const char *file)
{
	size_t size = strlen(directory) + strlen(file) + 2;
	char *name = must(malloc(size), file);
	size_t length;

	(void)snprintf(name, size, "%s/%s", directory, file);
	char *bytes = corpus_read(name, &length);
	(void)LLVMFuzzerTestOneInput((const uint8_t *)bytes, length);
	free(bytes);
	free(name);
}

size_t
corpus_run(const char *module)
{
	char directory[256];
	size_t count = 0;

	(void)snprintf(directory, sizeof(directory), "t/corpus/%s", module);
	char *path = corpus_path(directory);
	DIR *dir = must(opendir(path), path);
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
		if (e->d_name[0] == '.')
			continue;
		run_file(directory, e->d_name);
		count++;
	}
	(void)closedir(dir);
	free(path);
	return count;
}
