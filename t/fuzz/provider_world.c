/* SPDX-License-Identifier: ISC */
/* The provider's world: its clock and queue, its promises, and who chooses. */
#include "t/fuzz/provider_world.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "extension-bridge/provider_states.h"
#include "t/fuzz/provider_world_parts.h"

/* What a world with these budgets cannot need. */
#define STEPS_MAX 20000u
#define WAIT_MS 20
#define PATIENCE_MS 30000u

struct world_totals world_totals;

void
world_broken(const struct world *w, const char *promise)
{
	(void)fprintf(stderr, "the provider does not keep: %s\n"
	    "  plan %s, choices by %s, step %u\n", promise, w->plan->name,
	    w->chooser.name, w->step);
	abort();
}

unsigned
world_choose(struct world *w, unsigned count)
{
	if (count <= 1 || w->finishing)
		return 0;
	return w->chooser.choose(w->chooser.context, count);
}

void
world_may(struct actions *list, void (*happen)(struct world *w, unsigned which),
    unsigned which)
{
	if (list->count < ARRAY_LENGTH(list->all))
		list->all[list->count++] = (struct action){happen, which};
}

uint8_t
world_byte(const struct app *a, bool up, uint64_t position)
{
	if (position == 0)
		return 0;
	return (uint8_t)((position * 0x9e3779b97f4a7c15u +
	    a->index * 0x100000001b3u + up) >> 53);
}

size_t
world_chunk(struct world *w)
{
	size_t most = w->plan->chunk_bytes;

	if (w->plan->one_size)
		return most;
	switch (world_choose(w, 4)) {
	case 0:
		return most;
	case 1:
		return 1;
	case 2:
		return most / 2 + 1;
	default:
		return most / 100 + 1;
	}
}

/* --- clock and queue --- */

static uint64_t
now_ms(void *host)
{
	struct world *w = host;

	return w->outside != NULL ? clock_tick_ms() : w->now_ms;
}

static void
wake_at(void *host, uint64_t when_ms)
{
	struct world *w = host;

	w->wake_ms = when_ms;
}

static struct watched *
find_watched(struct world *w, int fd)
{
	for (size_t i = 0; i < w->watched_count; i++)
		if (w->watched[i].fd == fd)
			return &w->watched[i];
	return NULL;
}

static void
watch(void *host, int fd, unsigned wanted, uint64_t token)
{
	struct world *w = host;
	struct watched *found = find_watched(w, fd);

	world_must(w, token != 0, "no token is 0");
	if (found == NULL) {
		world_must(w, w->watched_count < FDS_MAX, "descriptors are few");
		found = &w->watched[w->watched_count++];
	} else
		world_must(w, found->token == token, "a descriptor has one token");
	*found = (struct watched){fd, wanted, token};
}

static void
hang_up(void *host, int fd)
{
	struct world *w = host;
	struct watched *found = find_watched(w, fd);

	if (found != NULL)
		*found = w->watched[--w->watched_count];
	world_must(w, close(fd) == 0, "a descriptor is closed once");
}

static void
apply(void *host, uint64_t token)
{
	struct world *w = host;

	world_must(w, w->applying == 0, "settings are applied once at a time");
	w->applying = token;
	if (w->plan->at_once && world_choose(w, 3) == 2) {
		w->applying = 0;
		provider_applied(w->provider, token, 0);
	}
}

static void
started(void *host, uint64_t start, int error UNUSED)
{
	struct world *w = host;

	world_must(w, start < w->starts_asked && w->started[start]++ == 0,
	    "a start completes once");
}

static void
stopped(void *host, uint64_t stop)
{
	struct world *w = host;

	world_must(w, stop < w->stops_asked && w->stopped[stop]++ == 0,
	    "a stop completes once");
	for (unsigned i = 0; i < w->app_count; i++)
		world_must(w, w->apps[i].released || !w->apps[i].claimed,
		    "who is stopped has no flow");
}

static void
policy(void *host, const char *answer, size_t length)
{
	struct world *w = host;

	world_must(w, length > 1 && answer[length - 1] == '}', "a policy is a line");
	w->was_told_policy = true;
}

static const struct provider_host_ops host_ops = {
    .now_ms = now_ms,
    .wake_at = wake_at,
    .watch = watch,
    .hang_up = hang_up,
    .apply = apply,
    .started = started,
    .stopped = stopped,
    .policy = policy,
};

/* --- sockets: all are looked at once a step --- */

static short seen[FDS_MAX];

