/* SPDX-License-Identifier: ISC */
/*
 * control.sock (extension-bridge/PROTOCOL.md, "Control"): one JSON request a
 * line, one JSON answer a line. Served by the workers, since it parses what
 * comes from outside; what only the parent can do is asked of it by message.
 * Only root, our own user and members of bridge.group are listened to.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <yyjson.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/json.h"
#include "daemon/worker.h"
#include "extension-bridge/flow_header.h"
#include "extension-bridge/udp_ports.h"

#define LINE_BYTES_MAX (64u * 1024)
#define CLIENTS_MAX 64
#define CLIENT_TIMEOUT_S 60

struct client {
	TAILQ_ENTRY(client) all;
	struct control *control;
	int fd;
	struct event *readable;
	struct buf in;
	bool waits_for_reload;
	uint64_t ticket; /* of the question to the parent; 0: none */
	struct board_forwarder *forwarder; /* that said hello here, or NULL */
};

TAILQ_HEAD(clients, client);

struct control {
	struct worker *worker;
	struct event *accepting, *resume;
	struct clients clients;
	size_t client_count;
	uint64_t last_ticket;
};

/* Whose connection it is from now on. */
static void
follow(struct client *c, struct board_forwarder *forwarder)
{
	if (c->forwarder != NULL)
		counter_add(&c->forwarder->connections, (uint64_t)-1);
	c->forwarder = forwarder;
	if (forwarder != NULL)
		counter_add(&forwarder->connections, 1);
}

static void
hang_up(struct client *c)
{
	struct control *control = c->control;

	follow(c, NULL);
	TAILQ_REMOVE(&control->clients, c, all);
	control->client_count--;
	event_free(c->readable);
	buf_free(&c->in);
	(void)close(c->fd);
	free(c);
}

/* --- answers --- */

/* One line out. False: the client is gone. Answers are far smaller than a
 * socket's buffer, so a short send is a client that does not read. */
static bool
say(struct client *c, struct buf *line)
{
	size_t length;
	bool sent = buf_append(line, "\n", 1) == 0;

	length = buf_length(line);
	sent = sent &&
	    send(c->fd, buf_data(line), length, 0) == (ssize_t)length;
	buf_free(line);
	return sent;
}

static bool
say_outcome(struct client *c, bool ok, const char *words, size_t length)
{
	struct buf line;
	struct json j;

	buf_init(&line, LINE_BYTES_MAX);
	json_init(&j, &line);
	json_object_begin(&j, NULL);
	json_bool(&j, "ok", ok);
	if (!ok)
		json_string(&j, "error", words, length);
	json_object_end(&j);
	return json_error(&j) == 0 && say(c, &line);
}

static bool
say_error(struct client *c, const char *words)
{
	return say_outcome(c, false, words, strlen(words));
}

static void
write_identity(const struct worker *w, struct json *j)
{
	json_bool(j, "ok", true);
	json_uint(j, "protocol", FLOW_PROTOCOL_VERSION);
	json_text(j, "version", SIGHTGLASS_VERSION);
	json_text(j, "run", w->role.run_id);
	json_uint(j, "pid", counter_get(&w->role.board->parent_pid));
}

static void
write_rules(struct json *j, const char *key, const struct conf_list *rules)
{
	json_array_begin(j, key);
	for (size_t i = 0; i < rules->count; i++)
		json_text(j, NULL, rules->items[i]);
	json_array_end(j);
}

/* They were read when the settings were. */
static void
write_udp_ports(struct json *j, const struct conf_list *items)
{
	struct udp_ports ports;
	size_t wrong;

	if (udp_ports_read(items->items, items->count, &ports, &wrong) != 0)
		return;
	json_array_begin(j, "udp_ports");
	for (size_t i = 0; i < ports.count; i++)
		json_uint(j, NULL, ports.ports[i]);
	json_array_end(j);
}

static void
write_policy(const struct worker *w, struct json *j)
{
	static const char *const words[] = {"inspect", "splice", "refuse"};
	const struct conf *conf = w->role.conf;

	json_bool(j, "ok", true);
	json_text(j, "default", words[conf->policy_default % ARRAY_LENGTH(words)]);
	write_rules(j, "inspect", &conf->policy_inspect);
	write_rules(j, "splice", &conf->policy_splice);
	write_rules(j, "refuse", &conf->policy_refuse);
	write_udp_ports(j, &conf->forward_udp_ports);
}

