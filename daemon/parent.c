/* SPDX-License-Identifier: ISC */
/*
 * Supervision. A role that dies is started again, at first after 10 ms, then
 * after twice as long each time up to 10 s; one that dies before the daemon ever
 * served ends the daemon. SIGHUP reads the settings again; SIGTERM stops the
 * workers, then the logger (which seals the segment), then the signer.
 *
 * Runs as root when started so; it parses configuration, which is the
 * administrator's, and nothing else.
 */
#include "daemon/parent.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/self.h"
#include "daemon/bypass.h"
#include "daemon/children.h"
#include "daemon/lists.h"
#include "daemon/notify.h"
#include "daemon/os.h"
#include "daemon/places.h"
#include "daemon/role.h"
#include "daemon/roots.h"
#include "daemon/sources.h"

#define FIRST_BACKOFF_MS 10
#define LAST_BACKOFF_MS 10000
#define PROVEN_MS 10000 /* one that lived this long starts again at once */
#define STOP_GRACE_MS 3000
#define SEAL_GRACE_MS 30000

/* Calls visit for every child. */
static void
each(struct parent *p, void (*visit)(struct child *))
{
	visit(&p->signer);
	visit(&p->logger);
	for (size_t i = 0; i < p->worker_count; i++)
		visit(&p->workers[i]);
}

void
parent_note(struct parent *p, const char *action, const char *role,
    const char *message)
{
	struct msg_note n = {0};

	(void)snprintf(n.action, sizeof(n.action), "%s", action);
	(void)snprintf(n.role, sizeof(n.role), "%s", role);
	(void)snprintf(n.message, sizeof(n.message), "%s", message);
	if (p->logger.ready && !p->logger.told_to_drain &&
	    channel_send(&p->logger.channel, MSG_NOTE, &n, sizeof(n), -1) != 0)
		diag_warning("the logger does not listen");
}

/* --- starting --- */

static void start(struct child *child);
static void restart_later(struct child *child);
static void stop_further(struct parent *p);
static void hurry_logger(struct parent *p);
static void reload(struct parent *p, struct conf_error *error);

static void
publish_pid(const struct child *child)
{
	struct board *b = child->parent->board;
	uint64_t pid = (uint64_t)child->pid;

	switch (child->kind) {
	case CHILD_SIGNER:
		counter_set(&b->signer_pid, pid);
		break;
	case CHILD_LOGGER:
		counter_set(&b->logger_pid, pid);
		break;
	case CHILD_WORKER:
		counter_set(&b->workers[child->index].pid, pid);
		break;
	}
}

static void
count_restart(const struct child *child)
{
	struct board *b = child->parent->board;

	switch (child->kind) {
	case CHILD_SIGNER:
		counter_add(&b->signer_restarts, 1);
		break;
	case CHILD_LOGGER:
		counter_add(&b->logger_restarts, 1);
		break;
	case CHILD_WORKER:
		counter_add(&b->workers[child->index].restarts, 1);
		break;
	}
}

/* Nobody should forget that it is on. */
static void
tell_of_keylog(struct parent *p, const char *before)
{
	const char *path = p->conf->keylog;

	if (strcmp(path, before) == 0)
		return;
	if (path[0] == '\0') {
		diag_info("keylog: off");
		parent_note(p, "keylog_off", "parent", before);
		return;
	}
	diag_warning("keylog: the secrets of all opened connections go to '%s': "
	    "whoever reads it can open what was captured", path);
	parent_note(p, "keylog_on", "parent", path);
}

static bool
all_ready(const struct parent *p)
{
	bool ready = p->signer.ready && p->logger.ready;

	for (size_t i = 0; i < p->worker_count; i++)
		ready = ready && p->workers[i].ready;
	return ready;
}

static void
send_drain(struct child *child)
{
	if (child->pid == 0 || child->told_to_drain)
		return;
	child->told_to_drain = true;
	if (channel_send(&child->channel, MSG_DRAIN, NULL, 0, -1) != 0)
		(void)kill(child->pid, SIGKILL);
}

static void
on_ready(struct child *child)
{
	struct parent *p = child->parent;
	char words[128];

	child->ready = true;
	if (p->stopping) {
		/* A logger that had died meanwhile: to finish, if it is its turn. */
		if (child->kind == CHILD_LOGGER)
			hurry_logger(p);
		stop_further(p);
		return;
	}
	if (p->serving || !all_ready(p))
		return;
	p->serving = true;
	(void)snprintf(words, sizeof(words), "sightglassd %s serves with %zu worker%s",
	    SIGHTGLASS_VERSION, p->worker_count, p->worker_count == 1 ? "" : "s");
	parent_note(p, "started", "parent", words);
	tell_of_keylog(p, "");
	notify("READY=1");
	diag_info("serving: %s/flow.sock, log in %s", p->conf->run_dir,
	    p->conf->log_dir);
}