static nfds_t
list_sockets(const struct world *w, struct pollfd fds[3 * FDS_MAX])
{
	nfds_t count = 0;

	fds[count++].fd = w->flow_fd;
	fds[count++].fd = w->control_fd;
	for (size_t i = 0; i < w->watched_count; i++)
		fds[count++].fd = w->watched[i].fd;
	for (size_t i = 0; i < w->control_count; i++)
		fds[count++].fd = w->controls[i].fd;
	for (unsigned i = 0; i < w->app_count; i++) {
		fds[count++].fd = w->apps[i].target_fd;
		fds[count++].fd = w->apps[i].peer.fd;
	}
	return count;
}

static void
look(struct world *w)
{
	struct pollfd fds[3 * FDS_MAX];
	nfds_t count = list_sockets(w, fds);

	for (nfds_t i = 0; i < count; i++)
		fds[i].events = POLLIN | POLLOUT;
	(void)poll(fds, count, 0);
	for (nfds_t i = 0; i < count; i++) {
		world_must(w, fds[i].fd < FDS_MAX, "descriptors are few");
		if (fds[i].fd >= 0)
			seen[fds[i].fd] = fds[i].revents;
	}
}

bool
world_is_ready(int fd, unsigned wanted)
{
	short what = wanted == 0 ? 0 : POLLHUP | POLLERR;

	if ((wanted & PROVIDER_READABLE) != 0)
		what |= POLLIN;
	if ((wanted & PROVIDER_WRITABLE) != 0)
		what |= POLLOUT;
	return fd >= 0 && (seen[fd] & what) != 0;
}

/* --- what can happen --- */

static void
say_ready(struct world *w, unsigned which)
{
	provider_ready(w->provider, w->watched[which].token);
}

void
world_pass(struct world *w, uint64_t ms)
{
	w->now_ms += ms;
	for (unsigned i = 0; i < w->app_count; i++)
		w->apps[i].harmed |= w->apps[i].datagrams || !w->apps[i].opened;
}

static void
tick(struct world *w, unsigned which UNUSED)
{
	if (w->now_ms < w->wake_ms && w->wake_ms != PROVIDER_NEVER)
		world_pass(w, w->wake_ms - w->now_ms);
	if (!w->finishing && w->left.ticks > 0)
		w->left.ticks--;
	w->wake_ms = PROVIDER_NEVER;
	provider_tick(w->provider);
}

static void
start(struct world *w, unsigned which UNUSED)
{
	w->left.starts -= w->left.starts > 0;
	provider_start(w->provider, w->starts_asked++);
}

static void
stop(struct world *w, unsigned which UNUSED)
{
	w->left.stops -= w->left.stops > 0;
	for (unsigned i = 0; i < w->app_count; i++)
		w->apps[i].harmed = true;
	w->applying = 0;
	provider_stop(w->provider, w->stops_asked++);
}

static void
wake_up(struct world *w, unsigned which UNUSED)
{
	w->left.wakes--;
	world_pass(w, 100000); /* it slept */
	provider_woke(w->provider);
}

static void
apply_done(struct world *w, unsigned error)
{
	uint64_t token = w->applying;

	w->left.apply_errors -= error;
	w->applying = 0;
	provider_applied(w->provider, token, error ? E_DENIED : 0);
}

static void
say_stale(struct world *w, unsigned which)
{
	uint64_t token = w->stale[which].token;

	switch (w->stale[which].asked) {
	case ASKED_OPEN:
		provider_open_done(w->provider, token, 0);
		break;
	case ASKED_READ:
		provider_read_done(w->provider, token, (const uint8_t *)"?", 1, 0);
		break;
	default:
		provider_write_done(w->provider, token, E_CLOSED);
	}
	w->stale[which] = w->stale[--w->stale_count];
}

static void
world_actions(struct world *w, struct actions *list)
{
	list->count = 0;
	look(w);
	for (unsigned i = 0; i < w->watched_count; i++)
		if (world_is_ready(w->watched[i].fd, w->watched[i].wanted))
			world_may(list, say_ready, i);
	if (w->applying != 0) {
		world_may(list, apply_done, 0);
		if (!w->finishing && w->left.apply_errors > 0)
			world_may(list, apply_done, 1);
	}
	apps_actions(w, list);
	peers_actions(w, list);
	if (w->finishing)
		return;
	if (w->left.starts > 0)
		world_may(list, start, 0);
	if (w->left.stops > 0)
		world_may(list, stop, 0);
	if (w->left.wakes > 0)
		world_may(list, wake_up, 0);
	if (w->left.flows > 0)
		world_may(list, apps_hand, 0);
	if (w->left.ticks > 0 && w->wake_ms != PROVIDER_NEVER)
		world_may(list, tick, 0);
	for (unsigned i = 0; w->plan->stale && i < w->stale_count; i++)
		world_may(list, say_stale, i);
}

