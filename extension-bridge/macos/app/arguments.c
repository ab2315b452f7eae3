/* SPDX-License-Identifier: ISC */
/* arguments.h: a verb, then its options. Pure; host app. */
#include "extension-bridge/macos/app/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MAX_S 86400u

static const struct {
	const char *name, *text;
} verbs[] = {
#define VERB_ROW(symbol, name, text) {name, text},
    APP_VERBS(VERB_ROW)
#undef VERB_ROW
};

static bool
find_verb(const char *name, enum app_verb *out)
{
	for (unsigned i = 0; i < APP_VERB_COUNT; i++) {
		if (strcmp(name, verbs[i].name) == 0) {
			*out = (enum app_verb)i;
			return true;
		}
	}
	return false;
}

static bool
parse_wait(const char *text, unsigned *out)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	unsigned long n = strtoul(text, &end, 10);
	*out = (unsigned)n;
	return *end == '\0' && n <= WAIT_MAX_S;
}

/* Takes the option at argv[*i], and its value. */
static bool
take_option(int argc, char *const argv[], int *i, struct app_request *out,
    char error[128])
{
	if (strcmp(argv[*i], "--no-dns") == 0 && out->verb == APP_ACTIVATE) {
		out->dns = false;
		return true;
	}
	if (strcmp(argv[*i], "--wait") != 0 ||
	    (out->verb != APP_ACTIVATE && out->verb != APP_DEACTIVATE)) {
		(void)snprintf(error, 128, "%s has no option '%.40s'",
		    verbs[out->verb].name, argv[*i]);
		return false;
	}
	if (*i + 1 < argc && parse_wait(argv[*i + 1], &out->wait_s)) {
		(*i)++;
		return true;
	}
	(void)snprintf(error, 128, "--wait needs a number of seconds, up to %u",
	    WAIT_MAX_S);
	return false;
}

static bool
is_help(const char *text)
{
	return strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0;
}

enum app_exit
app_parse(int argc, char *const argv[], struct app_request *out, char error[128])
{
	*out = (struct app_request){.dns = true};
	for (int i = 1; i < argc; i++)
		out->help = out->help || is_help(argv[i]);
	if (out->help)
		return APP_DONE;
	if (argc < 2) {
		(void)snprintf(error, 128, "a verb is missing");
		return APP_USAGE;
	}
	if (!find_verb(argv[1], &out->verb)) {
		(void)snprintf(error, 128, "there is no verb '%.40s'", argv[1]);
		return APP_USAGE;
	}
	for (int i = 2; i < argc; i++) {
		if (!take_option(argc, argv, &i, out, error))
			return APP_USAGE;
	}
	return APP_DONE;
}

int
app_usage(char *out, size_t capacity)
{
	int length = snprintf(out, capacity,
	    "usage: Sightglass.app/Contents/MacOS/Sightglass VERB [OPTION...]\n\n");

	for (unsigned i = 0; i < APP_VERB_COUNT; i++) {
		size_t used = (size_t)length < capacity ? (size_t)length : capacity;
		length += snprintf(out + used, capacity - used, "  %-11s %s\n",
		    verbs[i].name, verbs[i].text);
	}
	size_t used = (size_t)length < capacity ? (size_t)length : capacity;
	return length + snprintf(out + used, capacity - used,
	    "\n"
	    "      --no-dns     activate: the extension does not become DNS proxy\n"
	    "      --wait N     activate, deactivate: for N seconds at most, where a\n"
	    "                   person has to allow it (for ever)\n"
	    "  -h, --help       this text\n"
	    "\n"
	    "Exit: 0 done; 1 failed; 2 usage; 3 done once the machine has been\n"
	    "restarted; 4 a person has to allow it in System Settings first.\n");
}
