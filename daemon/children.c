/* SPDX-License-Identifier: ISC */
/*
 * fork, exec of ourselves, and the messages by which a role gets its
 * descriptors: it inherits none but its channel and standard error. Parent only.
 */
#include "daemon/children.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/ring.h"
#include "base/shm.h"
#include "daemon/bypass.h"
#include "daemon/os.h"
#include "daemon/places.h"
#include "daemon/role.h"
#include "daemon/roots.h"
#include "log/logger.h"
#include "mitm/dns_names.h"

static const char *const role_names[] = {"signer", "logger", "worker"};
static const unsigned role_bits[] = {FROM_SIGNER, FROM_LOGGER, FROM_WORKER};

const char *
child_name(const struct child *child)
{
	static char name[32];

	if (child->kind != CHILD_WORKER)
		return role_names[child->kind];
	(void)snprintf(name, sizeof(name), "worker %u", child->index + 1);
	return name;
}

static int
pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
		return E_SYS;
	for (int i = 0; i < 2; i++)
		if (fcntl(fds[i], F_SETFD, FD_CLOEXEC) < 0 ||
		    fcntl(fds[i], F_SETFL, O_NONBLOCK) < 0)
			return E_SYS;
	return 0;
}

/* --- shared memory --- */

static void
make_ring(struct parent *p, size_t i)
{
	if (shm_create("sightglass-ring", p->ring_bytes, &p->ring_fds[i]) != 0)
		diag_fatal("cannot make a ring of %llu bytes: %s",
		    (unsigned long long)p->ring_bytes, strerror(errno));
	void *memory = shm_map(p->ring_fds[i], p->ring_bytes);
	if (memory == NULL || ring_format(memory, p->ring_bytes) != 0)
		diag_fatal("cannot prepare a ring of %llu bytes",
		    (unsigned long long)p->ring_bytes);
	shm_unmap(memory, p->ring_bytes);
	if (pair(p->wake_fds[i]) != 0)
		diag_fatal("cannot make a socket pair: %s", strerror(errno));
}

static void
make_names(struct parent *p)
{
	struct msg_names *n = &p->names;

	n->writers = (uint32_t)p->worker_count;
	n->sets = dns_names_sets(p->conf->dns_names, n->writers);
	if (getentropy(&n->seed, sizeof(n->seed)) != 0)
		diag_fatal("no random numbers: %s", strerror(errno));
	if (n->sets != 0 && shm_create("sightglass-names",
	        dns_names_bytes(n->writers, n->sets), &p->names_fd) != 0)
		diag_fatal("cannot make shared memory for names: %s", strerror(errno));
}

void
children_prepare(struct parent *p)
{
	p->ring_bytes = RING_HEADER_BYTES + p->conf->ring_bytes;
	if (shm_create("sightglass-board", sizeof(*p->board), &p->board_fd) != 0 ||
	    shm_create("sightglass-ledger", LOGGER_LEDGER_BYTES, &p->ledger_fd) != 0)
		diag_fatal("cannot make shared memory: %s", strerror(errno));
	p->board = shm_map(p->board_fd, sizeof(*p->board));
	if (p->board == NULL)
		diag_fatal("cannot map shared memory: %s", strerror(errno));
	for (size_t i = 0; i < p->worker_count; i++)
		make_ring(p, i);
	make_ring(p, SIGNER_RING);
	make_names(p);
	counter_set(&p->board->started_us, clock_wall_us());
	counter_set(&p->board->parent_pid, (uint64_t)getpid());
	counter_set(&p->board->worker_count, p->worker_count);
}

/* --- processes --- */

/* In the child: nothing of the parent's but the channel and standard error. */
static void NORETURN
become(const struct child *child, int fd)
{
	char index[16];
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(fd, ROLE_CHANNEL_FD) < 0 ||
	    fcntl(ROLE_CHANNEL_FD, F_SETFD, 0) < 0)
		_exit(1);
	os_close_from(ROLE_CHANNEL_FD + 1);
	(void)snprintf(index, sizeof(index), "%u", child->index + 1);
	execl(child->parent->self, "sightglassd", "-P", role_names[child->kind],
	    child->kind == CHILD_WORKER ? index : (char *)NULL, (char *)NULL);
	_exit(1);
}