static void
answer_reload(struct child *child)
{
	struct conf_error error = {""};
	uint8_t answer[1 + sizeof(error.text)];

	reload(child->parent, &error);
	answer[0] = error.text[0] == '\0';
	size_t length = strlen(error.text);
	memcpy(answer + 1, error.text, length);
	if (channel_send(&child->channel, MSG_RELOADED, answer, 1 + length, -1) != 0)
		diag_warning("%s does not listen", child_name(child));
}

static void
on_message(void *context, struct channel *c UNUSED, struct msg *m)
{
	struct child *child = context;

	if (m->type == MSG_READY)
		on_ready(child);
	else if (m->type == MSG_RELOAD)
		answer_reload(child);
	else if (m->type == MSG_AGAIN)
		send_drain(child); /* its end starts it again */
	else if (m->type == MSG_LEARN)
		bypasses_learn(child->parent->bypasses, m);
	else if (m->type == MSG_BYPASS_ASK)
		bypasses_answer(child->parent->bypasses, child, m);
	else if (m->type == MSG_SOURCE_ASK)
		sources_answer(child->parent->sources, child, m);
	else if (m->fd >= 0)
		(void)close(m->fd);
}

/* Sent nonsense, or is about to be found dead: the wait tells which. */
static void
on_closed(void *context, struct channel *c UNUSED)
{
	struct child *child = context;

	if (child->pid != 0 && !child->told_to_drain)
		(void)kill(child->pid, SIGKILL);
}

static void
on_restart(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct child *child = context;

	if (!child->parent->stopping || child->kind == CHILD_LOGGER)
		start(child);
}

static void
start(struct child *child)
{
	child->started_ms = clock_tick_ms();
	int error = child_start(child, on_message, on_closed);

	publish_pid(child);
	if (error == 0)
		return;
	diag_error("%s did not start: %s", child_name(child), err_text(error));
	if (child->pid != 0)
		(void)kill(child->pid, SIGKILL); /* its end starts it again */
	else
		restart_later(child);
}

/* --- stopping --- */

static void
finish(struct parent *p)
{
	event_base_loopbreak(p->base);
}

static void
kill_child(struct child *child)
{
	if (child->pid != 0)
		(void)kill(child->pid, SIGKILL);
}

static size_t
workers_running(const struct parent *p)
{
	size_t running = 0;

	for (size_t i = 0; i < p->worker_count; i++)
		running += p->workers[i].pid != 0;
	return running;
}

static void
set_stop_timer(struct parent *p, uint64_t ms)
{
	struct timeval in = clock_timeval(ms);

	(void)event_add(p->stop_timer, &in);
}

/* With a log that cannot be written, workers could not end for want of room. */
static void
hurry_logger(struct parent *p)
{
	if (p->logger.pid != 0 &&
	    channel_send(&p->logger.channel, MSG_HURRY, NULL, 0, -1) != 0)
		diag_warning("the logger does not listen");
}

/* The next step of the shutdown, whenever something has ended. */
static void
stop_further(struct parent *p)
{
	if (workers_running(p) > 0)
		return;
	if (p->logger.pid != 0) {
		if (p->logger.ready && !p->logger.told_to_drain) {
			set_stop_timer(p, SEAL_GRACE_MS);
			send_drain(&p->logger);
		}
		return;
	}
	if (event_pending(p->logger.restart, EV_TIMEOUT, NULL))
		return;
	if (p->signer.pid != 0)
		send_drain(&p->signer);
	else
		finish(p);
}

static void
stop(struct parent *p)
{
	if (p->stopping)
		return;
	p->stopping = true;
	notify("STOPPING=1");
	parent_note(p, "stopping", "parent", "told to stop");
	places_remove(p->conf, "flow.sock");
	places_remove(p->conf, "control.sock");
	set_stop_timer(p, p->conf->drain_timeout_ms + STOP_GRACE_MS);
	hurry_logger(p);
	for (size_t i = 0; i < p->worker_count; i++)
		send_drain(&p->workers[i]);
	stop_further(p);
}

static void
on_stop_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct parent *p = context;

	if (workers_running(p) > 0) {
		diag_warning("a worker does not finish: ending it");
		for (size_t i = 0; i < p->worker_count; i++)
			kill_child(&p->workers[i]);
		set_stop_timer(p, SEAL_GRACE_MS);
		return;
	}
	diag_error("the logger does not finish: what it has not written is lost");
	p->status = 1;
	each(p, kill_child);
	finish(p);
}

/* --- children that ended --- */

