/* SPDX-License-Identifier: ISC */
/*
 * The worker: accepts flows, waits for what they wait for, and steps them. It
 * is the one place that touches the poller for flows. It parses hostile bytes,
 * so it holds no CA key, opens no file once it has begun, and can die without
 * harm to other workers' flows or to records already committed.
 */
#include "daemon/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mbedtls/platform_util.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/shm.h"
#include "daemon/os.h"
#include "daemon/process.h"
#include "daemon/sandbox.h"
#include "daemon/wake.h"
#include "mitm/charset.h"
#include "mitm/policy_list.h"
#include "mitm/redact_rules.h"

#define ACCEPTS_PER_TURN 64
#define ACCEPT_AGAIN_MS 100
#define FLOW_DESCRIPTORS 2u /* client and server; before: bridge and passed */
#define OWN_DESCRIPTORS 48u /* rings, sockets, control's clients */
#define DESCRIPTORS_MAX (1u << 20)
#define PROCESSES_KEPT 512u
#define DNS_MEMORY_BYTES (32u * 1024 * 1024) /* of questions that wait */

void
worker_tick(struct worker *w)
{
	w->host.now_us = clock_wall_us();
	w->host.tick_ms = clock_tick_ms();
}

/* --- the poller --- */

static void
on_ready(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct worker_flow *wf = context;

	worker_tick(wf->worker);
	worker_step(wf);
}

static void
unwatch(void *context)
{
	struct watch *watch = context;

	if (watch->added)
		(void)event_del(&watch->event);
	watch->added = false;
}

/* Registers what the side waits for, if that is not what is registered. */
static void
watch_side(struct worker_flow *wf, struct watch *watch, const struct side *side)
{
	short what = (short)((side->want_read ? EV_READ : 0) |
	    (side->want_write ? EV_WRITE : 0));

	if (side->fd < 0)
		what = 0;
	if (watch->added && watch->what == what)
		return;
	unwatch(watch);
	if (what == 0)
		return;
	watch->what = what;
	if (event_assign(&watch->event, wf->worker->role.base, side->fd,
	        (short)(what | EV_PERSIST), on_ready, wf) == 0 &&
	    event_add(&watch->event, NULL) == 0)
		watch->added = true;
	else
		diag_error("cannot wait for descriptor %d: %s", side->fd,
		    strerror(errno));
}

static void
watch_closing(struct side *side, struct watch *watch)
{
	side->unwatch = unwatch;
	side->watch = watch;
}

/* A timer that fires too early is set again then: moving a deadline away costs
 * nothing. */
static void
watch_deadline(struct worker_flow *wf)
{
	const struct flow *flow = wf->flow;
	uint64_t now_ms = wf->worker->host.tick_ms, at_ms = flow_wakes_ms(flow);

	if (flow->again) {
		wf->timer_ms = 0;
		event_active(&wf->timer, EV_TIMEOUT, 0);
		return;
	}
	if (at_ms == 0 || (wf->timer_ms != 0 && wf->timer_ms <= at_ms))
		return;
	struct timeval in = clock_timeval(at_ms > now_ms ? at_ms - now_ms : 0);
	wf->timer_ms = at_ms;
	(void)event_add(&wf->timer, &in);
}

static void
accept_more(struct worker *w)
{
	if (!w->draining && w->flow_count < w->role.conf->flow_max)
		(void)event_add(w->accepting, NULL);
}

static void
finish_drain(struct worker *w)
{
	if (w->draining && w->flow_count == 0 && records_flush(w))
		event_base_loopbreak(w->role.base);
}

static void
forget(struct worker_flow *wf)
{
	struct worker *w = wf->worker;

	leafs_forget(wf);
	sources_forget(wf);
	(void)event_del(&wf->timer);
	TAILQ_REMOVE(&w->flows, wf, all);
	flow_free(wf->flow);
	free(wf);
	w->flow_count--;
	accept_more(w);
	counter_set(&w->counters->flows, w->flow_count);
	finish_drain(w);
}

/* After anything that may have changed the flow. */
static void
settle(struct worker_flow *wf)
{
	struct flow *flow = wf->flow;

	if (flow->state == FLOW_STATE_CLOSED) {
		forget(wf);
		return;
	}
	watch_side(wf, &wf->watches[FROM_CLIENT], &flow->client);
	watch_side(wf, &wf->watches[FROM_SERVER], &flow->server);
	watch_deadline(wf);
}

void
worker_step(struct worker_flow *wf)
{
	flow_step(wf->flow);
	settle(wf);
}