static void
write_worker(struct json *j, struct board_worker *b)
{
	json_object_begin(j, NULL);
	json_uint(j, "pid", counter_get(&b->pid));
	json_uint(j, "restarts", counter_get(&b->restarts));
	json_uint(j, "flows", counter_get(&b->flows));
	json_uint(j, "flows_total", counter_get(&b->flows_total));
	json_uint(j, "records", counter_get(&b->ring.records));
	json_uint(j, "ring_used", counter_get(&b->ring.used));
	json_uint(j, "waits", counter_get(&b->ring.waits));
	json_uint(j, "no_descriptor", counter_get(&b->no_descriptor));
	json_uint(j, "processes_asked", counter_get(&b->processes_asked));
	json_uint(j, "processes_unknown", counter_get(&b->processes_unknown));
	json_uint(j, "unwelcome", counter_get(&b->unwelcome));
	json_object_end(j);
}

static void
write_flows(struct json *j, const char *key, uint64_t count, uint64_t last_us)
{
	json_object_begin(j, key);
	json_uint(j, "count", count);
	if (last_us != 0)
		json_time(j, "last", last_us);
	json_object_end(j);
}

static void
write_forwarder(struct json *j, const struct forwarder_account *a)
{
	json_object_begin(j, NULL);
	if (a->name[0] != '\0')
		json_text(j, "name", a->name);
	if (a->hello_us != 0) {
		json_time(j, "hello", a->hello_us);
		json_text(j, "build", a->build);
		json_uint(j, "protocol", a->protocol);
		json_uint(j, "connections", a->connections);
		json_time(j, "heard", a->heard_us);
	}
	write_flows(j, "streams", a->streams.count, a->streams.last_us);
	write_flows(j, "datagrams", a->datagrams.count, a->datagrams.last_us);
	json_uint(j, "bad_headers", a->bad_headers);
	json_object_end(j);
}

static void
write_forwarders(struct json *j, struct board *b)
{
	struct forwarder_account accounts[FORWARDER_ACCOUNTS_MAX];
	size_t count = forwarders_collect(b, accounts);

	json_array_begin(j, "forwarders");
	for (size_t i = 0; i < count; i++)
		write_forwarder(j, &accounts[i]);
	json_array_end(j);
}

static void
write_status(const struct worker *w, struct json *j)
{
	struct board *b = w->role.board;

	write_identity(w, j);
	json_time(j, "started", counter_get(&b->started_us));
	json_array_begin(j, "workers");
	for (uint64_t i = 0; i < counter_get(&b->worker_count) && i < WORKERS_MAX; i++)
		write_worker(j, &b->workers[i]);
	json_array_end(j);
	write_forwarders(j, b);
	json_object_begin(j, "logger");
	json_uint(j, "pid", counter_get(&b->logger_pid));
	json_uint(j, "restarts", counter_get(&b->logger_restarts));
	if (counter_get(&b->logger_uid) != 0)
		json_uint(j, "uid", counter_get(&b->logger_uid) - 1);
	json_uint(j, "records", counter_get(&b->log_records));
	json_uint(j, "text_bytes", counter_get(&b->log_text_bytes));
	json_uint(j, "file_bytes", counter_get(&b->log_file_bytes));
	json_uint(j, "segments_sealed", counter_get(&b->log_segments_sealed));
	json_uint(j, "segments_removed",
	    counter_get(&b->log_segments_removed));
	json_uint(j, "write_errors", counter_get(&b->log_write_errors));
	json_uint(j, "repaired", counter_get(&b->log_repaired));
	json_uint(j, "lost_records", counter_get(&b->log_lost));
	json_object_end(j);
	json_object_begin(j, "sources");
	json_uint(j, "found", counter_get(&b->sources_found));
	json_uint(j, "none", counter_get(&b->sources_none));
	json_uint(j, "unsure", counter_get(&b->sources_unsure));
	json_uint(j, "skipped", counter_get(&b->sources_skipped));
	json_object_end(j);
	json_object_begin(j, "signer");
	json_uint(j, "pid", counter_get(&b->signer_pid));
	json_uint(j, "restarts", counter_get(&b->signer_restarts));
	json_uint(j, "leaves", counter_get(&b->leaves));
	json_uint(j, "leaves_again", counter_get(&b->leaves_again));
	json_uint(j, "leaves_refused", counter_get(&b->leaves_refused));
	json_uint(j, "leaves_delayed", counter_get(&b->leaves_delayed));
	json_object_end(j);
}

static void
write_ok(const struct worker *w UNUSED, struct json *j)
{
	json_bool(j, "ok", true);
}

static const struct question {
	const char *name;
	void (*answer)(const struct worker *w, struct json *j);
} questions[] = {
    {"hello", write_identity},
    {"ping", write_ok},
    {"policy", write_policy},
    {"status", write_status},
};