static void
describe(int status, char words[128])
{
	if (WIFSIGNALED(status))
		(void)snprintf(words, 128, "was ended by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		(void)snprintf(words, 128, "ended with status %d",
		    WEXITSTATUS(status));
}

static void
restart_later(struct child *child)
{
	uint64_t lived_ms = clock_tick_ms() - child->started_ms;

	if (child->backoff_ms == 0 || lived_ms >= PROVEN_MS)
		child->backoff_ms = FIRST_BACKOFF_MS;
	struct timeval in = clock_timeval(child->backoff_ms);
	(void)event_add(child->restart, &in);
	child->backoff_ms *= 2;
	if (child->backoff_ms > LAST_BACKOFF_MS)
		child->backoff_ms = LAST_BACKOFF_MS;
	count_restart(child);
}

static void
on_death(struct child *child, int status)
{
	struct parent *p = child->parent;
	bool unfinished = WIFEXITED(status) &&
	    WEXITSTATUS(status) == ROLE_EXIT_UNFINISHED;
	bool orderly = child->told_to_drain && WIFEXITED(status) &&
	    (WEXITSTATUS(status) == 0 || unfinished);
	char words[128];

	child->pid = 0;
	child->ready = false;
	publish_pid(child);
	if (child->channel.fd >= 0)
		channel_close(&child->channel);
	describe(status, words);
	if (!p->serving && !p->stopping) {
		diag_error("%s %s before the daemon served: giving up",
		    child_name(child), words);
		p->status = 1;
		p->stopping = true;
		each(p, kill_child);
		finish(p);
		return;
	}
	if (orderly && unfinished) {
		diag_error("%s could not finish", child_name(child));
		p->status = 1;
	}
	if (!orderly) {
		diag_error("%s %s", child_name(child), words);
		parent_note(p, "role_died", child_name(child), words);
	}
	/* A logger that dies while it finishes has records left in the rings. */
	if (!p->stopping || (child->kind == CHILD_LOGGER && !orderly))
		restart_later(child);
	if (p->stopping)
		stop_further(p);
}

static struct child *
child_by_pid(struct parent *p, pid_t pid)
{
	if (p->signer.pid == pid)
		return &p->signer;
	if (p->logger.pid == pid)
		return &p->logger;
	for (size_t i = 0; i < p->worker_count; i++)
		if (p->workers[i].pid == pid)
			return &p->workers[i];
	return NULL;
}

static void
on_sigchld(evutil_socket_t signal_number UNUSED, short what UNUSED, void *context)
{
	struct parent *p = context;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct child *child = child_by_pid(p, pid);
		if (child != NULL)
			on_death(child, status);
		else if (!roots_ended(p->roots, pid, status))
			diag_debug("process %ld, none of ours, ended", (long)pid);
	}
}

/* --- settings --- */

static void
send_conf(struct child *child)
{
	if (child->pid == 0)
		return; /* it gets them when it starts */
	if ((child->kind == CHILD_WORKER && child_send_lists(child) != 0) ||
	    child_send_conf(child) != 0)
		diag_warning("%s did not take the settings", child_name(child));
	if (child->kind == CHILD_WORKER) {
		child_send_trust(child);
		child_send_keylog(child);
	}
}

static void
on_new_roots(void *context)
{
	struct parent *p = context;

	for (size_t i = 0; i < p->worker_count; i++)
		if (p->workers[i].pid != 0)
			child_send_roots(&p->workers[i]);
	parent_note(p, "roots_changed", "parent", p->conf->upstream_trust);
	diag_info("upstream.trust: the roots of '%s' have changed, and are used as they "
	    "are now", p->conf->upstream_trust);
}

/* error->text is empty when it went well; else the old settings stay. */
static void
reload(struct parent *p, struct conf_error *error)
{
	struct lists lists = {0};

	if (p->stopping) {
		(void)snprintf(error->text, sizeof(error->text),
		    "the daemon is stopping");
		diag_warning("not reloaded: %s", error->text);
		return;
	}

	struct conf *conf = settings_load(p->settings, error);
	if (conf != NULL && (settings_check(conf, error) != 0 ||
	        lists_read(conf, &lists, error) != 0)) {
		lists_free(&lists);
		conf_free(conf);
		conf = NULL;
	}
	if (conf == NULL) {
		diag_error("not reloaded: %s", error->text);
		return;
	}
	error->text[0] = '\0';
	settings_keep(conf, p->conf);
	struct conf *old = p->conf;
	p->conf = conf;
	lists_free(&p->lists);
	p->lists = lists;
	bypasses_configure(p->bypasses);
	roots_configure(p->roots, p->conf);
	each(p, send_conf);
	if (p->logger.ready &&
	    channel_send(&p->logger.channel, MSG_ROTATE, NULL, 0, -1) != 0)
		diag_warning("the logger does not listen");
	parent_note(p, "reloaded", "parent", "settings were read again");
	tell_of_keylog(p, old->keylog);
	conf_free(old);
	diag_info("reloaded");
}

