/* SPDX-License-Identifier: ISC */
/* The other ends of the provider's world: the scripted daemon, and servers. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/nosignal.h"
#include "t/fuzz/provider_world_parts.h"

#define READ_MAX (64u * 1024)

/* The scripted daemon's place outlives it, and the runs: making it takes longer
 * than a run. */
char peers_flow_path[96], peers_control_path[96];
static char directory[88];
static int idle_flow_fd = -1, idle_control_fd = -1;

/* --- sockets --- */

static void
set_up(struct world *w, int fd)
{
	world_must(w, fd >= 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
	    socket_no_signal(fd) == 0, "there are sockets");
}

static int
listen_at(struct world *w, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	set_up(w, fd);
	(void)unlink(path);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	world_must(w, bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    listen(fd, 64) == 0, "there are sockets");
	return fd;
}

/* Flows that need not go through the scripted daemon have a server. */
void
peers_target(struct world *w, struct app *a, struct flow_header *h)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(443)};
	socklen_t length = sizeof(address);

	a->target_port = address.sin_port;
	if (w->outside != NULL || w->plan->kind == PROVIDER_DNS) {
		int fd = socket(AF_INET, a->datagrams ? SOCK_DGRAM : SOCK_STREAM, 0);

		set_up(w, fd);
		address.sin_port = 0;
		world_must(w, bind(fd, (struct sockaddr *)&address, length) == 0 &&
		    (a->datagrams || listen(fd, 4) == 0) &&
		    getsockname(fd, (struct sockaddr *)&address, &length) == 0,
		    "there are sockets");
		a->target_fd = fd;
		a->target_port = address.sin_port;
	}
	memcpy(&h->destination, &address, sizeof(address));
}

/* --- who sends and receives --- */

static void
arrive(struct world *w, struct app *a, int fd, bool is_daemon)
{
	set_up(w, fd);
	a->peer.fd = fd;
	a->peer.was = true;
	a->peer.is_daemon = is_daemon;
}

void
peers_leave(struct app *a)
{
	if (a->peer.fd >= 0)
		(void)close(a->peer.fd);
	a->peer.fd = -1;
	buf_free(&a->peer.in);
}

/* Nothing but the end of its connection will say so. Over TCP that would be an end
 * like any other. */
static void
lose(struct app *a)
{
	a->harmed = true;
	a->lost = a->lost || (a->peer.is_daemon && a->peer.fd >= 0 &&
	    !a->peer.fin_sent && !a->released);
}

static void
accept_target(struct world *w, unsigned which)
{
	struct app *a = &w->apps[which];
	int fd = accept(a->target_fd, NULL, NULL);

	if (fd >= 0)
		arrive(w, a, fd, false);
}

static void
check_datagram(struct world *w, struct app *a, const uint8_t *bytes, size_t length)
{
	uint32_t payload[2];

	world_must(w, length == sizeof(payload), "a datagram is whole");
	memcpy(payload, bytes, sizeof(payload));
	world_must(w, payload[0] == a->index && (a->harmed
	    ? payload[1] >= a->peer.received : payload[1] == a->peer.received) &&
	    payload[1] < a->given, "datagrams leave in order");
	a->peer.received = payload[1] + 1;
}

static void
read_frames(struct world *w, struct app *a)
{
	struct buf *in = &a->peer.in;
	struct flow_datagram d;

	for (;;) {
		int used = flow_datagram_parse(buf_data(in), buf_length(in), &d);
		if (used == E_MORE)
			return;
		world_must(w, used > 0, "frames are well formed");
		const struct sockaddr_in *to = (const struct sockaddr_in *)&d.address;
		world_must(w, to->sin_port == a->target_port,
		    "a datagram has its address");
		check_datagram(w, a, d.payload, d.length);
		buf_consume(in, (size_t)used);
	}
}

static void
take_bytes(struct world *w, struct app *a, const uint8_t *bytes, size_t length)
{
	if (a->datagrams) {
		world_must(w, buf_append(&a->peer.in, bytes, length) == 0,
		    "there is memory");
		read_frames(w, a);
		return;
	}
	for (size_t i = 0; i < length; i++)
		world_must(w, bytes[i] == world_byte(a, true, a->peer.received + i),
		    "bytes leave in order");
	a->peer.received += length;
	world_totals.up_bytes += length;
}

