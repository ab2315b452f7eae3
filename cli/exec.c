/* SPDX-License-Identifier: ISC */
/*
 * `sightglass exec`: a command, its traffic seen. The CLI stays the parent of
 * everything: the private daemon, the forwarder, the child that prints, and the
 * command itself, in whose terminal and process group it leaves it. It waits,
 * passes signals on, and puts all away behind the command.
 */
#include "cli/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "cli/command.h"
#include "cli/control.h"
#include "cli/proxy_clients.h"

#define NOT_EXECUTABLE 126 /* as the shell has it */
#define NOT_FOUND 127
#define BY_SIGNAL 128
#define ANSWER_BYTES_MAX (64u * 1024)

enum exec_option { EXEC_PROXY = 0x200 };

static const struct option_row rows[] = {
    {'q', "quiet", NULL, "no lines", ARGUMENT_TEXT, NULL},
    {'v', NULL, NULL, "what the daemon says, too", ARGUMENT_TEXT, NULL},
    {EXEC_PROXY, "proxy", NULL, "tell the command of a proxy (http_proxy and the\n"
        "like) instead of giving it a network of its own", ARGUMENT_TEXT, NULL},
    OPTIONS_END};

struct settings {
	bool quiet, verbose, proxy;
	char **command;
};

struct run {
	struct exec_places places;
	struct private_daemon daemon;
	struct exec_children children;
	pid_t live;
	bool ran; /* the command did, so there is something to be seen */
};

/* --- signals --- */

/* What comes is written here by the handler and read in wait_for_command. */
struct word {
	int number;
	bool from_process; /* by kill(2), not by the terminal */
};
static int words[2] = {-1, -1};

static void
on_signal(int number, siginfo_t *info, void *context UNUSED)
{
	const struct word w = {number, info->si_pid > 0};
	int saved = errno;

	if (write(words[1], &w, sizeof(w)) < 0) {
		/* Full of signals: one more changes nothing. */
	}
	errno = saved;
}

static const int passed_on[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1,
    SIGUSR2};

/* A signal that is ignored from outside (nohup) stays so. */
static void
catch_signal(int number)
{
	struct sigaction action = {.sa_sigaction = on_signal,
	    .sa_flags = SA_SIGINFO | SA_RESTART};
	struct sigaction before;

	if (number == SIGCHLD || (sigaction(number, NULL, &before) == 0 &&
	        before.sa_handler != SIG_IGN))
		(void)sigaction(number, &action, NULL);
}

static int
catch_signals(void)
{
	if (pipe(words) != 0)
		return E_SYS;
	for (int i = 0; i < 2; i++) {
		if (fcntl(words[i], F_SETFD, FD_CLOEXEC) != 0)
			return E_SYS;
	}
	if (fcntl(words[1], F_SETFL, O_NONBLOCK) != 0)
		return E_SYS;
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		catch_signal(passed_on[i]);
	catch_signal(SIGCHLD);
	return 0;
}

/* --- waiting --- */

static int
exit_status(int status)
{
	return WIFSIGNALED(status) ? BY_SIGNAL + WTERMSIG(status)
	                           : WEXITSTATUS(status);
}

static void
note_end(struct run *r, pid_t pid)
{
	if (pid == r->daemon.pid) {
		diag_error("the daemon ended while the command runs:");
		private_daemon_tell(&r->places);
		r->daemon.pid = 0;
	} else if (pid == r->children.forwarder) {
		diag_error("the forwarder ended while the command runs: it has no "
		    "network any more");
		r->children.forwarder = 0;
	} else if (pid == r->live) {
		r->live = 0;
	}
}

/* True: the command has ended, with *status. */
static bool
reap(struct run *r, int *status)
{
	int raw;
	pid_t pid;

	while ((pid = waitpid(-1, &raw, WNOHANG)) > 0) {
		if (pid == r->children.command) {
			*status = exit_status(raw);
			return true;
		}
		note_end(r, pid);
	}
	return false;
}

/* The terminal tells its whole process group, so the command knows already. */
static int
wait_for_command(struct run *r)
{
	struct word w = {SIGCHLD, true};
	int status = NOT_EXECUTABLE;

	for (;;) {
		if (w.number == SIGCHLD) {
			if (reap(r, &status))
				return status;
		} else if (w.from_process) {
			(void)kill(r->children.command, w.number);
		}
		ssize_t n;
		do {
			n = read(words[0], &w, sizeof(w));
		} while (n < 0 && errno == EINTR);
		if (n != (ssize_t)sizeof(w))
			return status;
	}
}

/* --- the command --- */

static int
status_of(int error)
{
	return error == E_NOTFOUND ? NOT_FOUND : NOT_EXECUTABLE;
}