static bool
answer(struct client *c, const struct question *q)
{
	struct buf line;
	struct json j;

	buf_init(&line, LINE_BYTES_MAX);
	json_init(&j, &line);
	json_object_begin(&j, NULL);
	q->answer(c->control->worker, &j);
	json_object_end(&j);
	if (json_error(&j) != 0) {
		buf_free(&line);
		return say_error(c, "the answer is too long");
	}
	return say(c, &line);
}

static bool
ask_reload(struct client *c)
{
	c->waits_for_reload = true;
	if (channel_send(&c->control->worker->role.parent, MSG_RELOAD, NULL, 0, -1) == 0)
		return true;
	return say_error(c, "the parent process cannot be reached");
}

void
control_reloaded(struct control *control, const struct msg *m)
{
	struct client *c, *next;

	for (c = TAILQ_FIRST(&control->clients); c != NULL; c = next) {
		next = TAILQ_NEXT(c, all);
		if (!c->waits_for_reload)
			continue;
		c->waits_for_reload = false;
		if (!say_outcome(c, m->payload[0] != 0, (const char *)m->payload + 1,
		        m->length - 1))
			hang_up(c);
	}
}

/* --- bypasses: the parent's --- */

static const char *
text_of(yyjson_val *request, const char *key, const char *fallback)
{
	const char *text = yyjson_get_str(yyjson_obj_get(request, key));

	return text == NULL ? fallback : text;
}

static bool
find_verb(const char *name, uint32_t *verb)
{
	static const char *const names[BYPASS_VERB_COUNT] = {
	    [BYPASS_LIST] = "list", [BYPASS_ADD] = "add",
	    [BYPASS_REMOVE] = "remove", [BYPASS_CLEAR] = "clear"};

	for (*verb = 0; *verb < BYPASS_VERB_COUNT; (*verb)++)
		if (strcmp(names[*verb], name) == 0)
			return true;
	return false;
}

static bool
ask_bypass(struct client *c, yyjson_val *request)
{
	struct control *control = c->control;
	struct msg_bypass_ask ask = {
	    .ticket = control->last_ticket + 1,
	    .after = (uint32_t)yyjson_get_uint(yyjson_obj_get(request, "after")),
	    .ttl_ms = yyjson_get_uint(yyjson_obj_get(request, "ttl_ms"))};
	struct bypass_key key;

	if (!find_verb(text_of(request, "verb", ""), &ask.verb))
		return say_error(c, "\"verb\" is list, add, remove or clear");
	bool with_key = ask.verb == BYPASS_ADD || ask.verb == BYPASS_REMOVE;
	if (with_key && bypass_key_set(&key,
	        text_of(request, "application", BYPASS_EVERY),
	        text_of(request, "name", "")) != 0)
		return say_error(c, "\"name\" is missing, or a text is too long");
	if (bypasses_ask(control->worker, &ask, with_key ? &key : NULL) != 0)
		return say_error(c, "the parent process cannot be reached");
	c->ticket = control->last_ticket = ask.ticket;
	return true;
}

void
control_answered(struct control *control, const struct msg *m)
{
	struct client *c;
	struct buf line;
	uint64_t ticket;

	memcpy(&ticket, m->payload, sizeof(ticket));
	TAILQ_FOREACH (c, &control->clients, all)
		/* cppcheck-suppress nullPointerRedundantCheck ; it misreads the macro */
		if (c->ticket == ticket)
			break;
	if (c == NULL)
		return; /* it did not wait */
	c->ticket = 0;
	buf_init(&line, 2 * LINE_BYTES_MAX);
	if (buf_append(&line, m->payload + sizeof(ticket),
	        m->length - sizeof(ticket)) != 0 || !say(c, &line)) {
		buf_free(&line);
		hang_up(c);
	}
}

/* --- forwarders --- */

/* The CLI asks for who we are, too. */
static bool
is_forwarder(const char *role)
{
	return role != NULL && role[0] != '\0' && strcmp(role, "cli") != 0;
}

static void
note_hello(struct client *c, yyjson_val *request)
{
	struct worker *w = c->control->worker;
	const char *role = text_of(request, "role", NULL);

	if (!is_forwarder(role))
		return;
	follow(c, forwarders_find(&w->forwarders, role));
	forwarder_hello(c->forwarder,
	    yyjson_get_uint(yyjson_obj_get(request, "protocol")),
	    text_of(request, "build", NULL), w->host.now_us);
}

/* Whatever a forwarder asks says that it is there. */
static void
note(struct client *c, const char *name, yyjson_val *request)
{
	if (strcmp(name, "hello") == 0)
		note_hello(c, request);
	else if (c->forwarder != NULL)
		counter_set(&c->forwarder->heard_us, c->control->worker->host.now_us);
}

/* --- requests --- */

