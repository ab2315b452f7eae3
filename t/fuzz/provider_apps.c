/* SPDX-License-Identifier: ISC */
/* The applications of the provider's world, as the system would present them. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/fuzz/provider_world_parts.h"

#define DATAGRAMS_MAX 3

static struct world *world; /* the one of this process, for what is called back */

/* Remembers a token that is answered, so that it may be once more. */
static void
make_stale(struct world *w, enum asked asked, uint64_t token)
{
	if (token == 0 || w->stale_count == STALE_MAX)
		return;
	w->stale[w->stale_count].asked = asked;
	w->stale[w->stale_count++].token = token;
}

static uint64_t
answered(struct world *w, struct app *a, enum asked asked)
{
	uint64_t token = a->asked[asked];

	a->asked[asked] = 0;
	make_stale(w, asked, token);
	return token;
}

/* --- completions --- */

static void
open_done(struct world *w, unsigned which)
{
	struct app *a = &w->apps[which];

	a->opened = true;
	provider_open_done(w->provider, answered(w, a, ASKED_OPEN), 0);
}

static void
open_fails(struct world *w, unsigned which)
{
	struct app *a = &w->apps[which];

	w->left.open_errors--;
	a->harmed = true;
	provider_open_done(w->provider, answered(w, a, ASKED_OPEN), E_DENIED);
}

static void
read_bytes(struct world *w, struct app *a)
{
	size_t length = world_chunk(w);
	uint8_t *bytes = malloc(length);

	world_must(w, bytes != NULL, "there is memory");
	for (size_t i = 0; i < length; i++)
		bytes[i] = world_byte(a, true, a->given + i);
	a->given += length;
	provider_read_done(w->provider, answered(w, a, ASKED_READ), bytes, length, 0);
	free(bytes);
}