static int
spawn(struct child *child)
{
	int fds[2];

	if (pair(fds) != 0)
		return E_SYS;
	pid_t pid = fork();
	if (pid == 0)
		become(child, fds[1]);
	(void)close(fds[1]);
	if (pid < 0) {
		(void)close(fds[0]);
		return E_SYS;
	}
	child->pid = pid;
	child->ready = child->told_to_drain = false;
	return channel_open(&child->channel, child->parent->base, fds[0],
	    role_bits[child->kind]);
}

/* --- what a role needs --- */

int
child_send_conf(struct child *child)
{
	struct buf text;

	buf_init(&text, MSG_BYTES_MAX);
	int error = conf_write(child->parent->conf, &text);
	if (error == 0)
		error = channel_send(&child->channel, MSG_CONF, buf_data(&text),
		    buf_length(&text), -1);
	buf_free(&text);
	return error;
}

static int
send_memory(struct child *child, enum msg_type type, const struct buf *bytes)
{
	const struct msg_memory head = {.bytes = buf_length(bytes)};
	size_t room = head.bytes > 0 ? head.bytes : 1; /* none of 0 bytes */
	int fd;

	if (shm_create("sightglass-lists", room, &fd) != 0)
		return E_SYS;
	void *memory = shm_map(fd, room);
	if (memory != NULL && head.bytes > 0)
		memcpy(memory, buf_data(bytes), head.bytes);
	shm_unmap(memory, room);
	int error = memory == NULL ? E_SYS
	    : channel_send(&child->channel, type, &head, sizeof(head), fd);
	(void)close(fd);
	return error;
}

int
child_send_lists(struct child *child)
{
	const struct lists *lists = &child->parent->lists;
	int error = send_memory(child, MSG_RULES, &lists->rules);

	return error != 0 ? error
	    : send_memory(child, MSG_CLIENT_CERTIFICATES,
	          &lists->client_certificates);
}

static int
send_identity(struct child *child)
{
	struct msg_identity id = {
	    .index = child->kind == CHILD_WORKER ? child->index + 1 : 0};

	memcpy(id.run_id, child->parent->run_id, sizeof(id.run_id));
	memcpy(id.hostname, child->parent->hostname, sizeof(id.hostname));
	return channel_send(&child->channel, MSG_IDENTITY, &id, sizeof(id), -1);
}

static int
send_ring(struct child *to, size_t i)
{
	const struct parent *p = to->parent;
	const struct msg_ring ring = {.index = (uint32_t)i, .bytes = p->ring_bytes};
	const struct msg_index wake = {.index = (uint32_t)i};
	int end = to->kind == CHILD_LOGGER ? 1 : 0;
	int error = channel_send(&to->channel, MSG_RING, &ring, sizeof(ring),
	    p->ring_fds[i]);

	return error != 0 ? error
	                  : channel_send(&to->channel, MSG_WAKE, &wake, sizeof(wake),
	                        p->wake_fds[i][end]);
}

/* A new pair of sockets, one end each. Nothing when one of them does not run:
 * it gets its end when it starts. */
static int
join_signer(struct child *worker)
{
	struct child *signer = &worker->parent->signer;
	const struct msg_index at = {.index = worker->index};
	int fds[2];

	if (worker->channel.fd < 0 || signer->channel.fd < 0)
		return 0;
	if (pair(fds) != 0)
		return E_SYS;
	int error = channel_send(&signer->channel, MSG_SIGNER_CHANNEL, &at,
	    sizeof(at), fds[0]);
	if (error == 0)
		error = channel_send(&worker->channel, MSG_SIGNER_CHANNEL, &at,
		    sizeof(at), fds[1]);
	(void)close(fds[0]);
	(void)close(fds[1]);
	return error;
}

void
child_send_roots(struct child *child)
{
	if (send_memory(child, MSG_TRUST, roots_bytes(child->parent->roots)) != 0)
		diag_warning("%s did not take the roots", child_name(child));
}

