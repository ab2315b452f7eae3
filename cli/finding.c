/* SPDX-License-Identifier: ISC */
/* The form of a finding's lines. CLI. */
#include "cli/finding.h"

#include <stdarg.h>
#include <stdio.h>

static void
say(const char *level, const char *what, const char *format, va_list arguments)
{
	(void)printf("%-7s %-12s ", level, what);
	(void)vprintf(format, arguments);
	(void)printf("\n");
}

void
finding_ok(const char *what, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("ok", what, format, arguments);
	va_end(arguments);
}

void
finding_warning(struct findings *f, const char *what, const char *format, ...)
{
	va_list arguments;

	f->warnings++;
	va_start(arguments, format);
	say("warning", what, format, arguments);
	va_end(arguments);
}

void
finding_failure(struct findings *f, const char *what, const char *format, ...)
{
	va_list arguments;

	f->failures++;
	va_start(arguments, format);
	say("FAILURE", what, format, arguments);
	va_end(arguments);
}

void
finding_remedy(const char *format, ...)
{
	va_list arguments;

	(void)printf("%21s", "");
	va_start(arguments, format);
	(void)vprintf(format, arguments);
	va_end(arguments);
	(void)printf("\n");
}