/* Each has its number, and goes to where the flow goes. */
static void
read_datagrams(struct world *w, struct app *a)
{
	struct flow_datagram datagrams[DATAGRAMS_MAX] = {0};
	uint32_t payloads[DATAGRAMS_MAX][2];
	size_t count = 1 + world_choose(w, DATAGRAMS_MAX);

	for (size_t i = 0; i < count; i++) {
		struct sockaddr_in to = {.sin_family = AF_INET,
		    .sin_port = a->target_port,
		    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		payloads[i][0] = a->index;
		payloads[i][1] = (uint32_t)a->given++;
		memcpy(&datagrams[i].address, &to, sizeof(to));
		datagrams[i].payload = (const uint8_t *)payloads[i];
		datagrams[i].length = sizeof(payloads[i]);
	}
	provider_read_datagrams_done(w->provider, answered(w, a, ASKED_READ),
	    datagrams, count, 0);
}

static void
read_done(struct world *w, unsigned which)
{
	struct app *a = &w->apps[which];

	a->chunks_left--;
	if (a->datagrams)
		read_datagrams(w, a);
	else
		read_bytes(w, a);
}

static void
read_ends(struct world *w, unsigned which)
{
	struct app *a = &w->apps[which];
	uint64_t token = answered(w, a, ASKED_READ);

	a->ended = true;
	if (a->datagrams)
		provider_read_datagrams_done(w->provider, token, NULL, 0, 0);
	else
		provider_read_done(w->provider, token, NULL, 0, 0);
}

static void
read_fails(struct world *w, unsigned which)
{
	struct app *a = &w->apps[which];

	w->left.read_errors--;
	a->harmed = true;
	provider_read_done(w->provider, answered(w, a, ASKED_READ), NULL, 0, E_CLOSED);
}

static void
write_done(struct world *w, unsigned which)
{
	provider_write_done(w->provider, answered(w, &w->apps[which], ASKED_WRITE), 0);
}

static void
write_fails(struct world *w, unsigned which)
{
	struct app *a = &w->apps[which];

	w->left.write_errors--;
	a->harmed = true;
	provider_write_done(w->provider, answered(w, a, ASKED_WRITE), E_CLOSED);
}

/* --- questions --- */

static bool
may_end(const struct world *w, const struct app *a)
{
	if (!a->datagrams && a->index % 3 == 2 && !a->write_closed && !a->harmed)
		return false; /* it reads to the end first */
	/* Datagrams' end is the flow's: answers that are on their way are lost. */
	return !w->plan->without_end &&
	    (!a->datagrams || a->harmed ||
	        ((a->peer.chunks_left == 0 || a->peer.fd < 0) &&
	            a->received == a->peer.sent));
}

static void
ask(struct world *w, struct app *a, enum asked asked, uint64_t token,
    void (*at_once)(struct world *w, unsigned which))
{
	world_must(w, token != 0 && a->asked[asked] == 0, "nothing is asked twice");
	a->asked[asked] = token;
	if (w->plan->never && world_choose(w, 8) == 7)
		a->asked[asked] = 0;
	else if (w->plan->at_once && at_once != NULL && world_choose(w, 2) == 1)
		at_once(w, a->index);
}

static void
app_open(void *app, uint64_t token)
{
	struct app *a = app;

	world_must(world, !a->opened && !a->read_closed, "a flow is opened once");
	a->claimed = true;
	ask(world, a, ASKED_OPEN, token, open_done);
}

static void
app_read(void *app, uint64_t token)
{
	struct app *a = app;

	world_must(world, a->opened, "nothing is read before a flow is open");
	world_must(world, !a->ended, "nothing is read after the end");
	world_must(world, !a->read_closed, "nothing is read after the close");
	ask(world, a, ASKED_READ, token,
	    a->chunks_left > 0 ? read_done : may_end(world, a) ? read_ends : NULL);
}

static void
may_write(struct app *a)
{
	world_must(world, a->opened, "nothing is written before a flow is open");
	world_must(world, !a->write_closed, "nothing is written after the close");
	world_must(world, a->peer.was || world->outside != NULL || a->peer.sent > 0,
	    "what is written was sent");
}

static void
app_write(void *app, uint8_t *bytes, size_t length, uint64_t token)
{
	struct app *a = app;

	may_write(a);
	world_must(world, length > 0 && !a->datagrams, "bytes are written to streams");
	for (size_t i = 0; i < length; i++)
		world_must(world, bytes[i] == world_byte(a, false, a->received + i),
		    "bytes arrive in order");
	a->received += length;
	world_totals.down_bytes += length;
	free(bytes);
	ask(world, a, ASKED_WRITE, token, write_done);
}

static void
app_write_datagrams(void *app, const struct flow_datagram *datagrams, size_t count,
    uint64_t token)
{
	struct app *a = app;
	uint32_t payload[2];

	may_write(a);
	world_must(world, count > 0 && a->datagrams, "datagrams are written to theirs");
	for (size_t i = 0; i < count; i++) {
		world_must(world, datagrams[i].length == sizeof(payload),
		    "a datagram is whole");
		memcpy(payload, datagrams[i].payload, sizeof(payload));
		const struct sockaddr_in *from =
		    (const struct sockaddr_in *)&datagrams[i].address;
		world_must(world, payload[0] == a->index &&
		    from->sin_port == a->target_port, "a datagram has its address");
		world_must(world, a->harmed ? payload[1] >= a->received
		                            : payload[1] == a->received,
		    "datagrams arrive in order");
		a->received = payload[1] + 1;
	}
	ask(world, a, ASKED_WRITE, token, write_done);
}

static void
app_close_read(void *app, int error)
{
	struct app *a = app;

	world_must(world, !a->read_closed && !a->released, "reading is closed once");
	a->read_closed = true;
	a->read_error = error;
	(void)answered(world, a, ASKED_OPEN);
	(void)answered(world, a, ASKED_READ);
}

static void
app_close_write(void *app, int error)
{
	struct app *a = app;

	world_must(world, !a->write_closed && !a->released, "writing is closed once");
	world_must(world, error != 0 || a->asked[ASKED_WRITE] == 0 || a->datagrams,
	    "an end comes when the application has everything");
	world_must(world, error != 0 || a->harmed || a->datagrams ||
	    (a->peer.fin_sent && a->received == a->peer.sent),
	    "an end comes behind the last byte");
	a->write_closed = true;
	a->write_error = error;
	(void)answered(world, a, ASKED_WRITE);
}

static void
app_release(void *app)
{
	struct app *a = app;

	world_must(world, !a->released, "a flow is released once");
	world_must(world, a->read_closed && a->write_closed,
	    "a flow is released when it is closed");
	a->released = true;
}

const struct provider_flow_ops world_flow_ops = {
    .open = app_open,
    .read = app_read,
    .write = app_write,
    .write_datagrams = app_write_datagrams,
    .close_read = app_close_read,
    .close_write = app_close_write,
    .release = app_release,
};

/* --- what can happen --- */

static void
app_actions(struct world *w, const struct app *a, struct actions *list)
{
	bool wrong = !w->finishing;

	if (a->asked[ASKED_OPEN] != 0) {
		world_may(list, open_done, a->index);
		if (wrong && w->left.open_errors > 0)
			world_may(list, open_fails, a->index);
	}
	if (a->asked[ASKED_READ] != 0) {
		if (a->chunks_left > 0)
			world_may(list, read_done, a->index);
		else if (may_end(w, a))
			world_may(list, read_ends, a->index);
		if (wrong && w->left.read_errors > 0)
			world_may(list, read_fails, a->index);
	}
	if (a->asked[ASKED_WRITE] != 0) {
		world_may(list, write_done, a->index);
		if (wrong && w->left.write_errors > 0)
			world_may(list, write_fails, a->index);
	}
}

void
apps_actions(struct world *w, struct actions *list)
{
	world = w;
	for (unsigned i = 0; i < w->app_count; i++)
		app_actions(w, &w->apps[i], list);
}

static void
check_claim(struct world *w, const struct app *a, bool claimed, bool was_running)
{
	bool refused = a->released && a->read_error == E_DENIED && !a->claimed;
	bool served = w->outside != NULL || (w->is_alive && w->told_policy);

	world_must(w, !claimed || was_running, "none is claimed that is not running");
	world_must(w, !a->claimed || claimed, "what is opened is claimed");
	world_must(w, !claimed || a->claimed || refused, "what is claimed is opened");
	world_must(w, !a->claimed || served || w->plan->kind == PROVIDER_DNS,
	    "no flow is claimed without a daemon");
	world_must(w, !refused || w->plan->fail_closed, "none is refused in vain");
	world_must(w, claimed || !was_running || !w->plan->fail_closed,
	    "who fails closed leaves none alone");
}

void
apps_hand(struct world *w, unsigned which UNUSED)
{
	struct app *a = &w->apps[w->app_count];
	struct flow_header h = {.has_pid = true, .pid = 1, .forwarder = "macos"};
	struct sockaddr_in source = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct provider_status before, after;

	w->left.flows--;
	world = w;
	*a = (struct app){.index = w->app_count, .datagrams = w->plan->datagrams,
	    .chunks_left = w->plan->app_chunks, .target_fd = -1,
	    .peer.fd = -1, .peer.chunks_left = w->plan->peer_chunks};
	a->harmed = w->outside != NULL && w->outside->dies;
	buf_init(&a->peer.in, 256u * 1024);
	h.transport = a->datagrams ? FLOW_DATAGRAM : FLOW_STREAM;
	memcpy(&h.source, &source, sizeof(source));
	h.unique_id[0] = (uint8_t)a->index;
	h.unique_id_length = 1;
	peers_target(w, a, &h);
	w->app_count++;
	provider_get_status(w->provider, &before);
	bool claimed = provider_handle_flow(w->provider, a, &h);
	provider_get_status(w->provider, &after);
	check_claim(w, a, claimed, strcmp(before.life, "running") == 0);
	bool served = strcmp(before.link, "up") == 0 && w->told_policy &&
	    w->control_count > 0 && before.flows < w->plan->flows_max;
	world_must(w, a->claimed || !served || strcmp(before.life, "running") != 0,
	    "with a daemon, flows are claimed");
	world_totals.flows++;
	world_totals.declined += !claimed;
}