static void
on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct worker_flow *wf = context;

	worker_tick(wf->worker);
	wf->timer_ms = 0;
	if (wf->flow->again)
		flow_step(wf->flow);
	else
		flow_expire(wf->flow);
	settle(wf);
}

/* --- accepting --- */

static void
count_processes(struct worker *w)
{
	const struct processes_counts counts = processes_counts(w->host.processes);

	counter_set(&w->counters->processes_asked, counts.asked);
	counter_set(&w->counters->processes_unknown, counts.unknown);
}

static int
add_flow(struct worker *w, int fd)
{
	struct worker_flow *wf = calloc(1, sizeof(*wf));

	if (wf == NULL) {
		(void)close(fd);
		return E_NOMEM;
	}
	wf->worker = w;
	wf->flow = flow_new(&w->host, fd);
	if (wf->flow == NULL) {
		free(wf);
		return E_NOMEM;
	}
	wf->flow->attachment = wf;
	watch_closing(&wf->flow->client, &wf->watches[FROM_CLIENT]);
	watch_closing(&wf->flow->server, &wf->watches[FROM_SERVER]);
	(void)evtimer_assign(&wf->timer, w->role.base, on_timer, wf);
	TAILQ_INSERT_TAIL(&w->flows, wf, all);
	w->flow_count++;
	counter_set(&w->counters->flows, w->flow_count);
	counter_set(&w->counters->flows_total, w->host.flow_count);
	worker_step(wf);
	count_processes(w);
	return 0;
}

/* Whether one more flow can have all the descriptors that it will need: one that
 * was accepted must not fail for want of them. */
static bool
descriptors_left(const struct worker *w)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    (w->flow_count + 1) * FLOW_DESCRIPTORS + OWN_DESCRIPTORS <=
	        limit.rlim_cur;
}

/* As many as the hard limit allows: a worker does nothing but hold them. */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max
	                                                  : DESCRIPTORS_MAX;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		diag_debug("the limit of descriptors stays: %s", strerror(errno));
}

