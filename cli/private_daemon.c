/* SPDX-License-Identifier: ISC */
/*
 * The daemon of one `exec`: started for it, with its sockets in a place of its
 * own and its log in the state directory that all runs share. CLI. It is not in
 * the terminal's process group, so that an interrupt ends the command first and
 * the daemon drains behind it.
 */
#include "cli/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <yyjson.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/self.h"
#include "cli/control.h"

#define START_TIMEOUT_MS 20000
#define LOOK_MS 50
#define PATIENCE_MS 1000
#define STOP_LOOK_MS 20
#define ANSWER_BYTES_MAX (64u * 1024)
#define OPTION_BYTES (PATH_MAX + 32)
#define ERROR_FILE "daemon.err"

/* --- which program --- */

static bool
beside(char out[PATH_MAX], const char *own, const char *relative)
{
	const char *slash = strrchr(own, '/');
	int length = slash == NULL ? -1
	    : snprintf(out, PATH_MAX, "%.*s/%s", (int)(slash - own), own, relative);

	return length > 0 && length < PATH_MAX && access(out, X_OK) == 0;
}

/* Ours is the one that came with this program: in the build tree beside it, or
 * where it was installed. */
static void
find_daemon(char out[PATH_MAX])
{
	const char *named = getenv("SIGHTGLASSD");
	char own[PATH_MAX];

	if (named == NULL && self_path(own, sizeof(own)) == 0 &&
	    (beside(out, own, "sightglassd") ||
	        beside(out, own, "../sbin/sightglassd")))
		return;
	(void)snprintf(out, PATH_MAX, "%s",
	    named != NULL ? named : SIGHTGLASS_SBINDIR "/sightglassd");
}

/* --- the child --- */

static void
redirect(const struct exec_places *places)
{
	char path[PATH_MAX + 16];

	(void)snprintf(path, sizeof(path), "%s/" ERROR_FILE, places->run);
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (in < 0 || out < 0 || dup2(in, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
		_exit(126);
}

static void NORETURN
become_daemon(const struct exec_places *places, const char *trust, bool verbose,
    pid_t parent)
{
	char program[PATH_MAX], run[OPTION_BYTES], roots[OPTION_BYTES];
	char notify[PATH_MAX + 16];
	/* Root's own daemon stays root. */
	const char *user = geteuid() == 0 ? "user=root" : "user=";

	find_daemon(program);
	(void)snprintf(run, sizeof(run), "paths.run=%s", places->run);
	(void)snprintf(roots, sizeof(roots), "upstream.trust=%s", trust);
	(void)snprintf(notify, sizeof(notify), "%s/notify", places->run);
	(void)setpgid(0, 0);
	exec_die_with_parent(parent, SIGTERM);
	redirect(places);
	(void)setenv("NOTIFY_SOCKET", notify, 1);
	/* Whoever runs a program to see what it sends wants to see all of it; where
	 * not, the directory's own sightglass.yaml says so and wins over each -D. */
	(void)execl(program, "sightglassd", "-d", places->state, "-o", run, "-D",
	    roots, "-D", "workers=1", "-D", "capture.redact_headers=", "-D",
	    "capture.redact_fields=", "-D", "capture.redact_userinfo=false", "-D", user,
	    verbose ? "-v" : NULL, (char *)NULL);
	(void)fprintf(stderr, "%s: %s: set SIGHTGLASSD to where sightglassd is\n",
	    program, strerror(errno));
	_exit(127);
}

/* --- waiting until it serves --- */

static int
open_notify(const struct exec_places *places)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path, sizeof(address.sun_path),
	    "%s/notify", places->run);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (fd >= 0 && length < (int)sizeof(address.sun_path) &&
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static bool
has_ended(struct private_daemon *d)
{
	if (waitpid(d->pid, NULL, WNOHANG) != d->pid)
		return false;
	d->pid = 0;
	return true;
}

static bool
is_ready(int notify_fd)
{
	char text[256] = "";
	struct pollfd poller = {.fd = notify_fd, .events = POLLIN};

	return poll(&poller, 1, LOOK_MS) > 0 &&
	    recv(notify_fd, text, sizeof(text) - 1, 0) > 0 &&
	    strstr(text, "READY=1") != NULL;
}

static int
wait_ready(struct private_daemon *d, int notify_fd)
{
	for (int waited_ms = 0; waited_ms < START_TIMEOUT_MS; waited_ms += LOOK_MS) {
		if (is_ready(notify_fd))
			return 0;
		if (has_ended(d))
			return E_CLOSED;
	}
	return E_TIMEOUT;
}

/* The answer to a request on its control.sock; NULL as request: to a hello. NULL
 * after words. */
static yyjson_doc *
ask(const struct exec_places *places, const char *request,
    char error[EXEC_ERROR_BYTES])
{
	char words[256];
	struct buf answer;

	buf_init(&answer, ANSWER_BYTES_MAX);
	int outcome = request == NULL
	    ? control_hello(places->run, EXEC_FORWARDER, &answer, words)
	    : control_ask(places->run, request, &answer, words);
	yyjson_doc *doc = outcome != 0 ? NULL
	    : yyjson_read((const char *)buf_data(&answer), buf_length(&answer), 0);
	buf_free(&answer);
	if (doc == NULL)
		(void)snprintf(error, EXEC_ERROR_BYTES, "%s", outcome != 0 ? words
		    : "the daemon's answer cannot be read");
	return doc;
}

static int
learn_run(struct private_daemon *d, const struct exec_places *places,
    char error[EXEC_ERROR_BYTES])
{
	yyjson_doc *doc = ask(places, NULL, error);

	if (doc == NULL)
		return E_SYS;
	const char *run =
	    yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "run"));
	bool known = run != NULL;
	if (known)
		(void)snprintf(d->run_id, sizeof(d->run_id), "%s", run);
	else
		(void)snprintf(error, EXEC_ERROR_BYTES,
		    "the daemon does not say who it is");
	yyjson_doc_free(doc);
	return known ? 0 : E_SYS;
}