/* Answers one line. False: hang up. */
static bool
handle(struct client *c, const uint8_t *line, size_t length)
{
	yyjson_doc *doc = yyjson_read((const char *)line, length, 0);
	const char *name =
	    yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "request"));
	bool go_on = true;

	if (name != NULL)
		note(c, name, yyjson_doc_get_root(doc));
	if (name == NULL) {
		go_on = say_error(c, "expected {\"request\":\"…\"} on one line");
	} else if (strcmp(name, "reload") == 0) {
		go_on = ask_reload(c);
	} else if (strcmp(name, "bypass") == 0) {
		go_on = ask_bypass(c, yyjson_doc_get_root(doc));
	} else {
		const struct question *q = questions;
		const struct question *end = questions + ARRAY_LENGTH(questions);

		while (q < end && strcmp(q->name, name) != 0)
			q++;
		go_on = q < end ? answer(c, q)
		                : say_error(c, "unknown request: hello, ping, policy, "
		                               "status, reload and bypass are "
		                               "known");
	}
	yyjson_doc_free(doc);
	return go_on;
}

static bool
handle_lines(struct client *c)
{
	for (;;) {
		const uint8_t *start = buf_data(&c->in);
		size_t have = buf_length(&c->in);
		const uint8_t *end = have == 0 ? NULL : memchr(start, '\n', have);

		if (end == NULL)
			return have < LINE_BYTES_MAX ||
			    (say_error(c, "a request is at most 64 KiB"), false);
		if (!handle(c, start, (size_t)(end - start)))
			return false;
		buf_consume(&c->in, (size_t)(end - start) + 1);
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *context)
{
	struct client *c = context;
	uint8_t *room;

	if ((what & EV_TIMEOUT) != 0 || buf_reserve(&c->in, 4096, &room) != 0) {
		hang_up(c);
		return;
	}
	ssize_t n = recv(fd, room, 4096, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	worker_tick(c->control->worker);
	if (n > 0)
		buf_commit(&c->in, (size_t)n);
	if (n <= 0 || !handle_lines(c))
		hang_up(c);
}

/* --- connections --- */

static void
add_client(struct control *control, int fd)
{
	const struct timeval patience = {.tv_sec = CLIENT_TIMEOUT_S};
	const int room = 2 * LINE_BYTES_MAX;
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		free(c);
		(void)close(fd);
		return;
	}
	/* For the longest answer: some systems give a UNIX socket 8 KiB. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	c->control = control;
	c->fd = fd;
	buf_init(&c->in, 2 * LINE_BYTES_MAX);
	c->readable = event_new(control->worker->role.base, fd,
	    EV_READ | EV_PERSIST, on_readable, c);
	if (c->readable == NULL || event_add(c->readable, &patience) != 0)
		diag_fatal("out of memory");
	TAILQ_INSERT_TAIL(&control->clients, c, all);
	control->client_count++;
}

/* Without a descriptor the listener would stay readable: look again a little
 * later instead of at once. */
static void
pause_accepting(struct control *control)
{
	const struct timeval soon = {.tv_usec = 100 * 1000};

	if (errno != EMFILE && errno != ENFILE)
		return;
	(void)event_del(control->accepting);
	(void)event_add(control->resume, &soon);
}

static void
on_resume(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct control *control = context;

	(void)event_add(control->accepting, NULL);
}

static void
on_accept(evutil_socket_t listener, short what UNUSED, void *context)
{
	struct control *control = context;
	int fd = accept(listener, NULL, NULL);

	if (fd < 0) {
		pause_accepting(control);
		return;
	}
	if (control->client_count >= CLIENTS_MAX ||
	    !worker_welcomes(control->worker, fd)) {
		(void)close(fd);
		return;
	}
	add_client(control, fd);
}

struct control *
control_new(struct worker *w, int listener)
{
	struct control *control = calloc(1, sizeof(*control));

	if (control == NULL)
		return NULL;
	control->worker = w;
	TAILQ_INIT(&control->clients);
	control->accepting = event_new(w->role.base, listener,
	    EV_READ | EV_PERSIST, on_accept, control);
	control->resume = evtimer_new(w->role.base, on_resume, control);
	if (control->accepting == NULL || control->resume == NULL ||
	    event_add(control->accepting, NULL) != 0) {
		control_free(control);
		return NULL;
	}
	return control;
}

void
control_free(struct control *control)
{
	if (control == NULL)
		return;
	while (!TAILQ_EMPTY(&control->clients))
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): TAILQ_REMOVE misread */
		hang_up(TAILQ_FIRST(&control->clients));
	if (control->accepting != NULL)
		event_free(control->accepting);
	if (control->resume != NULL)
		event_free(control->resume);
	free(control);
}