/* --- what is promised --- */

static void
check_app(struct world *w, const struct app *a, size_t *open)
{
	*open += a->claimed && !a->released;
	world_must(w, !a->released || (a->read_closed && a->write_closed),
	    "a released flow is closed");
	world_must(w, a->released || !(a->ended && a->write_closed && a->peer.fin_seen),
	    "no flow is kept after both ends");
	if (!a->datagrams && a->peer.was) {
		world_must(w, a->received <= a->peer.sent, "no byte is added downward");
		world_must(w, a->peer.received <= a->given, "no byte is added upward");
	}
}

static void
check(struct world *w)
{
	struct provider_status status;
	size_t open = 0;

	for (unsigned i = 0; i < w->app_count; i++)
		check_app(w, &w->apps[i], &open);
	provider_get_status(w->provider, &status);
	world_must(w, status.flows == open, "the flows are counted");
	world_must(w, status.flows <= w->plan->flows_max, "the flows are capped");
}

/* Ended in order with all its bytes, if nothing was made to fail. */
static void
check_end(struct world *w, const struct app *a)
{
	if (!a->claimed)
		return;
	world_must(w, a->released, "a flow that can end ends");
	world_must(w, !a->lost || a->ended ||
	    (a->datagrams && w->plan->kind == PROVIDER_DNS) ||
	    (a->read_error != 0 && a->write_error != 0),
	    "a flow whose daemon is gone is closed with an error on both sides");
	if (a->harmed || w->plan->without_end)
		return;
	world_must(w, a->read_error == 0 && a->write_error == 0,
	    "what nothing happened to ends in order");
	world_must(w, a->peer.received == a->given, "no byte is lost upward");
	world_must(w, a->received == a->peer.sent, "no byte is lost downward");
}

/* --- a run --- */

/* Whether something is still to come of a flow: it is not over, or what it sent is
 * on its way. */
static bool
is_busy(const struct app *a)
{
	return a->claimed && (!a->released ||
	    (!a->harmed && (a->datagrams ? a->peer.received < a->given
	                                 : !a->peer.fin_seen)));
}

/* Real peers take their time. False: nothing more will come. */
static bool
wait_outside(struct world *w, uint64_t *since_ms)
{
	struct pollfd fds[FDS_MAX + 2 * WORLD_APPS_MAX];
	nfds_t count = 0;
	bool busy = false;

	for (size_t i = 0; i < w->watched_count; i++)
		if (w->watched[i].wanted != 0)
			fds[count++] = (struct pollfd){.fd = w->watched[i].fd,
			    .events = (short)(w->watched[i].wanted & PROVIDER_READABLE
			        ? POLLIN : POLLOUT)};
	for (unsigned i = 0; i < w->app_count; i++) {
		const struct app *a = &w->apps[i];
		busy |= is_busy(a);
		if (!a->claimed)
			continue;
		fds[count++] = (struct pollfd){.fd = a->target_fd, .events = POLLIN};
		fds[count++] = (struct pollfd){
		    .fd = a->peer.fin_seen ? -1 : a->peer.fd, .events = POLLIN};
	}
	(void)poll(fds, count, WAIT_MS);
	return busy && clock_tick_ms() - *since_ms < PATIENCE_MS;
}

static bool
step(struct world *w, uint64_t *since_ms)
{
	struct actions list;

	world_must(w, ++w->step < STEPS_MAX, "it comes to an end");
	if (w->outside != NULL && w->wake_ms <= now_ms(w))
		tick(w, 0);
	world_actions(w, &list);
	if (list.count == 0)
		return w->outside != NULL && wait_outside(w, since_ms);
	*since_ms = now_ms(w);
	const struct action *a = &list.all[world_choose(w, list.count)];
	a->happen(w, a->which);
	check(w);
	return true;
}

void
world_go_on(struct world *w)
{
	uint64_t since_ms = now_ms(w);

	while (step(w, &since_ms))
		;
}

/* The daemon is found and answers, in the one order. */
static void
come_up(struct world *w)
{
	struct provider_status status;
	uint64_t since_ms = now_ms(w);

	w->finishing = true;
	start(w, 0);
	do {
		world_must(w, step(w, &since_ms) || w->outside != NULL ||
		    w->wake_ms != PROVIDER_NEVER, "a daemon is found");
		provider_get_status(w->provider, &status);
	} while (strcmp(status.link, "up") != 0 || strcmp(status.life, "running") != 0);
	w->finishing = false;
}