static int
accept_one(struct worker *w)
{
	int fd = accept(w->flow_socket, NULL, NULL);

	if (fd < 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		        errno == ENOMEM
		    ? E_FULL
		    : E_AGAIN;
	if (!worker_welcomes(w, fd) || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		(void)close(fd);
		return 0; /* on with the next */
	}
	return add_flow(w, fd);
}

/* With no descriptor left, new flows wait in the socket's queue for a while;
 * those that are here go on. */
static void
stop_accepting(struct worker *w)
{
	struct timeval in = clock_timeval(ACCEPT_AGAIN_MS);

	(void)event_del(w->accepting);
	if (counter_get(&w->counters->no_descriptor) == 0)
		diag_warning("no descriptor left: new flows wait (raise "
		    "LimitNOFILE, or ulimit -n)");
	counter_add(&w->counters->no_descriptor, 1);
	(void)event_add(w->accept_again, &in);
}

static void
on_accept(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct worker *w = context;
	int error = 0;

	worker_tick(w);
	for (int i = 0; error == 0 && i < ACCEPTS_PER_TURN; i++) {
		if (w->flow_count >= w->role.conf->flow_max) {
			(void)event_del(w->accepting);
			return;
		}
		error = descriptors_left(w) ? accept_one(w) : E_FULL;
	}
	if (error == E_FULL || error == E_NOMEM)
		stop_accepting(w);
}

static void
on_accept_again(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	accept_more(context);
}

/* --- the ring --- */

/* The logger made room: on with what had to wait. */
static void
on_woken(evutil_socket_t fd, short what UNUSED, void *context)
{
	struct worker *w = context;
	struct worker_flow *wf, *next;

	if (!wake_take(fd)) {
		/* The parent is gone, and the logger: nobody takes a record now. */
		event_base_loopbreak(w->role.base);
		return;
	}
	bool was_paused = w->host.paused;
	if (!records_flush(w) || !was_paused)
		return;
	worker_tick(w);
	for (wf = TAILQ_FIRST(&w->flows); wf != NULL; wf = next) {
		next = TAILQ_NEXT(wf, all);
		worker_step(wf);
	}
	finish_drain(w);
}

/* --- settings --- */

static void
add_rules(struct policy *policy, const struct conf_list *rules,
    enum decision decision)
{
	const char *why;

	for (size_t i = 0; i < rules->count; i++)
		if (policy_add(policy, rules->items[i], decision, &why) != 0)
			diag_error("policy: rule '%s' is left out: %s",
			    rules->items[i], why);
}

static enum decision
fallback(unsigned choice)
{
	switch (choice) {
	case CONF_SPLICE:
		return DECIDE_SPLICE;
	case CONF_REFUSE:
		return DECIDE_REFUSE;
	default:
		return DECIDE_INSPECT;
	}
}

static void
compile_policy(struct worker *w)
{
	const struct conf *conf = w->role.conf;
	struct policy *policy = policy_new(fallback(conf->policy_default));

	if (policy == NULL)
		diag_fatal("out of memory");
	add_rules(policy, &conf->policy_inspect, DECIDE_INSPECT);
	add_rules(policy, &conf->policy_splice, DECIDE_SPLICE);
	add_rules(policy, &conf->policy_refuse, DECIDE_REFUSE);
	if (policy_list_compile(policy, w->rules, w->rules_bytes) != 0)
		diag_fatal("the rules of the lists do not fit into memory");
	policy_free(w->policy);
	w->policy = policy;
	w->host.policy = policy;
}

static void
compile_never(struct worker *w)
{
	const struct conf_list *rules = &w->role.conf->bypass_never;
	const char *why;
	size_t wrong;
	struct policy *never =
	    bypass_never_new(rules->items, rules->count, &wrong, &why);

	if (never == NULL)
		diag_fatal("bypass.never: %s", why);
	policy_free(w->never);
	w->never = never;
	w->host.never = never;
}

static void
compile_invalid(struct worker *w)
{
	const struct conf *conf = w->role.conf;
	const char *why;
	size_t wrong;
	struct invalid *invalid =
	    invalid_new((enum conf_invalid)conf->upstream_invalid,
	        &conf->upstream_invalid_hosts, &wrong, &why);

	if (invalid == NULL)
		diag_fatal("upstream.invalid_hosts: %s", why);
	invalid_free(w->invalid);
	w->invalid = invalid;
	w->host.invalid = invalid;
}

static void
compile_redact(struct worker *w)
{
	struct conf_error error;
	struct redact_rules *rules = redact_rules_new(w->role.conf, &error);

	if (rules == NULL)
		diag_fatal("%s", error.text);
	redact_rules_unref(w->host.redact_rules);
	w->host.redact_rules = rules;
}

static void
compile_sample(struct worker *w)
{
	const struct conf *conf = w->role.conf;
	const char *why;
	size_t wrong;
	struct sample *sample = sample_new(conf->capture_sample,
	    &conf->capture_sample_hosts, &wrong, &why);

	if (sample == NULL)
		diag_fatal("capture.sample_hosts: %s", why);
	sample_free(w->sample);
	w->sample = sample;
	w->host.sample = sample;
}

/* None where all is logged; a flow has its own reference. */
static void
compile_capture_rules(struct worker *w)
{
	const struct conf_list *lines = &w->role.conf->capture_rules;
	struct capture_rules_error error = {0};
	struct capture_rules *rules =
	    lines->count == 0 ? NULL : capture_rules_new(lines, &error);

	if (rules == NULL && lines->count > 0)
		diag_fatal("capture.rules: %s", error.why);
	capture_rules_release(w->host.capture_rules);
	w->host.capture_rules = rules;
}

/* Compiled when the settings that belong to them come. */
static void
take_rules(struct worker *w, const struct msg *m)
{
	struct msg_memory head;

	memcpy(&head, m->payload, sizeof(head));
	shm_unmap(w->rules, w->rules_bytes);
	w->rules_bytes = head.bytes;
	w->rules = head.bytes == 0 ? NULL : shm_map(m->fd, head.bytes);
	(void)close(m->fd);
	if (w->rules == NULL && head.bytes > 0)
		diag_fatal("cannot map the rules: %s", strerror(errno));
}

static void
take_client_certificates(struct worker *w, const struct msg *m)
{
	struct msg_memory head;
	struct client_certificates *all = client_certificates_new();

	memcpy(&head, m->payload, sizeof(head));
	uint8_t *bytes = head.bytes == 0 ? NULL : shm_map(m->fd, head.bytes);
	(void)close(m->fd);
	if (all == NULL || (bytes == NULL && head.bytes > 0) ||
	    client_certificates_read(all, bytes, head.bytes) != 0)
		diag_fatal("the client certificates cannot be taken");
	if (bytes != NULL)
		mbedtls_platform_zeroize(bytes, head.bytes);
	shm_unmap(bytes, head.bytes);
	client_certificates_free(w->client_certificates);
	w->client_certificates = all;
	w->host.client_certificates = all;
}

static void
watch_starttls(struct worker *w)
{
	const struct conf_list *names = &w->role.conf->policy_starttls;
	size_t wrong;

	if (starttls_set(names->items, names->count, &w->host.starttls, &wrong) != 0)
		diag_fatal("policy.starttls: '%s' is no such protocol",
		    names->items[wrong]);
}

/* The texts stay the settings', which live as long. */
static const char *const *
list_of(const struct conf_list *list)
{
	return (const char *const *)list->items;
}

static void
configure(struct role *r)
{
	struct worker *w = r->context;
	const struct conf *conf = r->conf;

	compile_policy(w);
	trust_configure(w);
	compile_never(w);
	compile_invalid(w);
	compile_redact(w);
	watch_starttls(w);
	peers_configure(w);
	compile_capture_rules(w);
	compile_sample(w);
	leafs_set_key_life(w->host.leafs, conf->leaf_key_life_ms);
	w->host.conf = conf;
	w->host.bodies.limit_bytes = conf->capture_held_bytes;
	w->host.writer.redact_headers = list_of(&conf->capture_redact_headers);
	w->host.writer.redact_count = conf->capture_mode == CONF_CAPTURE_FULL
	    ? 0 : conf->capture_redact_headers.count;
}

/* --- the role --- */

/* What the first signer says is not read before there is a place for it. */
static void
take_signer(struct worker *w, int fd)
{
	if (w->host.leafs != NULL) {
		leafs_connect(w, fd);
		return;
	}
	if (w->first_signer >= 0)
		(void)close(w->first_signer);
	w->first_signer = fd;
}

/* Our number is not known yet. */
static void
take_names(struct worker *w, const struct msg *m)
{
	struct msg_names head;

	memcpy(&head, m->payload, sizeof(head));
	w->names = (struct dns_names){.seed = head.seed, .writers = head.writers,
	    .sets = head.sets};
	w->names.slots = shm_map(m->fd, dns_names_bytes(head.writers, head.sets));
	(void)close(m->fd);
	if (w->names.slots == NULL)
		diag_fatal("cannot map the names: %s", strerror(errno));
}

static void
on_message(struct role *r, struct msg *m)
{
	struct worker *w = r->context;

	switch (m->type) {
	case MSG_RING:
		sink_take_ring(&w->sink, m);
		break;
	case MSG_WAKE:
		sink_take_wake(&w->sink, m);
		break;
	case MSG_FLOW_SOCKET:
		w->flow_socket = m->fd;
		break;
	case MSG_CONTROL_SOCKET:
		w->control_socket = m->fd;
		break;
	case MSG_SIGNER_CHANNEL:
		take_signer(w, m->fd);
		break;
	case MSG_NAMES:
		take_names(w, m);
		break;
	case MSG_KEYLOG:
		keylog_use(&w->keylog, m->fd);
		break;
	case MSG_KEYLOG_OFF:
		keylog_use(&w->keylog, -1);
		break;
	case MSG_TRUST:
		trust_take_roots(w, m);
		break;
	case MSG_CRL:
		trust_take_crl(w, m->fd);
		break;
	case MSG_CRLS_DONE:
		trust_take_crls_done(w);
		break;
	case MSG_RULES:
		take_rules(w, m);
		break;
	case MSG_CLIENT_CERTIFICATES:
		take_client_certificates(w, m);
		break;
	case MSG_BYPASS:
		bypasses_take(w, m);
		break;
	case MSG_SOURCE:
		sources_take(w, m);
		break;
	case MSG_BYPASS_ANSWER:
		control_answered(w->control, m);
		break;
	case MSG_RELOADED:
		control_reloaded(w->control, m);
		break;
	default:
		if (m->fd >= 0)
			(void)close(m->fd);
		break;
	}
}

static void
prepare(struct role *r)
{
	struct worker *w = r->context;

	os_hide_memory();
	if (w->flow_socket < 0 ||
	    w->control_socket < 0 || r->index == 0 || r->index > WORKERS_MAX)
		diag_fatal("the parent did not send all that a worker needs");
	w->counters = &r->board->workers[r->index - 1];
	forwarders_open(&w->forwarders, w->counters->forwarders);
	sink_open(&w->sink, &w->counters->ring);
}

static void
prepare_host(struct worker *w)
{
	struct flow_host *h = &w->host;
	const struct leafs_options leafs = {.limit = w->role.conf->leaf_cache,
	    .make_rsa = leafs_make_rsa, .context = w};

	h->context = w;
	h->trust = &w->trust;
	h->keylog = &w->keylog;
	h->chains = chains_new(w->role.conf->upstream_verdicts);
	h->sessions = sessions_new(w->role.conf->upstream_sessions);
	h->tickets = tickets_new();
	h->leafs = leafs_new(&leafs, clock_tick_ms());
	h->scratch = malloc(SIDE_WRITE_BYTES);
	dns_memory_init(&h->dns_memory, DNS_MEMORY_BYTES);
	h->worker = w->role.index;
	h->flow_count = counter_get(&w->counters->flows_total);
	h->writer.run_id = w->role.run_id;
	h->writer.hostname = w->role.hostname;
	h->writer.writer = w->role.index;
	h->bypass = w->bypasses;
	h->dns_names = &w->names;
	h->processes = processes_new(PROCESSES_KEPT, process_look_up);
	w->names.writer = w->role.index - 1;
	h->request_leaf = leafs_request;
	h->find_source = sources_ask;
	h->on_bypass = bypasses_report;
	h->on_header = records_on_header;
	h->on_http = records_on_http;
	h->on_body = records_on_body;
	h->on_websocket = records_on_websocket;
	h->on_dns = records_on_dns;
	h->on_tls = records_on_tls;
	h->on_flow = records_on_flow;
	if (side_io_init(&h->io) != 0 || h->chains == NULL || h->sessions == NULL ||
	    h->tickets == NULL || h->leafs == NULL || h->processes == NULL ||
	    h->scratch == NULL)
		diag_fatal("out of memory");
}

static void
begin(struct role *r)
{
	struct worker *w = r->context;

	raise_descriptor_limit();
	charset_load_all(); /* from files, which the sandbox will forbid */
	prepare_host(w);
	configure(r);
	if (w->first_signer >= 0)
		leafs_connect(w, w->first_signer);
	sandbox_enter(SANDBOX_WORKER, NULL);
	w->accepting = event_new(r->base, w->flow_socket, EV_READ | EV_PERSIST,
	    on_accept, w);
	w->accept_again = evtimer_new(r->base, on_accept_again, w);
	w->woken = event_new(r->base, w->sink.wake_fd, EV_READ | EV_PERSIST, on_woken, w);
	w->control = control_new(w, w->control_socket);
	if (w->accepting == NULL || w->accept_again == NULL || w->woken == NULL ||
	    w->control == NULL || event_add(w->woken, NULL) != 0)
		diag_fatal("out of memory");
	worker_tick(w);
	accept_more(w);
}

static void
close_all(struct worker *w)
{
	struct worker_flow *wf;

	worker_tick(w);
	while ((wf = TAILQ_FIRST(&w->flows)) != NULL) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): TAILQ_REMOVE misread */
		flow_close(wf->flow, CLOSE_SHUTDOWN, NULL);
		settle(wf);
	}
}