static void
peer_reads(struct world *w, unsigned which)
{
	static uint8_t bytes[READ_MAX];
	struct app *a = &w->apps[which];
	ssize_t n = recv(a->peer.fd, bytes, sizeof(bytes), 0);

	if (n > 0) {
		take_bytes(w, a, bytes, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	world_must(w, n < 0 || a->harmed || a->datagrams ||
	    (a->ended && a->peer.received == a->given),
	    "an end leaves behind the last byte");
	a->peer.fin_seen = true;
	if (n < 0)
		a->harmed = true;
}

static void
write_frame(struct world *w, struct app *a)
{
	uint32_t payload[2] = {a->index, (uint32_t)a->peer.sent};
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = a->target_port,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct flow_datagram d = {.length = sizeof(payload)};
	uint8_t frame[FLOW_DATAGRAM_HEADER_MAX + sizeof(payload)];

	memcpy(&d.address, &from, sizeof(from));
	int used = flow_datagram_write(&d, frame);
	memcpy(frame + used, payload, sizeof(payload));
	size_t length = (size_t)used + sizeof(payload);
	world_must(w, send(a->peer.fd, frame, length, SEND_NO_SIGNAL) ==
	        (ssize_t)length || a->harmed || a->ended, "frames fit");
	a->peer.sent++;
}

static void
peer_writes(struct world *w, unsigned which)
{
	static uint8_t bytes[READ_MAX * 16];
	struct app *a = &w->apps[which];
	size_t length = world_chunk(w);

	a->peer.chunks_left--;
	if (a->datagrams) {
		write_frame(w, a);
		return;
	}
	length = length < sizeof(bytes) ? length : sizeof(bytes);
	for (size_t i = 0; i < length; i++)
		bytes[i] = world_byte(a, false, a->peer.sent + i);
	ssize_t n = send(a->peer.fd, bytes, length, SEND_NO_SIGNAL);
	if (n > 0)
		a->peer.sent += (size_t)n;
}

static void
peer_ends(struct world *w UNUSED, unsigned which)
{
	struct app *a = &w->apps[which];

	a->peer.fin_sent = true;
	(void)shutdown(a->peer.fd, SHUT_WR);
}

static void
peer_resets(struct world *w, unsigned which)
{
	struct app *a = &w->apps[which];

	w->left.resets--;
	lose(a);
	a->peer.fin_sent = true;
	peers_leave(a);
}

/* A server that has ended both ways, or a daemon whose flow is over. */
static void
peer_goes(struct world *w UNUSED, unsigned which)
{
	peers_leave(&w->apps[which]);
}

/* --- datagrams that come without a daemon --- */

static void
serve_datagram(struct world *w, unsigned which)
{
	struct app *a = &w->apps[which];
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	uint8_t bytes[64];
	ssize_t n = recvfrom(a->target_fd, bytes, sizeof(bytes), 0,
	    (struct sockaddr *)&from, &length);

	if (n < 0)
		return;
	check_datagram(w, a, bytes, (size_t)n);
	while (a->peer.chunks_left > 0 && !a->ended) {
		uint32_t payload[2] = {a->index, (uint32_t)a->peer.sent++};
		a->peer.chunks_left--;
		(void)sendto(a->target_fd, payload, sizeof(payload), 0,
		    (struct sockaddr *)&from, length);
	}
}

/* --- the scripted daemon --- */

static void
accept_flow(struct world *w, unsigned which UNUSED)
{
	uint8_t bytes[FLOW_HEADER_BYTES_MAX];
	struct flow_header h;
	int fd = accept(w->flow_fd, NULL, NULL);

	if (fd < 0)
		return;
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_PEEK);
	int used = n > 0 ? flow_header_parse(bytes, (size_t)n, &h) : E_MORE;
	world_must(w, used > 0 && h.unique_id[0] < w->app_count,
	    "a flow begins with its header");
	(void)recv(fd, bytes, (size_t)used, 0);
	arrive(w, &w->apps[h.unique_id[0]], fd, true);
}

static void
accept_control(struct world *w, unsigned which UNUSED)
{
	int fd = accept(w->control_fd, NULL, NULL);

	if (fd < 0)
		return;
	world_must(w, w->control_count < CONTROLS_MAX, "there is one link");
	set_up(w, fd);
	struct control *c = &w->controls[w->control_count++];
	c->fd = fd;
	buf_init(&c->in, 4096);
}

static void
hang_up(struct world *w, unsigned which)
{
	struct control *c = &w->controls[which];

	(void)close(c->fd);
	buf_free(&c->in);
	*c = w->controls[--w->control_count];
}

static void
control_hangs_up(struct world *w, unsigned which)
{
	w->left.hang_ups--;
	hang_up(w, which);
}

static void
say(struct control *c, const char *words)
{
	if (send(c->fd, words, strlen(words), SEND_NO_SIGNAL) < 0)
		return; /* it has gone meanwhile */
}

static const char *const nonsense[] = {
    "\n", "hello\n", "{\"ok\":false,\"error\":\"no\"}\n", "{\"ok\":true",
    "{\"ok\":true}\n{\"ok\":true}\n{\"ok\":true}\n{\"ok\":true}\n",
    "{\"ok\":true,\"protocol\":0,\"version\":\"0\"}\n",
    "{\"ok\":true,\"protocol\":-1}\n", "[]\n", "{\"ok\":true,\"protocol\":\"1\"}\n",
    "\xff\xfe\x00\n", "HTTP/1.1 400 Bad Request\r\n\r\n"};

static void
answer(struct world *w, struct control *c, const char *line)
{
	if (strstr(line, "\"hello\"") != NULL)
		say(c, "{\"ok\":true,\"protocol\":1,\"version\":\"1\",\"run\":\"a\"}\n");
	else if (strstr(line, "\"policy\"") != NULL) {
		w->told_policy = true;
		say(c, "{\"ok\":true,\"default\":\"inspect\"}\n");
	} else
		say(c, "{\"ok\":true}\n");
}

/* Reads a request and answers it. */
static void
serve_control(struct world *w, unsigned which)
{
	struct control *c = &w->controls[which];
	char line[1024];
	ssize_t n = recv(c->fd, line, sizeof(line) - 1, 0);

	if (n <= 0) {
		hang_up(w, which);
		return;
	}
	line[n] = '\0';
	world_must(w, line[n - 1] == '\n' && strchr(line, '\n') == line + n - 1,
	    "one request is made at a time");
	unsigned kinds = w->left.nonsense > 0 ? 1 + (unsigned)ARRAY_LENGTH(nonsense) : 1;
	unsigned kind = world_choose(w, kinds);
	if (kind == 0) {
		answer(w, c, line);
		return;
	}
	w->left.nonsense--;
	say(c, nonsense[kind - 1]);
}

static void
revive(struct world *w, unsigned which UNUSED)
{
	w->flow_fd = listen_at(w, peers_flow_path);
	w->control_fd = listen_at(w, peers_control_path);
	w->is_alive = true;
}

static void
die(struct world *w, unsigned which UNUSED)
{
	w->left.deaths -= w->left.deaths > 0;
	w->is_alive = w->told_policy = false;
	(void)close(w->flow_fd);
	(void)close(w->control_fd);
	w->flow_fd = w->control_fd = -1;
	while (w->control_count > 0)
		hang_up(w, 0);
	for (unsigned i = 0; i < w->app_count; i++) {
		struct app *a = &w->apps[i];
		if (a->peer.is_daemon)
			lose(a);
		else if (!a->peer.was)
			a->harmed = true;
		if (a->peer.is_daemon)
			peers_leave(a);
	}
}

static void
daemon_actions(struct world *w, struct actions *list)
{
	if (!w->is_alive) {
		if (!w->finishing)
			world_may(list, revive, 0);
		return;
	}
	if (world_is_ready(w->control_fd, PROVIDER_READABLE))
		world_may(list, accept_control, 0);
	if (world_is_ready(w->flow_fd, PROVIDER_READABLE))
		world_may(list, accept_flow, 0);
	for (unsigned i = 0; i < w->control_count; i++) {
		if (world_is_ready(w->controls[i].fd, PROVIDER_READABLE))
			world_may(list, serve_control, i);
		if (!w->finishing && w->left.hang_ups > 0)
			world_may(list, control_hangs_up, i);
	}
	if (!w->finishing && w->left.deaths > 0)
		world_may(list, die, 0);
}

/* --- what can happen --- */

static void
peer_actions(struct world *w, const struct app *a, struct actions *list)
{
	const struct peer *p = &a->peer;

	if (!p->fin_seen && world_is_ready(p->fd, PROVIDER_READABLE))
		world_may(list, peer_reads, a->index);
	if (!p->fin_sent && p->chunks_left > 0 && !(a->datagrams && a->ended) &&
	    world_is_ready(p->fd, PROVIDER_WRITABLE))
		world_may(list, peer_writes, a->index);
	if (!p->fin_sent && p->chunks_left == 0 && !a->datagrams &&
	    !w->plan->without_end && (a->index % 3 != 1 || p->fin_seen))
		world_may(list, peer_ends, a->index);
	if (!w->finishing && w->left.resets > 0)
		world_may(list, peer_resets, a->index);
	if (p->fin_seen && (p->fin_sent || a->datagrams))
		world_may(list, peer_goes, a->index);
}

void
peers_actions(struct world *w, struct actions *list)
{
	if (w->outside == NULL)
		daemon_actions(w, list);
	for (unsigned i = 0; i < w->app_count; i++) {
		const struct app *a = &w->apps[i];

		if (a->target_fd >= 0 &&
		    world_is_ready(a->target_fd, PROVIDER_READABLE))
			world_may(list, a->datagrams ? serve_datagram : accept_target,
			    i);
		if (a->peer.fd >= 0)
			peer_actions(w, a, list);
	}
}

static void
remove_place(void)
{
	(void)unlink(peers_flow_path);
	(void)unlink(peers_control_path);
	(void)rmdir(directory);
}

static void
make_place(struct world *w)
{
	const char *top = getenv("TMPDIR");

	/* A socket's name is short: what is below a longer place goes to /tmp. */
	if (top == NULL || snprintf(directory, sizeof(directory), "%s/provider-XXXXXX",
	    top) >= (int)sizeof(directory))
		(void)snprintf(directory, sizeof(directory), "/tmp/provider-XXXXXX");
	world_must(w, mkdtemp(directory) != NULL && atexit(remove_place) == 0,
	    "there is a directory");
	(void)snprintf(peers_flow_path, sizeof(peers_flow_path), "%s/f", directory);
	(void)snprintf(peers_control_path, sizeof(peers_control_path), "%s/c",
	    directory);
}

void
peers_open(struct world *w)
{
	if (w->outside != NULL)
		return;
	if (directory[0] == '\0')
		make_place(w);
	if (idle_flow_fd < 0) {
		revive(w, 0);
		return;
	}
	w->flow_fd = idle_flow_fd;
	w->control_fd = idle_control_fd;
	w->is_alive = true;
}

/* Whoever still waits to be accepted. */
static void
send_away(int listener)
{
	for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;)
		(void)close(fd);
}

static void
leave_place(struct world *w)
{
	idle_flow_fd = idle_control_fd = -1;
	if (!w->is_alive)
		return;
	idle_flow_fd = w->flow_fd;
	idle_control_fd = w->control_fd;
	send_away(idle_flow_fd);
	send_away(idle_control_fd);
	while (w->control_count > 0)
		hang_up(w, 0);
}

void
peers_close(struct world *w)
{
	for (unsigned i = 0; i < w->app_count; i++) {
		peers_leave(&w->apps[i]);
		if (w->apps[i].target_fd >= 0)
			(void)close(w->apps[i].target_fd);
	}
	if (w->outside == NULL)
		leave_place(w);
}