static unsigned
count_descriptors(void)
{
	struct pollfd fds[FDS_MAX];
	unsigned count = 0;

	for (int fd = 0; fd < (int)ARRAY_LENGTH(fds); fd++)
		fds[fd] = (struct pollfd){.fd = fd};
	(void)poll(fds, ARRAY_LENGTH(fds), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(fds); i++)
		count += (fds[i].revents & POLLNVAL) == 0;
	return count;
}

/* Whatever was withheld or has no end ends by the stop. */
static void
finish(struct world *w)
{
	for (unsigned i = 0; i < w->app_count; i++)
		w->apps[i].harmed |= w->plan->never;
	w->finishing = true;
	world_go_on(w);
	for (unsigned i = 0; i < w->app_count && !w->plan->never; i++)
		if (!w->plan->without_end && !w->apps[i].harmed)
			check_end(w, &w->apps[i]);
	stop(w, 0);
	check(w);
	for (unsigned i = 0; i < w->app_count; i++) {
		const struct app *a = &w->apps[i];
		check_end(w, a);
		world_totals.finished += a->claimed && a->read_error == 0 &&
		    a->write_error == 0;
		world_totals.failed += a->read_error != 0 || a->write_error != 0;
	}
	for (unsigned i = 0; i < w->starts_asked; i++)
		world_must(w, w->started[i] == 1, "every start completes");
	for (unsigned i = 0; i < w->stops_asked; i++)
		world_must(w, w->stopped[i] == 1, "every stop completes");
	while (w->stale_count > 0)
		say_stale(w, 0);
}

struct world *
world_begin(const struct world_plan *plan, struct chooser chooser,
    const struct world_outside *outside)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct provider_options options = {
	    .kind = plan->kind,
	    .flow_socket_path = outside ? outside->flow_path : peers_flow_path,
	    .control_socket_path = outside ? outside->control_path : peers_control_path,
	    .build = "test",
	    .fail_closed = plan->fail_closed,
	    .claim_quic = true,
	    .flows_max = plan->flows_max,
	};

	*w = (struct world){.plan = plan, .left = *plan, .chooser = chooser,
	    .outside = outside, .now_ms = 1, .wake_ms = PROVIDER_NEVER,
	    .flow_fd = -1, .control_fd = -1};
	peers_open(w);
	w->descriptors = count_descriptors();
	w->provider = provider_new(&options, &world_flow_ops, &host_ops, w);
	world_must(w, w->provider != NULL, "there is memory");
	if (plan->is_up)
		come_up(w);
	return w;
}

void
world_end(struct world *w)
{
	finish(w);
	provider_free(w->provider);
	peers_close(w);
	/* A daemon that died and did not come back lacks its two listeners. */
	unsigned missing = w->outside == NULL && !w->is_alive ? 2 : 0;
	world_must(w, count_descriptors() == w->descriptors - missing,
	    "no descriptor is left");
	free(w);
}

unsigned
world_run(const struct world_plan *plan, struct chooser chooser,
    const struct world_outside *outside)
{
	struct world *w = world_begin(plan, chooser, outside);

	world_go_on(w);
	unsigned steps = w->step;
	world_end(w);
	return steps;
}

/* --- choosers --- */

static unsigned
choose_at_random(void *context, unsigned count)
{
	struct chooser_random *r = context;

	/* Marsaglia, "Xorshift RNGs" (2003), section 4. */
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (unsigned)((r->state * 0x2545f4914f6cdd1du) >> 33) % count;
}

struct chooser
chooser_by_seed(struct chooser_random *r, uint64_t seed)
{
	r->state = seed * 0x9e3779b97f4a7c15u + 1;
	(void)snprintf(r->name, sizeof(r->name), "seed %llu",
	    (unsigned long long)seed);
	return (struct chooser){choose_at_random, r, r->name};
}

static unsigned
choose_each(void *context, unsigned count)
{
	struct chooser_each *e = context;

	if (e->depth == CHOICES_MAX)
		return 0;
	if (e->depth == e->length) {
		e->chosen[e->length] = 0;
		e->length++;
	}
	e->count[e->depth] = count;
	return e->chosen[e->depth++];
}

struct chooser
chooser_one_by_one(struct chooser_each *e)
{
	e->depth = 0;
	return (struct chooser){choose_each, e, "one after the other"};
}

bool
chooser_next(struct chooser_each *e)
{
	while (e->length > 0) {
		unsigned last = e->length - 1;
		if (++e->chosen[last] < e->count[last])
			return true;
		e->length--;
	}
	return false;
}

static unsigned
choose_by_bytes(void *context, unsigned count)
{
	struct chooser_bytes *b = context;

	return b->used < b->length ? b->bytes[b->used++] % count : 0;
}

struct chooser
chooser_by_bytes(struct chooser_bytes *b)
{
	return (struct chooser){choose_by_bytes, b, "bytes"};
}
