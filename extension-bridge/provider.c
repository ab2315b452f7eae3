/* SPDX-License-Identifier: ISC */
/*
 * The provider: its life between start and stop, which flows it claims, and when
 * it has to be woken. Extension (macOS); its queue.
 */
#include "extension-bridge/provider.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/endpoint.h"
#include "base/err.h"
#include "extension-bridge/handoff.h"
#include "extension-bridge/provider_parts.h"

#define APPLY_MS 5000u
#define NEWS_BYTES 256u
#define PORT_DNS 53
#define PORT_QUIC 443
/* Descriptors that are not for flows: the link, and the system's own. */
#define DESCRIPTORS_APART 64u
#define FLOWS_MIN 64u
#define FLOWS_DEFAULT_MAX 65536u
/* Flows are looked at together, not each at its own millisecond. */
#define TICK_MS_MIN 50u

/* --- what the parts share --- */

uint64_t
provider_token(struct provider *p, uint32_t slot)
{
	return ++p->serial << 24 | ((slot + 1u) & 0xffffffu);
}

uint64_t
provider_now(struct provider *p)
{
	return p->host_ops->now_ms(p->host);
}

void
provider_wake_by(struct provider *p, uint64_t when_ms)
{
	if (when_ms >= p->wake_ms)
		return;
	p->wake_ms = when_ms;
	p->host_ops->wake_at(p->host, when_ms);
}

void
provider_tell(struct provider *p, enum provider_news news, const char *format, ...)
{
	char words[NEWS_BYTES];
	va_list arguments;

	if (p->host_ops->tell == NULL)
		return;
	va_start(arguments, format);
	(void)vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	p->host_ops->tell(p->host, news, words);
}

uint8_t *
provider_spare(struct provider *p)
{
	if (p->spare == NULL)
		p->spare = malloc(READ_BYTES);
	return p->spare;
}

bool
provider_would_block(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR ||
	    error == ENOBUFS;
}

