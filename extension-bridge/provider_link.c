/* SPDX-License-Identifier: ISC */
/*
 * The provider's link: its connection to control.sock (PROTOCOL.md, "Control").
 * Extension (macOS). It says hello, asks for the policy, and then stands: its end
 * is the first to tell that the daemon is gone. While it is quiet the daemon is
 * asked now and then, since it hangs up on who is silent. What it is told is
 * foreign: anything but the awaited answer ends it, and it is tried again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <yyjson.h>

#include "base/err.h"
#include "base/json.h"
#include "base/nosignal.h"
#include "extension-bridge/handoff.h"
#include "extension-bridge/provider_parts.h"

#define DELAY_MIN_MS 50u
#define DELAY_MAX_MS 1000u
#define ANSWER_MS 5000u
#define QUIET_MS 20000u /* PROTOCOL.md: the daemon hangs up after 60 s */
#define LINE_BYTES_MAX (64u * 1024)
#define REQUEST_BYTES_MAX 1024u
#define CHUNK_BYTES 4096u

static void
become(struct provider *p, enum link_event event)
{
	p->link.state = provider_next(MACHINE_LINK, p->link.state, event);
}

static void
give(struct provider *p, uint64_t ms)
{
	p->link.deadline_ms = provider_now(p) + ms;
	provider_wake_by(p, p->link.deadline_ms);
}

void
link_init(struct provider_link *l)
{
	*l = (struct provider_link){.fd = -1, .deadline_ms = PROVIDER_NEVER};
	buf_init(&l->in, LINE_BYTES_MAX + CHUNK_BYTES);
}

static bool
is_up(const struct provider *p)
{
	return p->link.state == LINK_UP || p->link.state == LINK_PINGING;
}

static void
hang_up(struct provider *p)
{
	struct provider_link *l = &p->link;

	if (l->fd >= 0)
		p->host_ops->hang_up(p->host, l->fd);
	l->fd = -1;
	l->watching = 0;
	buf_free(&l->in);
}

/* After the next failure twice as long. */
static void
try_later(struct provider *p)
{
	struct provider_link *l = &p->link;

	give(p, l->delay_ms);
	l->delay_ms = l->delay_ms * 2 > DELAY_MAX_MS ? DELAY_MAX_MS
	                                             : l->delay_ms * 2;
}

static void
lose(struct provider *p, const char *why)
{
	bool was_up = is_up(p);

	become(p, LINK_LOST);
	hang_up(p);
	try_later(p);
	for (size_t i = 0; i < p->options.flows_max; i++) {
		if (p->flows[i] == NULL)
			continue;
		flow_check(p->flows[i]);
		flow_run(p->flows[i]);
	}
	if (was_up)
		provider_tell(p, PROVIDER_NEWS_LOST,
		    "the daemon is gone (%s): flows are %s until it is back", why,
		    p->options.fail_closed ? "closed" : "not claimed");
}

bool
link_stands(struct provider *p)
{
	if (is_up(p) && provider_peer_is_gone(p->link.fd))
		lose(p, "it hung up");
	return is_up(p);
}

/* --- asking --- */

/* A request is far shorter than the socket's buffer. */
static void
send_line(struct provider *p, struct buf *line)
{
	size_t length = buf_length(line);

	if (send(p->link.fd, buf_data(line), length, SEND_NO_SIGNAL) !=
	    (ssize_t)length)
		lose(p, "it does not read");
	else
		give(p, ANSWER_MS);
}

static void
ask(struct provider *p, const char *request)
{
	struct buf line;
	struct json j;

	buf_init(&line, REQUEST_BYTES_MAX);
	json_init(&j, &line);
	json_object_begin(&j, NULL);
	json_text(&j, "request", request);
	if (p->link.state == LINK_HELLO) {
		json_uint(&j, "protocol", FLOW_PROTOCOL_VERSION);
		json_text(&j, "build", p->build);
		json_text(&j, "role", provider_name(p->options.kind));
	}
	json_object_end(&j);
	if (json_error(&j) == 0 && buf_append(&line, "\n", 1) == 0)
		send_line(p, &line);
	else
		lose(p, "out of memory");
	buf_free(&line);
}

int
link_open(struct provider *p, const char *path, int *fd)
{
	int error = handoff_open(path, fd);

	if (error != 0)
		return error;
	if (p->host_ops->is_daemon == NULL || p->host_ops->is_daemon(p->host, *fd))
		return 0;
	p->host_ops->hang_up(p->host, *fd);
	return E_DENIED;
}

static void
find_daemon(struct provider *p)
{
	struct provider_link *l = &p->link;
	int fd;

	if (link_open(p, p->control_path, &fd) != 0) {
		become(p, LINK_ABSENT);
		try_later(p);
		return;
	}
	become(p, LINK_CONNECTED);
	l->fd = fd;
	l->watching = provider_token(p, SLOT_OF_PROVIDER);
	p->host_ops->watch(p->host, fd, PROVIDER_READABLE, l->watching);
	ask(p, "hello");
}

/* --- answers --- */

static const char *
text_of(yyjson_val *answer, const char *key)
{
	const char *text = yyjson_get_str(yyjson_obj_get(answer, key));

	return text == NULL ? "of no version" : text;
}