/* What its forwarder is to hand over. */
static int
learn_udp_ports(struct private_daemon *d, const struct exec_places *places,
    char error[EXEC_ERROR_BYTES])
{
	yyjson_doc *doc = ask(places, "policy", error);
	yyjson_arr_iter each;
	yyjson_val *port;

	if (doc == NULL)
		return E_SYS;
	(void)yyjson_arr_iter_init(
	    yyjson_obj_get(yyjson_doc_get_root(doc), "udp_ports"), &each);
	while ((port = yyjson_arr_iter_next(&each)) != NULL) {
		if (udp_ports_add(&d->udp_ports, yyjson_get_uint(port)) != 0)
			break; /* the daemon would not have said so */
	}
	yyjson_doc_free(doc);
	return 0;
}

/* --- what it said --- */

void
private_daemon_tell(const struct exec_places *places)
{
	char path[PATH_MAX + 16], line[1024];

	(void)snprintf(path, sizeof(path), "%s/" ERROR_FILE, places->run);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL)
		(void)fputs(line, stderr);
	(void)fclose(file);
}

/* --- life --- */

int
private_daemon_start(struct private_daemon *d, const struct exec_places *places,
    const char *trust, bool verbose, char error[EXEC_ERROR_BYTES])
{
	pid_t parent = getpid();
	int notify_fd = open_notify(places);

	*d = (struct private_daemon){0};
	d->pid = notify_fd < 0 ? -1 : fork();
	if (d->pid == 0)
		become_daemon(places, trust, verbose, parent);
	if (d->pid < 0) {
		d->pid = 0;
		(void)snprintf(error, EXEC_ERROR_BYTES, "cannot start the daemon: "
		    "%s", strerror(errno));
		if (notify_fd >= 0)
			(void)close(notify_fd);
		return E_SYS;
	}
	int outcome = wait_ready(d, notify_fd);
	(void)close(notify_fd);
	if (outcome == 0) {
		outcome = learn_run(d, places, error);
		return outcome != 0 ? outcome : learn_udp_ports(d, places, error);
	}
	private_daemon_tell(places);
	(void)snprintf(error, EXEC_ERROR_BYTES, "the daemon %s",
	    outcome == E_CLOSED ? "could not start" : "does not get ready");
	private_daemon_stop(d, NULL);
	return E_SYS;
}

/* Quick ends are noticed at once: SIGCHLD interrupts poll. */
static bool
ends_soon(struct private_daemon *d)
{
	for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += STOP_LOOK_MS) {
		if (has_ended(d))
			return true;
		(void)poll(NULL, 0, STOP_LOOK_MS);
	}
	return has_ended(d);
}

void
private_daemon_stop(struct private_daemon *d, const char *words)
{
	if (d->pid <= 0)
		return;
	(void)kill(d->pid, SIGTERM);
	if (ends_soon(d))
		return;
	if (words != NULL)
		diag_info("%s", words);
	while (waitpid(d->pid, NULL, 0) < 0 && errno == EINTR)
		;
	d->pid = 0;
}
