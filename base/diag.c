/* SPDX-License-Identifier: ISC */
/*
 * Messages to the person who runs us: one write(2) a line, so that lines of
 * several processes do not mix. Control characters of hostile input are made
 * visible: a message cannot drive the terminal. Any process.
 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	char name[64];
	enum diag_level least;
} diag = {"sightglass", DIAG_INFO};

void
diag_open(const char *name, enum diag_level least)
{
	(void)snprintf(diag.name, sizeof(diag.name), "%s", name);
	diag.least = least;
}

static void
say(enum diag_level level, const char *format, va_list arguments)
{
	static const char *const words[] = {"error: ", "warning: ", "", ""};
	char text[2048];
	char line[2200];

	if (level > diag.least)
		return;
	(void)vsnprintf(text, sizeof(text), format, arguments);
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	int length = snprintf(line, sizeof(line), "%s: %s%s\n", diag.name,
	    words[level], text);
	if (write(STDERR_FILENO, line, (size_t)length) < 0) {
		/* Nobody left to tell. */
	}
}

#define SAY(level)                                                            \
	do {                                                                  \
		va_list arguments;                                            \
		va_start(arguments, format);                                  \
		say(level, format, arguments);                                \
		va_end(arguments);                                            \
	} while (0)

void
diag_error(const char *format, ...)
{
	SAY(DIAG_ERROR);
}

void
diag_warning(const char *format, ...)
{
	SAY(DIAG_WARNING);
}

void
diag_info(const char *format, ...)
{
	SAY(DIAG_INFO);
}

void
diag_debug(const char *format, ...)
{
	SAY(DIAG_DEBUG);
}

void
diag_fatal(const char *format, ...)
{
	SAY(DIAG_ERROR);
	exit(1);
}