static void
on_drain_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct worker *w = context;

	close_all(w);
	finish_drain(w);
}

static void
drain(struct role *r, bool hurry)
{
	struct worker *w = r->context;
	const struct timeval in =
	    clock_timeval(r->conf != NULL ? r->conf->drain_timeout_ms : 0);

	w->draining = true;
	if (w->accepting == NULL) {
		event_base_loopbreak(r->base); /* it has not begun */
		return;
	}
	(void)event_del(w->accepting);
	if (hurry) {
		const struct timeval most = {.tv_sec = ORPHAN_LIFE_S};
		(void)event_base_loopexit(r->base, &most);
		close_all(w);
		finish_drain(w); /* or when the logger has made room */
		return;
	}
	w->drain_timer = evtimer_new(r->base, on_drain_timeout, w);
	if (w->drain_timer == NULL || event_add(w->drain_timer, &in) != 0)
		close_all(w);
	finish_drain(w);
}

int
worker_main(void)
{
	static struct worker w = {
	    .role = {.name = "worker", .kind = PRIVILEGES_WORKER,
	        .on_message = on_message,
	        .prepare = prepare, .begin = begin, .configure = configure,
	        .drain = drain},
	    .flow_socket = -1,
	    .control_socket = -1,
	    .first_signer = -1,
	    .keylog = {.fd = -1},
	};

	w.role.context = &w;
	w.signer.fd = -1;
	sink_init(&w.sink);
	mbedtls_x509_crt_init(&w.own_cas);
	TAILQ_INIT(&w.flows);
	TAILQ_INIT(&w.unsourced);
	TAILQ_INIT(&w.mints);
	trust_init(&w.trust);
	w.bypasses = bypass_new(NULL, NULL);
	if (w.bypasses == NULL)
		diag_fatal("out of memory");
	return role_run(&w.role);
}