static int
start_isolated(struct run *r, char *const *argv)
{
	char flow_socket[PATH_MAX + 16], error[EXEC_ERROR_BYTES];

	(void)snprintf(flow_socket, sizeof(flow_socket), "%s/flow.sock",
	    r->places.run);
	int outcome = exec_isolated(flow_socket, &r->daemon.udp_ports, argv,
	    &r->children, error);
	if (outcome != 0)
		diag_error("%s", error);
	return outcome;
}

/* --- the command, with a proxy --- */

/* Not all_proxy: with SOCKS in it programs that know it by HTTP alone (httpx, aria2) do
 * not start, and with HTTP curl finds no FTP server. */
static void
set_proxy(const char *address)
{
	static const char *const names[] = {"http_proxy", "https_proxy",
	    "HTTP_PROXY", "HTTPS_PROXY"};
	char url[PROXY_ADDRESS_BYTES + 16];

	(void)snprintf(url, sizeof(url), "http://%s", address);
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		(void)setenv(names[i], url, 1);
	(void)setenv("no_proxy", "", 1);
	(void)setenv("NO_PROXY", "", 1);
	(void)setenv("NODE_USE_ENV_PROXY", "1", 1);
}

static void NORETURN
run_proxy(const struct run *r, int listen_fd, pid_t parent)
{
	char flow_socket[PATH_MAX + 16];
	struct proxy_options options = {.listen_fd = listen_fd,
	    .flow_socket_path = flow_socket, .forwarder = EXEC_FORWARDER};

	(void)setpgid(0, 0);
	exec_die_with_parent(parent, SIGTERM);
	(void)snprintf(flow_socket, sizeof(flow_socket), "%s/flow.sock",
	    r->places.run);
	proxy_clients_tell(&options);
	struct proxy *p = proxy_new(&options);
	exec_child_ready();
	if (p == NULL || proxy_run(p) != 0)
		_exit(1);
	proxy_free(p);
	_exit(0);
}

static int
start_proxy(struct run *r)
{
	char error[PROXY_ERROR_BYTES], address[PROXY_ADDRESS_BYTES];
	pid_t parent = getpid();
	int fd;

	if (proxy_listen("127.0.0.1:0", false, &fd, error) != 0) {
		diag_error("%s", error);
		return E_SYS;
	}
	if (proxy_listen_address(fd, address) != 0)
		return E_SYS;
	set_proxy(address);
	r->children.forwarder = exec_fork();
	if (r->children.forwarder == 0)
		run_proxy(r, fd, parent);
	(void)close(fd);
	return r->children.forwarder < 0 ? E_SYS : 0;
}

/* Behind an execvp that failed. */
static int
cannot_execute(const char *program)
{
	int status = errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;

	diag_error("%s: %s", program, strerror(errno));
	return status;
}

/* The shell's own way: what cannot be executed is said by the child. */
static int
start_plain(struct run *r, char *const *argv)
{
	pid_t parent = getpid();

	r->children.command = exec_fork();
	if (r->children.command == 0) {
		exec_die_with_parent(parent, SIGKILL);
		exec_child_ready();
		(void)execvp(argv[0], argv);
		_exit(cannot_execute(argv[0]));
	}
	return r->children.command < 0 ? E_SYS : 0;
}

static int
start_command(struct run *r, const struct settings *s)
{
	if (!s->proxy)
		return start_isolated(r, s->command);
	int error = start_proxy(r);
	return error == 0 ? start_plain(r, s->command) : error;
}

/* --- inside another --- */

#define INSIDE "SIGHTGLASS_EXEC" /* the place of the run around the command */

static void
tell_inside(const struct exec_places *places)
{
	(void)setenv(INSIDE, places->link[0] != '\0' ? places->link : places->run,
	    1);
}

/* Whether the daemon of that run still answers: what the command left running
 * may outlive it. */
static bool
is_alive(const char *run)
{
	char *real = realpath(run, NULL), error[256];
	struct buf answer;

	buf_init(&answer, ANSWER_BYTES_MAX);
	bool alive = real != NULL &&
	    control_ask(real, "ping", &answer, error) == 0;
	buf_free(&answer);
	free(real);
	return alive;
}

/* Whether this is the command of an exec on the same directory, so that all of
 * its traffic is seen there already. */
static bool
is_inside(const char *directory)
{
	const char *run = getenv(INSIDE);
	char *real = run == NULL ? NULL : realpath(directory, NULL);
	size_t length = real == NULL ? 0 : strlen(real);

	bool inside = real != NULL && strncmp(run, real, length) == 0 &&
	    strncmp(run + length, "/run/", strlen("/run/")) == 0 && is_alive(run);
	free(real);
	return inside;
}