/* Tried again for ever, since daemons are replaced; said once of each. */
static void
mismatch(struct provider *p, uint64_t protocol)
{
	struct provider_link *l = &p->link;

	become(p, LINK_MISMATCH);
	hang_up(p);
	l->delay_ms = DELAY_MAX_MS;
	try_later(p);
	if (strcmp(l->mismatch, l->version) == 0)
		return;
	memcpy(l->mismatch, l->version, sizeof(l->mismatch));
	provider_tell(p, PROVIDER_NEWS_MISMATCH,
	    "the daemon (%s) speaks protocol %llu, this extension (%s) needs %u: "
	    "install both from one release; until then flows are %s", l->version,
	    (unsigned long long)protocol, p->build, FLOW_PROTOCOL_VERSION,
	    p->options.fail_closed ? "closed" : "not claimed");
}

/* A newer daemon reads what we send; an older one would misread it. */
static void
on_hello(struct provider *p, yyjson_val *answer)
{
	uint64_t protocol = yyjson_get_uint(yyjson_obj_get(answer, "protocol"));
	const char *version = text_of(answer, "version");
	size_t length = strlen(version);

	if (length >= sizeof(p->link.version))
		length = sizeof(p->link.version) - 1;
	memcpy(p->link.version, version, length);
	p->link.version[length] = '\0';
	if (protocol < FLOW_PROTOCOL_VERSION) {
		mismatch(p, protocol);
		return;
	}
	become(p, LINK_ANSWERED);
	ask(p, "policy");
}

static void
on_policy(struct provider *p, const char *line, size_t length)
{
	become(p, LINK_ANSWERED);
	p->link.delay_ms = DELAY_MIN_MS;
	p->link.mismatch[0] = '\0';
	give(p, QUIET_MS);
	provider_tell(p, PROVIDER_NEWS_UP, "the daemon (%s) is there", p->link.version);
	if (p->host_ops->policy != NULL)
		p->host_ops->policy(p->host, line, length);
}

static void
on_pong(struct provider *p)
{
	become(p, LINK_ANSWERED);
	give(p, QUIET_MS);
}

static void
on_answer(struct provider *p, const char *line, size_t length)
{
	yyjson_doc *doc = yyjson_read(line, length, 0);
	yyjson_val *answer = yyjson_doc_get_root(doc);

	if (!yyjson_get_bool(yyjson_obj_get(answer, "ok"))) {
		lose(p, "it answers what cannot be understood");
	} else {
		p->link.answered_ms = provider_now(p);
		if (p->link.state == LINK_HELLO)
			on_hello(p, answer);
		else if (p->link.state == LINK_POLICY &&
		    yyjson_is_str(yyjson_obj_get(answer, "default")))
			on_policy(p, line, length);
		else if (p->link.state == LINK_PINGING)
			on_pong(p);
		else
			lose(p, "it answers what was not asked");
	}
	yyjson_doc_free(doc);
}

/* One line, copied, since whoever hears of it may stop us. False: none is whole. */
static bool
answer_next(struct provider *p)
{
	struct buf *in = &p->link.in;
	const uint8_t *bytes = buf_data(in);
	const uint8_t *end = bytes == NULL
	    ? NULL : memchr(bytes, '\n', buf_length(in));

	if (end == NULL) {
		if (buf_length(in) >= LINE_BYTES_MAX)
			lose(p, "its answer has no end");
		return false;
	}
	size_t length = (size_t)(end - bytes);
	char *line = malloc(length + 1);
	if (line == NULL) {
		lose(p, "out of memory");
		return false;
	}
	memcpy(line, bytes, length);
	line[length] = '\0';
	buf_consume(in, length + 1);
	on_answer(p, line, length);
	free(line);
	return true;
}

static void
receive(struct provider *p)
{
	struct provider_link *l = &p->link;
	uint64_t token = l->watching;
	uint8_t *room;

	while (l->watching == token) {
		if (buf_reserve(&l->in, CHUNK_BYTES, &room) != 0) {
			lose(p, "out of memory");
			return;
		}
		ssize_t n = recv(l->fd, room, CHUNK_BYTES, 0);
		if (n < 0 && provider_would_block(errno))
			return;
		if (n <= 0) {
			lose(p, "it hung up");
			return;
		}
		buf_commit(&l->in, (size_t)n);
		while (l->watching == token && answer_next(p))
			;
	}
}

void
link_ready(struct provider *p, uint64_t token)
{
	if (token == p->link.watching && token != 0)
		receive(p);
}

/* --- time, and life --- */

void
link_begin(struct provider *p)
{
	become(p, LINK_BEGIN);
	p->link.delay_ms = DELAY_MIN_MS;
	find_daemon(p);
}

void
link_end(struct provider *p)
{
	if (p->link.state == LINK_OFF)
		return;
	become(p, LINK_END);
	hang_up(p);
	p->link.deadline_ms = PROVIDER_NEVER;
}

static void
ping(struct provider *p)
{
	become(p, LINK_PING);
	ask(p, "ping");
}

/* After sleep the answer may be here, and its time over. */
static void
give_up(struct provider *p)
{
	uint64_t token = p->link.watching;
	enum link_state state = p->link.state;

	receive(p);
	if (p->link.watching == token && p->link.state == state)
		lose(p, "it does not answer");
}

void
link_tick(struct provider *p)
{
	struct provider_link *l = &p->link;

	if (l->deadline_ms > provider_now(p))
		return;
	l->deadline_ms = PROVIDER_NEVER;
	switch (l->state) {
	case LINK_OFF:
		break;
	case LINK_WAITING:
		find_daemon(p);
		break;
	case LINK_UP:
		ping(p);
		break;
	default:
		give_up(p);
	}
}

void
link_hurry(struct provider *p)
{
	struct provider_link *l = &p->link;

	if (l->state == LINK_WAITING) {
		l->delay_ms = DELAY_MIN_MS;
		find_daemon(p);
	} else if (l->state == LINK_UP) {
		ping(p);
	}
}