/* Only writability is asked for: otherwise some systems tell of either end. */
bool
provider_peer_is_gone(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

const char *
provider_name(enum provider_kind kind)
{
	return kind == PROVIDER_DNS ? "macos-dns" : "macos";
}

/* --- life --- */

static void
become(struct provider *p, enum life_event event)
{
	p->life = provider_next(MACHINE_LIFE, p->life, event);
}

/* False: too many wait. */
static bool
await(struct provider_calls *calls, uint64_t number)
{
	if (calls->count == CALLS_MAX)
		return false;
	calls->numbers[calls->count++] = number;
	return true;
}

/* They may start anew from within: those are not of these. */
static void
complete_starts(struct provider *p, int error)
{
	const struct provider_calls starts = p->starts;

	p->starts.count = 0;
	for (size_t i = 0; i < starts.count; i++)
		p->host_ops->started(p->host, starts.numbers[i], error);
}

static void
complete_stops(struct provider *p)
{
	const struct provider_calls stops = p->stops;

	p->stops.count = 0;
	for (size_t i = 0; i < stops.count; i++)
		p->host_ops->stopped(p->host, stops.numbers[i]);
}

static void
run(struct provider *p, enum life_event event)
{
	p->applying = event == LIFE_OVERDUE ? p->applying : 0;
	p->apply_deadline_ms = PROVIDER_NEVER;
	become(p, event);
	complete_starts(p, 0);
}

static void
begin(struct provider *p)
{
	p->applying = provider_token(p, SLOT_OF_PROVIDER);
	p->apply_deadline_ms = provider_now(p) + APPLY_MS;
	provider_wake_by(p, p->apply_deadline_ms);
	link_begin(p);
	if (p->life == LIFE_STARTING && p->applying != 0)
		p->host_ops->apply(p->host, p->applying);
}

void
provider_start(struct provider *p, uint64_t start)
{
	enum life_state before = p->life;

	become(p, LIFE_START);
	switch (before) {
	case LIFE_IDLE:
	case LIFE_STARTING:
		if (!await(&p->starts, start))
			p->host_ops->started(p->host, start, E_LIMIT);
		else if (before == LIFE_IDLE)
			begin(p);
		break;
	case LIFE_RUNNING:
		p->host_ops->started(p->host, start, 0);
		break;
	default:
		p->host_ops->started(p->host, start, E_CLOSED);
	}
}

void
provider_applied(struct provider *p, uint64_t token, int error)
{
	if (token != p->applying || token == 0)
		return;
	p->applying = 0;
	if (error != 0)
		provider_tell(p, PROVIDER_NEWS_SETTINGS,
		    "the system refused the network settings (%s)", err_text(error));
	if (p->life != LIFE_STARTING)
		return; /* they came late */
	if (error == 0) {
		run(p, LIFE_APPLIED);
		return;
	}
	p->apply_deadline_ms = PROVIDER_NEVER;
	link_end(p);
	become(p, LIFE_REFUSED);
	complete_starts(p, error);
}

/* A machine whose proxy does not start has no network: so it starts, and no flow
 * comes as long as no settings apply. */
static void
apply_tick(struct provider *p)
{
	if (p->apply_deadline_ms > provider_now(p))
		return;
	p->apply_deadline_ms = PROVIDER_NEVER;
	provider_tell(p, PROVIDER_NEWS_SETTINGS,
	    "the system has not applied the network settings in %u s", APPLY_MS / 1000);
	if (p->life == LIFE_STARTING)
		run(p, LIFE_OVERDUE);
}

static void
settle(struct provider *p)
{
	if (p->life != LIFE_STOPPING || p->flow_count > 0)
		return;
	become(p, LIFE_EMPTY);
	complete_stops(p);
}

void
provider_forget(struct provider *p, uint32_t slot)
{
	p->free_slots[p->free_count++] = slot;
	p->flow_count--;
	settle(p);
}

static void
end(struct provider *p)
{
	p->applying = 0;
	p->apply_deadline_ms = PROVIDER_NEVER;
	link_end(p);
	complete_starts(p, E_CLOSED);
	for (size_t i = 0; i < p->options.flows_max; i++) {
		if (p->flows[i] == NULL)
			continue;
		flow_fail(p->flows[i], E_CLOSED);
		flow_run(p->flows[i]);
	}
	settle(p);
}

void
provider_stop(struct provider *p, uint64_t stop)
{
	enum life_state before = p->life;
	bool awaited = before != LIFE_IDLE && await(&p->stops, stop);

	become(p, LIFE_STOP);
	if (!awaited)
		p->host_ops->stopped(p->host, stop);
	if (before == LIFE_STARTING || before == LIFE_RUNNING)
		end(p);
}

/* --- claims --- */

static bool
wants(const struct provider *p, const struct flow_header *h)
{
	uint16_t port = endpoint_port_of(&h->destination);

	return h->transport == FLOW_STREAM || p->options.kind == PROVIDER_DNS ||
	    port == PORT_DNS || (port == PORT_QUIC && p->options.claim_quic);
}

/* A connection to the daemon that has the header. */
static int
reach_daemon(struct provider *p, const struct flow_header *h, int *fd)
{
	if (!link_stands(p))
		return E_NOTFOUND;
	int error = link_open(p, p->flow_path, fd);
	if (error != 0)
		return error;
	error = handoff_send(*fd, -1, h, NULL, 0);
	if (error != 0)
		p->host_ops->hang_up(p->host, *fd);
	return error;
}

/* Whether one more flow may be claimed. That there is no room is said once. */
static bool
has_room(struct provider *p)
{
	if (p->free_count == 0) {
		if (!p->told_full)
			provider_tell(p, PROVIDER_NEWS_FULL, "%zu flows are claimed: "
			    "no more are until some end", p->options.flows_max);
		p->told_full = true;
		return false;
	}
	p->told_full = p->told_full && p->free_count <= p->options.flows_max / 8;
	return true;
}

/* Where the flow can go. *direct: not to the daemon. */
static int
reach(struct provider *p, const struct flow_header *h, int *fd, bool *direct)
{
	*direct = false;
	if (!has_room(p))
		return E_LIMIT;
	int error = reach_daemon(p, h, fd);
	if (error == 0 || p->options.kind != PROVIDER_DNS || p->options.fail_closed)
		return error;
	*direct = true;
	return direct_open(h, fd);
}

/* To fail closed, a flow must be claimed. */
static bool
refuse(struct provider *p, void *app)
{
	if (!p->options.fail_closed) {
		p->status.declined++;
		return false;
	}
	p->status.refused++;
	p->flow_ops->close_read(app, E_DENIED);
	p->flow_ops->close_write(app, E_DENIED);
	p->flow_ops->release(app);
	return true;
}

/* Begins with the flow, whose socket is open. */
static bool
claim(struct provider *p, void *app, const struct flow_header *h, int fd, bool direct)
{
	if (!flow_begin(p, app, h, fd, direct))
		return refuse(p, app);
	p->status.claimed++;
	p->status.direct += direct;
	return true;
}

bool
provider_handle_flow(struct provider *p, void *app, const struct flow_header *h)
{
	bool direct;
	int fd = -1;

	if (p->life != LIFE_RUNNING || !wants(p, h)) {
		p->status.declined++;
		return false;
	}
	if (reach(p, h, &fd, &direct) != 0)
		return refuse(p, app);
	return claim(p, app, h, fd, direct);
}

bool
provider_handle_own_flow(struct provider *p, void *app, const struct flow_header *h)
{
	int fd = -1;

	if (p->life != LIFE_RUNNING || p->options.kind != PROVIDER_DNS) {
		p->status.declined++;
		return false;
	}
	if (!has_room(p) || direct_open(h, &fd) != 0)
		return refuse(p, app);
	return claim(p, app, h, fd, true);
}

/* --- time --- */

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The next time that anything is due. */
static uint64_t
next_due(const struct provider *p)
{
	uint64_t due = earlier(p->link.deadline_ms, p->apply_deadline_ms);

	for (size_t i = 0; p->flow_count > 0 && i < p->options.flows_max; i++)
		if (p->flows[i] != NULL)
			due = earlier(due, p->flows[i]->deadline_ms);
	return due;
}

static void
expire_flows(struct provider *p)
{
	uint64_t now = provider_now(p);

	for (size_t i = 0; p->flow_count > 0 && i < p->options.flows_max; i++)
		if (p->flows[i] != NULL && p->flows[i]->deadline_ms <= now)
			flow_time_out(p->flows[i]);
}

void
provider_tick(struct provider *p)
{
	p->wake_ms = PROVIDER_NEVER;
	apply_tick(p);
	link_tick(p);
	expire_flows(p);
	uint64_t due = next_due(p);
	if (due != PROVIDER_NEVER && due < provider_now(p) + TICK_MS_MIN)
		due = provider_now(p) + TICK_MS_MIN;
	p->wake_ms = PROVIDER_NEVER;
	provider_wake_by(p, due);
}

void
provider_woke(struct provider *p)
{
	link_hurry(p);
	provider_tick(p);
}

/* --- making one --- */

/* Raises the limit of descriptors as far as it goes; how many flows it allows. */
static size_t
flows_possible(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return FLOWS_MIN;
	rlim_t was = limit.rlim_cur;
	limit.rlim_cur = limit.rlim_max;
	/* Some systems say that there is no limit, and then refuse it. */
	if (limit.rlim_max > FLOWS_DEFAULT_MAX)
		limit.rlim_cur = FLOWS_DEFAULT_MAX;
	/* And some refuse what is more than the whole system may have open. */
	while (limit.rlim_cur > was && setrlimit(RLIMIT_NOFILE, &limit) != 0)
		limit.rlim_cur /= 2;
	if (limit.rlim_cur < was)
		limit.rlim_cur = was;
	if (limit.rlim_cur <= FLOWS_MIN + DESCRIPTORS_APART)
		return FLOWS_MIN;
	return (size_t)earlier(limit.rlim_cur - DESCRIPTORS_APART, FLOWS_DEFAULT_MAX);
}

static bool
make_slots(struct provider *p)
{
	size_t count = p->options.flows_max;

	p->flows = calloc(count, sizeof(struct provider_flow *));
	p->free_slots = calloc(count, sizeof(*p->free_slots));
	if (p->flows == NULL || p->free_slots == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		p->free_slots[i] = (uint32_t)(count - 1 - i); /* the first on top */
	p->free_count = count;
	return true;
}

static void
let_go(struct provider *p)
{
	free(p->flow_path);
	free(p->control_path);
	free(p->build);
	free(p->flows);
	free(p->free_slots);
	free(p->spare);
	free(p);
}

struct provider *
provider_new(const struct provider_options *options,
    const struct provider_flow_ops *flow_ops,
    const struct provider_host_ops *host_ops, void *host)
{
	struct provider *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->options = *options;
	p->flow_ops = flow_ops;
	p->host_ops = host_ops;
	p->host = host;
	p->wake_ms = p->apply_deadline_ms = PROVIDER_NEVER;
	link_init(&p->link);
	p->flow_path = strdup(options->flow_socket_path);
	p->control_path = strdup(options->control_socket_path);
	p->build = strdup(options->build);
	if (p->options.flows_max == 0)
		p->options.flows_max = flows_possible();
	p->options.flows_max = (size_t)earlier(p->options.flows_max, SLOTS_MAX);
	if (p->flow_path == NULL || p->control_path == NULL || p->build == NULL ||
	    !make_slots(p)) {
		let_go(p);
		return NULL;
	}
	return p;
}

void
provider_free(struct provider *p)
{
	if (p == NULL)
		return;
	if (p->life == LIFE_STARTING || p->life == LIFE_RUNNING) {
		become(p, LIFE_STOP);
		end(p);
	}
	if (p->wake_ms != PROVIDER_NEVER)
		p->host_ops->wake_at(p->host, PROVIDER_NEVER);
	let_go(p);
}

void
provider_get_status(const struct provider *p, struct provider_status *out)
{
	*out = p->status;
	out->life = provider_machines[MACHINE_LIFE].states[p->life];
	out->link = provider_machines[MACHINE_LINK].states[p->link.state];
	out->flows = p->flow_count;
	out->answered_ms = p->link.answered_ms;
}