static void
on_sighup(evutil_socket_t signal_number UNUSED, short what UNUSED, void *context)
{
	struct conf_error error;

	reload(context, &error);
}

static void
on_sigterm(evutil_socket_t signal_number UNUSED, short what UNUSED, void *context)
{
	stop(context);
}

/* --- the whole --- */

static void
make_run_id(char out[12])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t random[8];

	if (getentropy(random, sizeof(random)) != 0)
		diag_fatal("no random numbers: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(random); i++)
		out[i] = digits[random[i] % 32];
	out[sizeof(random)] = '\0';
}

static void
catch_signal(struct parent *p, size_t slot, int number, event_callback_fn handler)
{
	p->signals[slot] = evsignal_new(p->base, number, handler, p);
	if (p->signals[slot] == NULL || event_add(p->signals[slot], NULL) != 0)
		diag_fatal("cannot catch signal %d", number);
}

static void
init_child(struct parent *p, struct child *child, enum child_kind kind,
    uint32_t index)
{
	*child = (struct child){.kind = kind, .index = index, .parent = p};
	child->channel.fd = -1;
	child->restart = evtimer_new(p->base, on_restart, child);
	if (child->restart == NULL)
		diag_fatal("out of memory");
}

static void
open_places(struct parent *p)
{
	char words[256];

	if (places_make(p->conf, words) != 0)
		diag_fatal("%s", words);
	p->flow_socket = places_listen(p->conf, "flow.sock", words);
	if (p->flow_socket < 0)
		diag_fatal("%s", words);
	p->control_socket = places_listen(p->conf, "control.sock", words);
	if (p->control_socket < 0)
		diag_fatal("%s", words);
}

static void
prepare(struct parent *p)
{
	if (self_path(p->self, sizeof(p->self)) != 0)
		diag_fatal("cannot find my own path: %s", strerror(errno));
	if (gethostname(p->hostname, sizeof(p->hostname) - 1) != 0)
		(void)snprintf(p->hostname, sizeof(p->hostname), "localhost");
	make_run_id(p->run_id);
	p->base = event_base_new();
	if (p->base == NULL)
		diag_fatal("cannot make an event loop");
	p->worker_count = p->conf->workers != 0 ? p->conf->workers : os_processors();
	if (p->worker_count > WORKERS_MAX)
		p->worker_count = WORKERS_MAX;
	(void)signal(SIGPIPE, SIG_IGN);
	catch_signal(p, 0, SIGCHLD, on_sigchld);
	catch_signal(p, 1, SIGHUP, on_sighup);
	catch_signal(p, 2, SIGTERM, on_sigterm);
	catch_signal(p, 3, SIGINT, on_sigterm);
	p->stop_timer = evtimer_new(p->base, on_stop_timeout, p);
	if (p->stop_timer == NULL)
		diag_fatal("out of memory");
	open_places(p);
	children_prepare(p);
	p->bypasses = bypasses_new(p);
	const struct roots_options roots = {.program = p->self,
	    .changed = on_new_roots, .context = p};
	p->roots = roots_new(p->base, p->conf, &roots);
	if (p->roots == NULL)
		diag_fatal("out of memory");
	p->sources = sources_new(p);
}

static void
release(struct child *child)
{
	if (child->channel.fd >= 0)
		channel_close(&child->channel);
	event_free(child->restart);
}

int
parent_run(const struct settings *settings, struct conf *conf,
    const struct lists *lists)
{
	static struct parent p;

	p.settings = settings;
	p.conf = conf;
	p.lists = *lists;
	prepare(&p);
	init_child(&p, &p.signer, CHILD_SIGNER, 0);
	init_child(&p, &p.logger, CHILD_LOGGER, 0);
	for (uint32_t i = 0; i < p.worker_count; i++)
		init_child(&p, &p.workers[i], CHILD_WORKER, i);
	while (!p.stopping && !roots_are_known(p.roots))
		(void)event_base_loop(p.base, EVLOOP_ONCE);
	if (!p.stopping) {
		each(&p, start);
		(void)event_base_dispatch(p.base);
	}
	places_remove(p.conf, "flow.sock");
	places_remove(p.conf, "control.sock");
	each(&p, release);
	bypasses_free(p.bypasses);
	roots_free(p.roots);
	sources_free(p.sources);
	lists_free(&p.lists);
	for (size_t i = 0; i < ARRAY_LENGTH(p.signals); i++)
		event_free(p.signals[i]);
	event_free(p.stop_timer);
	event_base_free(p.base);
	conf_free(p.conf);
	return p.status;
}
