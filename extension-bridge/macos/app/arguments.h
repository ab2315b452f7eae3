/* SPDX-License-Identifier: ISC */
/*
 * The command line of Sightglass.app: its verbs, options and exit statuses. Pure;
 * host app.
 */
#ifndef SIGHTGLASS_BRIDGE_MACOS_ARGUMENTS_H
#define SIGHTGLASS_BRIDGE_MACOS_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/* X(symbol, "name", "what it does") */
#define APP_VERBS(X)                                                          \
	X(APP_ACTIVATE, "activate",                                           \
	    "install or replace the extension, and set the proxies up")       \
	X(APP_DEACTIVATE, "deactivate",                                       \
	    "remove the configurations, then the extension")                  \
	X(APP_START, "start", "start the proxy")                              \
	X(APP_STOP, "stop", "stop the proxy: flows go to the network directly") \
	X(APP_STATUS, "status", "how extension and proxies are")

enum app_verb {
#define APP_ENUM(symbol, name, text) symbol,
	APP_VERBS(APP_ENUM)
#undef APP_ENUM
	APP_VERB_COUNT
};

/* What a script can tell from it. */
enum app_exit {
	APP_DONE = 0,
	APP_FAILED = 1,
	APP_USAGE = 2,
	APP_RESTART = 3, /* done, once the machine has been restarted */
	APP_WAITING = 4  /* a person has to allow it, and --wait was over */
};

struct app_request {
	enum app_verb verb;
	bool dns;        /* not with --no-dns */
	unsigned wait_s; /* 0: for ever */
	bool help;       /* the usage is wanted, and nothing else */
};

/* Reads the command line. APP_DONE, or APP_USAGE with `error` for a person. */
enum app_exit app_parse(int argc, char *const argv[], struct app_request *out,
    char error[128]) WUNRES NONNULL(2, 3, 4);

/* The usage, of all verbs. Returns its length as snprintf(3) does. */
int app_usage(char *out, size_t capacity) NONNULL(1);

#endif