static int
send_crl(struct child *child, const char *path)
{
	char words[256];
	int fd = places_open_crl(path, words);

	if (fd < 0) {
		diag_error("%s", words);
		return 0; /* the others count all the same */
	}
	int error = channel_send(&child->channel, MSG_CRL, NULL, 0, fd);
	(void)close(fd);
	return error;
}

static void
send_crls(struct child *child)
{
	const struct conf_list *files = &child->parent->conf->upstream_crl;
	int error = 0;

	for (size_t i = 0; i < files->count && error == 0; i++)
		error = send_crl(child, files->items[i]);
	if (error == 0)
		error = channel_send(&child->channel, MSG_CRLS_DONE, NULL, 0, -1);
	if (error != 0)
		diag_warning("%s did not take the revocation lists",
		    child_name(child));
}

void
child_send_trust(struct child *child)
{
	child_send_roots(child);
	send_crls(child);
}

void
child_send_keylog(struct child *child)
{
	const char *path = child->parent->conf->keylog;
	char words[256];
	int fd = path[0] == '\0' ? -1 : places_open_keylog(path, true, words);
	int error = channel_send(&child->channel,
	    fd < 0 ? MSG_KEYLOG_OFF : MSG_KEYLOG, NULL, 0, fd < 0 ? -1 : fd);

	if (path[0] != '\0' && fd < 0)
		diag_error("%s: nothing is written to it", words);
	if (error != 0)
		diag_warning("%s did not take the key log", child_name(child));
	if (fd >= 0)
		(void)close(fd);
}

static int
send_names(struct child *child)
{
	const struct parent *p = child->parent;

	return p->names.sets == 0 ? 0
	    : channel_send(&child->channel, MSG_NAMES, &p->names, sizeof(p->names),
	          p->names_fd);
}

static int
feed_worker(struct child *child)
{
	const struct parent *p = child->parent;
	int error = send_ring(child, child->index);

	if (error == 0)
		error = send_names(child);
	if (error == 0)
		error = channel_send(&child->channel, MSG_FLOW_SOCKET, NULL, 0,
		    p->flow_socket);
	if (error == 0)
		error = channel_send(&child->channel, MSG_CONTROL_SOCKET, NULL, 0,
		    p->control_socket);
	if (error == 0)
		error = child_send_lists(child);
	if (error == 0)
		error = bypasses_send(p->bypasses, child);
	if (error == 0)
		error = join_signer(child);
	child_send_trust(child);
	child_send_keylog(child);
	return error;
}

static int
feed_logger(struct child *child)
{
	const struct parent *p = child->parent;
	int error = channel_send(&child->channel, MSG_LEDGER, NULL, 0, p->ledger_fd);

	for (size_t i = 0; error == 0 && i < p->worker_count; i++)
		error = send_ring(child, i);
	return error != 0 ? error : send_ring(child, SIGNER_RING);
}

static int
feed_signer(struct child *child)
{
	struct parent *p = child->parent;
	int error = send_ring(child, SIGNER_RING);

	for (size_t i = 0; error == 0 && i < p->worker_count; i++)
		error = join_signer(&p->workers[i]);
	return error;
}

static int
feed(struct child *child)
{
	int error = send_identity(child);

	if (error == 0)
		error = child_send_conf(child);
	if (error == 0)
		error = channel_send(&child->channel, MSG_BOARD, NULL, 0,
		    child->parent->board_fd);
	if (error != 0)
		return error;
	switch (child->kind) {
	case CHILD_SIGNER:
		error = feed_signer(child);
		break;
	case CHILD_LOGGER:
		error = feed_logger(child);
		break;
	case CHILD_WORKER:
		error = feed_worker(child);
		break;
	}
	return error != 0 ? error
	                  : channel_send(&child->channel, MSG_GO, NULL, 0, -1);
}

int
child_start(struct child *child,
    void (*on_message)(void *, struct channel *, struct msg *),
    void (*on_closed)(void *, struct channel *))
{
	int error = spawn(child);

	if (error != 0)
		return error;
	child->channel.on_message = on_message;
	child->channel.on_closed = on_closed;
	child->channel.context = child;
	return feed(child);
}
