/* SPDX-License-Identifier: ISC */
/* Which settings a subcommand works with. CLI; reads files, writes none. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "cli/command.h"
#include "cli/shell.h"

#define SYSTEM_FILE SIGHTGLASS_CONFDIR "/sightglass.yaml"

char *
cli_state_directory(void)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	char path[PATH_MAX];

	if (state != NULL && state[0] == '/')
		(void)snprintf(path, sizeof(path), "%s/sightglass", state);
	else if (home != NULL && home[0] == '/')
		(void)snprintf(path, sizeof(path), "%s/.local/state/sightglass",
		    home);
	else
		return NULL;
	return strdup(path);
}

/* With a file, or at least begun. */
bool
cli_has_system(void)
{
	return access(SYSTEM_FILE, F_OK) == 0 ||
	    access(SIGHTGLASS_STATEDIR "/ca", F_OK) == 0;
}

static int
load(struct conf *conf, const char *file)
{
	struct conf_error error;

	if (conf_load(conf, file, &error) == 0)
		return 0;
	diag_error("%s", error.text);
	return E_SYNTAX;
}

/* A directory's own sightglass.yaml counts, as for the daemon's -d. */
static int
use_directory(struct conf *conf, const char *directory, bool with_file)
{
	char file[PATH_MAX];
	int error = 0;

	(void)snprintf(file, sizeof(file), "%s/sightglass.yaml", directory);
	if (with_file && access(file, F_OK) == 0)
		error = load(conf, file);
	return error != 0 ? error : conf_set_directory(conf, directory);
}

/* Root looks after the machine; anybody else after what their exec left. */
static bool
means_system(const struct cli *cli)
{
	return cli->machine || (geteuid() == 0 && cli_has_system());
}

static int
use_system(struct conf *conf)
{
	return access(SYSTEM_FILE, F_OK) == 0 ? load(conf, SYSTEM_FILE) : 0;
}

static int
choose_unnamed(const struct cli *cli, struct conf *conf)
{
	char *own = means_system(cli) ? NULL : cli_state_directory();
	int error = own == NULL ? use_system(conf)
	                        : use_directory(conf, own, true);

	free(own);
	return error;
}

static int
choose(const struct cli *cli, struct conf *conf)
{
	int error = cli->file == NULL ? 0 : load(conf, cli->file);

	if (error != 0)
		return error;
	if (cli->directory != NULL)
		return use_directory(conf, cli->directory, cli->file == NULL);
	return cli->file != NULL ? 0 : choose_unnamed(cli, conf);
}

static int
put_place(struct buf *out, const char *option, const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+";

	if (path == NULL)
		return 0;
	int error = buf_puts(out, option);
	if (error != 0 || path[strspn(path, plain)] == '\0')
		return error != 0 ? error : buf_puts(out, path);
	return shell_word(out, path, strlen(path));
}

void
cli_place(const struct cli *cli, bool other, char out[CLI_PLACE_BYTES])
{
	bool named = cli->directory != NULL || cli->file != NULL;
	char *own = other && !named && !means_system(cli) ? cli_state_directory()
	                                                   : NULL;
	struct buf words;

	buf_init(&words, CLI_PLACE_BYTES - 1);
	int error = put_place(&words, " -c ", cli->file);
	if (error == 0)
		error = put_place(&words, " -d ", own != NULL ? own : cli->directory);
	(void)snprintf(out, CLI_PLACE_BYTES, "%.*s",
	    error == 0 ? (int)buf_length(&words) : 0,
	    error == 0 && buf_length(&words) > 0 ? (const char *)buf_data(&words) : "");
	buf_free(&words);
	free(own);
}

const char *
cli_no_daemon(const struct cli *cli)
{
	if (cli->directory != NULL || cli->file != NULL)
		return "";
	if (means_system(cli))
		return ": start sightglassd, or name an exec's directory with -d";
	if (cli_has_system())
		return ": the machine's is for root to ask; an exec's runs as long as "
		    "that does";
	return ": an exec's runs as long as that does; -d or -c names another";
}

const char *
cli_remedy(const struct cli *cli)
{
	if (cli->directory != NULL || cli->file != NULL)
		return "its daemon has written nothing yet";
	if (means_system(cli))
		return "the machine's daemon writes there, sightglass status asks "
		    "it; what an exec of root's saw is behind -d DIR";
	if (cli_has_system())
		return "sightglass exec makes one; the log of the machine's daemon "
		    "is behind -c " SYSTEM_FILE;
	return "sightglass exec makes one";
}

struct conf *
cli_conf(const struct cli *cli)
{
	struct conf *conf = conf_new();

	if (conf == NULL) {
		diag_error("%s", err_text(E_NOMEM));
		return NULL;
	}
	if (choose(cli, conf) != 0) {
		conf_free(conf);
		return NULL;
	}
	return conf;
}