static int
run_as_it_is(const char *directory, const struct settings *s)
{
	if (!s->quiet)
		diag_info("this runs inside an exec on %s already: it sees the "
		    "command, too", directory);
	(void)execvp(s->command[0], s->command);
	return cannot_execute(s->command[0]);
}

/* --- all of it --- */

static int
start_daemon(struct run *r, const struct settings *s)
{
	char error[EXEC_ERROR_BYTES], trust[PATH_MAX];

	int outcome = trust_of_caller(&r->places, trust, error);
	if (outcome == 0)
		outcome = private_daemon_start(&r->daemon, &r->places, trust,
		    s->verbose, error);
	if (outcome == 0)
		outcome = trust_set_environment(&r->places, error);
	if (outcome != 0)
		diag_error("%s", error);
	return outcome;
}

static void
stop_forwarder(struct run *r)
{
	if (r->children.forwarder <= 0)
		return;
	(void)kill(r->children.forwarder, SIGTERM);
	while (waitpid(r->children.forwarder, NULL, 0) < 0 && errno == EINTR)
		;
}

/* What root's `sightglass show` shows is the machine's log, not this one. */
static void
tell_place(const struct run *r, const struct settings *s)
{
	if (!s->quiet && geteuid() == 0 && cli_has_system())
		diag_info("to see it again: sightglass show -d %s",
		    r->places.state);
}

/* In this order: nothing new comes, what came is sealed, all of it is shown. */
static void
finish(struct run *r, const struct settings *s)
{
	stop_forwarder(r);
	private_daemon_stop(&r->daemon, s->quiet ? NULL
	    : "the command has ended: waiting until the connections that it left "
	      "end too, drain_timeout at most (5 s, or as sightglass.yaml says)");
	live_stop(r->live);
	if (s->verbose)
		private_daemon_tell(&r->places);
	exec_places_remove(&r->places);
	if (r->ran)
		tell_place(r, s);
}

static int
run(struct run *r, const struct settings *s)
{
	if (catch_signals() != 0 || start_daemon(r, s) != 0)
		return NOT_EXECUTABLE;
	if (!s->quiet)
		r->live = live_start(&r->places, r->daemon.run_id);
	tell_inside(&r->places);
	int error = start_command(r, s);
	if (error != 0)
		return status_of(error);
	r->ran = true;
	return wait_for_command(r);
}

static int
run_in(const char *directory, const struct settings *s)
{
	char error[EXEC_ERROR_BYTES];
	static struct run r;

	if (exec_places_make(&r.places, directory, error) != 0) {
		diag_error("%s", error);
		return NOT_EXECUTABLE;
	}
	int status = run(&r, s);
	finish(&r, s);
	return status;
}

/* --- options --- */

static bool
read_options(struct cli *cli, struct settings *s, int argc, char **argv,
    int *status)
{
	int option;

	options_begin(cli->command);
	while ((option = options_next(argc, argv)) != -1) {
		if (option == 'q')
			s->quiet = true;
		else if (option == 'v')
			s->verbose = true;
		else if (option == EXEC_PROXY)
			s->proxy = true;
		else if (!cli_option(cli, option, status))
			return false;
	}
	s->command = argv + optind;
	if (optind < argc)
		return true;
	*status = cli_usage(cli);
	return false;
}

static int
run_exec(struct cli *cli, int argc, char **argv)
{
	struct settings s = {0};
	int status;

	if (!read_options(cli, &s, argc, argv, &status))
		return status;
	if (cli->file != NULL) {
		diag_error("exec takes its settings from DIR/sightglass.yaml: give "
		    "-d DIR instead of -c");
		return CLI_USAGE;
	}
	char *directory = cli->directory != NULL ? strdup(cli->directory)
	                                         : cli_state_directory();
	if (directory == NULL) {
		diag_error("neither XDG_STATE_HOME nor HOME is set: say with -d DIR "
		    "where CA and log are to be kept");
		return CLI_USAGE;
	}
	status = is_inside(directory) ? run_as_it_is(directory, &s)
	                              : run_in(directory, &s);
	free(directory);
	return status;
}

const struct command command_exec = {.name = "exec",
    .summary = "run a program and see what it sends",
    .synopsis = "sightglass exec [-qv] [--proxy] [-d DIR] [--] COMMAND [ARGUMENT...]",
    .about =
        "Runs a command and shows a line for each request that it makes. What it saw\n"
        "is in the log afterwards: sightglass show. Exits as the command does. CA and\n"
        "log are kept in $XDG_STATE_HOME/sightglass.\n",
    .options = {rows, cli_options},
    .operand = OPERAND_COMMAND, .run = run_exec};
