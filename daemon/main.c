/* SPDX-License-Identifier: ISC */
/*
 * sightglassd(8): reads the command line and becomes the parent, or, with -P,
 * one of the roles that the parent starts from this same binary.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/diag.h"
#include "daemon/lists.h"
#include "daemon/parent.h"
#include "daemon/role.h"
#include "daemon/settings.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
    "usage: sightglassd [-nvV] [-c FILE] [-d DIR] [-D KEY=VALUE]... "
    "[-o KEY=VALUE]...\n"
    "\n"
    "  -c FILE       read this configuration (default: " SIGHTGLASS_CONFDIR
    "/sightglass.yaml)\n"
    "  -d DIR        keep CA, log and sockets below DIR\n"
    "  -D KEY=VALUE  a default for one setting: what the file says wins\n"
    "  -n            check the configuration and exit\n"
    "  -o KEY=VALUE  override one setting, as in -o log.flush=50ms\n"
    "  -v            say more on standard error\n"
    "  -V            print the version\n"
    "\n"
    "It stays in the foreground; SIGHUP reloads, SIGTERM drains and stops.\n"
    "See sightglassd(8) and sightglass.yaml(5).\n";

static int
run_role(const char *name)
{
	static const struct {
		const char *name;
		int (*main)(void);
	} roles[] = {
	    {"worker", worker_main},
	    {"signer", signer_main},
	    {"logger", logger_main},
	    {"roots", roots_main},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(roles); i++)
		if (strcmp(roles[i].name, name) == 0)
			return roles[i].main();
	diag_error("-P %s: no such role", name);
	return EXIT_USAGE;
}

static void
add(struct settings_assignments *to, int option, const char *text)
{
	if (to->count == SETTINGS_ASSIGNMENTS_MAX)
		diag_fatal("-%c: at most %d of them", option,
		    SETTINGS_ASSIGNMENTS_MAX);
	to->items[to->count++] = text;
}

static int
serve(const struct settings *settings, bool check_only, bool verbose)
{
	struct conf_error error;
	struct conf *conf = settings_load(settings, &error);
	struct lists lists = {0};

	if (conf == NULL || settings_check(conf, &error) != 0 ||
	    lists_read(conf, &lists, &error) != 0) {
		diag_error("%s", error.text);
		lists_free(&lists);
		conf_free(conf);
		return EXIT_USAGE;
	}
	diag_open("sightglassd",
	    verbose || conf->verbose > 0 ? DIAG_DEBUG : DIAG_INFO);
	if (check_only) {
		(void)printf("the configuration is good\n");
		lists_free(&lists);
		conf_free(conf);
		return 0;
	}
	return parent_run(settings, conf, &lists);
}

/* Started without standard descriptors, we would get their numbers for sockets
 * and files, and messages would be written there. */
static void
open_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			_exit(1); /* nobody could be told why */
}

int
main(int argc, char **argv)
{
	static struct settings settings;
	bool check_only = false, verbose = false;
	int option;

	open_standard();
	diag_open("sightglassd", DIAG_INFO);
	while ((option = getopt(argc, argv, "c:d:D:hno:P:vV")) != -1) {
		switch (option) {
		case 'P':
			return run_role(optarg);
		case 'c':
			settings.file = optarg;
			break;
		case 'd':
			settings.directory = optarg;
			break;
		case 'D':
			add(&settings.presets, option, optarg);
			break;
		case 'n':
			check_only = true;
			break;
		case 'o':
			add(&settings.overrides, option, optarg);
			break;
		case 'v':
			verbose = true;
			break;
		case 'V':
			(void)printf("sightglassd %s\n", SIGHTGLASS_VERSION);
			return 0;
		case 'h':
			(void)fputs(usage, stdout);
			return 0;
		default:
			(void)fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		diag_error("unexpected argument '%s'", argv[optind]);
		(void)fputs(usage, stderr);
		return EXIT_USAGE;
	}
	return serve(&settings, check_only, verbose);
}
