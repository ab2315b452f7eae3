/* SPDX-License-Identifier: ISC */
/*
 * What a process of ours tells the person who runs it: one line a message, to
 * standard error. A message names the thing, the value and the remedy. Not for
 * records: those go to the log.
 *
 * Every process calls diag_open once, before any other thread exists.
 */
#ifndef SIGHTGLASS_BASE_DIAG_H
#define SIGHTGLASS_BASE_DIAG_H

#include "base/attr.h"

enum diag_level { DIAG_ERROR, DIAG_WARNING, DIAG_INFO, DIAG_DEBUG };

/* Sets the name before each message ("sightglassd: worker 1"), copied, and the
 * least important level that is still printed. */
void diag_open(const char *name, enum diag_level least) NONNULL(1);

void diag_error(const char *format, ...) NONNULL(1) PRINTF_LIKE(1, 2);
void diag_warning(const char *format, ...) NONNULL(1) PRINTF_LIKE(1, 2);
void diag_info(const char *format, ...) NONNULL(1) PRINTF_LIKE(1, 2);
void diag_debug(const char *format, ...) NONNULL(1) PRINTF_LIKE(1, 2);

/* Says the error and exits with status 1. Only at start-up, or when a process
 * of our own sends nonsense; never for bad input from outside. */
void diag_fatal(const char *format, ...) NORETURN NONNULL(1) PRINTF_LIKE(1, 2);

#endif
