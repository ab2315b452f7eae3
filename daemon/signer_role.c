/* SPDX-License-Identifier: ISC */
/*
 * The signer: the only process that has the CA's key in its memory. It answers
 * workers' requests with leaf certificates, by the rules of ca/signer.c, writes a
 * record of each into a ring of its own, and has no socket to anyone else but the
 * parent and the logger. It makes the CA when there is none, and
 * the one that follows it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"
#include "ca/issue.h"
#include "ca/renewal.h"
#include "ca/signer.h"
#include "daemon/os.h"
#include "daemon/role.h"
#include "daemon/sandbox.h"
#include "daemon/sink.h"
#include "daemon/wake.h"
#include "log/record.h"
#include "mitm/certificate.h"

#define SIGNER_WRITER RINGS_MAX /* workers are 1 to WORKERS_MAX, the logger is 0 */
#define LEAF_BYTES_MAX (63u * 1024)
#define CHAIN_BYTES_MAX (63u * 1024)
#define DUE_LOOK_S 3600 /* the clock may be set meanwhile */

struct signer_role {
	struct role role;
	struct signer *signer;
	struct channel workers[WORKERS_MAX];
	struct sink sink;
	struct event *woken;
	struct record_writer writer;
	struct renewal renewal;
	struct event *due; /* for the renewal's next step */
};

/* --- the CA --- */

/* What is said of it, when there is a record to say it in. */
static const struct {
	const char *action, *words;
} news[] = {
    [RENEWAL_MADE] = {NULL, "made a new CA"}, /* not news: the first start */
    [RENEWAL_NEXT] = {"ca_next", "made the CA that is to follow, to be trusted "
        "before leaves come from it (sightglass ca show, ca export)"},
    [RENEWAL_SWITCHED] = {"ca_renewed", "leaves come from the new CA now"},
    [RENEWAL_ENDING] = {"ca_ends", "ca.certificate, or one above it, ends in less "
        "than ca.renew_before: provide the CA that is to follow"},
};

static void
prepare(struct role *r)
{
	static struct ca ca;
	struct signer_role *s = r->context;
	char words[256];

	os_hide_memory();
	if (renewal_load(r->conf, r->hostname, (int64_t)time(NULL), &ca,
	        &s->renewal, words) != 0)
		diag_fatal("%s", words);
	if (words[0] != '\0')
		diag_error("%s", words);
	const struct signer_options options = {
	    .validity_s = (int64_t)(r->conf->leaf_validity_ms / 1000),
	    .rate = (unsigned)r->conf->leaf_rate,
	    .workers = WORKERS_MAX,
	    .cache = r->conf->leaf_signer_cache,
	};
	s->signer = signer_new(&ca, &options);
	if (s->signer == NULL)
		diag_fatal("out of memory");
	sink_open(&s->sink, &r->board->signer_ring);
	s->writer = (struct record_writer){.run_id = r->run_id,
	    .writer = SIGNER_WRITER, .hostname = r->hostname};
}

/* What workers send behind their leaves, and what no server may have. A worker
 * that is gone needs none. */
static void
send_ca(struct signer_role *s, struct channel *worker)
{
	const struct ca *next = s->renewal.next;
	struct msg_ca head = {0};
	struct buf text;

	buf_init(&text, CHAIN_BYTES_MAX);
	int error = signer_chain(s->signer, &text);
	head.chain_bytes = (uint32_t)buf_length(&text);
	if (error == 0 && next != NULL) {
		head.next_bytes = (uint32_t)next->certificate.raw.len;
		error = buf_append(&text, next->certificate.raw.p, head.next_bytes);
	}
	if (error != 0)
		diag_fatal("the CA's chain is longer than %u bytes", CHAIN_BYTES_MAX);
	if (channel_send2(worker, MSG_CA, &head, sizeof(head), buf_data(&text),
	        buf_length(&text)) != 0)
		diag_warning("a worker is gone already");
	buf_free(&text);
}

/* --- its renewal --- */

static void
schedule(struct signer_role *s)
{
	int64_t in_s = s->renewal.due_s - (int64_t)time(NULL);
	const struct timeval in = {.tv_sec = (time_t)(in_s < 1 ? 1
	    : in_s > DUE_LOOK_S ? DUE_LOOK_S : in_s)};

	if (s->renewal.due_s != INT64_MAX)
		(void)event_add(s->due, &in);
}

/* From the sandbox no file can be written: the next signer does it at its start,
 * and workers ask it what this one has not answered. */
static void
on_due(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct signer_role *s = context;

	if ((int64_t)time(NULL) < s->renewal.due_s) {
		schedule(s);
		return;
	}
	if (channel_send(&s->role.parent, MSG_AGAIN, NULL, 0, -1) != 0)
		diag_warning("the parent does not listen");
}

/* --- records --- */

static void
write_record(struct signer_role *s, const struct mint_event *event)
{
	buf_clear(&s->sink.line);
	int error = record_mint(&s->writer, sink_sequence(&s->sink), event,
	    &s->sink.line);
	if (error != 0)
		diag_error("a mint record could not be built: %s", err_text(error));
	else
		(void)sink_commit(&s->sink); /* the workers pause, not the signer */
}

static void
describe_leaf(const struct buf *der, struct certificate_facts *out)
{
	mbedtls_x509_crt crt;

	mbedtls_x509_crt_init(&crt);
	if (mbedtls_x509_crt_parse_der(&crt, buf_data(der), buf_length(der)) == 0)
		certificate_describe(&crt, out);
	mbedtls_x509_crt_free(&crt);
}

/* der is empty for a request that was refused with `error`. */
static void
record(struct signer_role *s, const struct signer_request *request, int error,
    const struct buf *der)
{
	static const char *const kinds[] = {[ISSUE_KEY_NONE] = NULL,
	    [ISSUE_KEY_P256] = "p256", [ISSUE_KEY_RSA] = "rsa"};
	static char texts[NAMES_MAX][NAME_TEXT_BYTES];
	static const char *names[NAMES_MAX];
	struct mint_event event = {
	    .time_us = request->now_us,
	    .duration_us = clock_wall_us() - request->now_us,
	    .worker = request->worker + 1,
	    .key = kinds[issue_key_kind(request->public_key,
	        request->public_key_length)],
	    .refused = error == 0 ? NULL : err_name(error),
	    .names = names,
	    .name_count = request->names->count,
	};

	for (size_t i = 0; i < event.name_count; i++) {
		name_text(&request->names->items[i], texts[i]);
		names[i] = texts[i];
	}
	if (error == 0)
		describe_leaf(der, &event.leaf);
	write_record(s, &event);
}

static void
tell_news(struct signer_role *s)
{
	enum renewal_done done = s->renewal.done;
	const struct daemon_event event = {.time_us = clock_wall_us(),
	    .action = news[done].action, .role = "signer",
	    .message = news[done].words};

	if (done == RENEWAL_NOTHING)
		return;
	if (done == RENEWAL_ENDING)
		diag_warning("%s", event.message);
	else if (done == RENEWAL_SWITCHED)
		diag_info("%s, in %s", event.message, s->role.conf->ca_dir);
	else
		diag_info("%s, '%s', in %s", event.message, s->renewal.name,
		    s->role.conf->ca_dir);
	if (event.action == NULL)
		return;
	buf_clear(&s->sink.line);
	if (record_daemon(&s->writer, sink_sequence(&s->sink), &event,
	        &s->sink.line) == 0)
		(void)sink_commit(&s->sink);
}

/* The logger made room. */
static void
on_woken(evutil_socket_t fd, short what UNUSED, void *context)
{
	struct signer_role *s = context;

	if (!wake_take(fd))
		event_base_loopbreak(s->role.base); /* the parent and logger are gone */
	else if (!sink_flush(&s->sink))
		return; /* it will be woken again */
}

/* --- requests --- */

static void
answer(struct channel *worker, uint64_t ticket, int error, const struct buf *der)
{
	const struct msg_leaf head = {.ticket = ticket, .error = error};

	if (channel_send2(worker, MSG_LEAF, &head, sizeof(head), buf_data(der),
	        error == 0 ? buf_length(der) : 0) != 0)
		diag_warning("a worker went before its leaf was signed");
}

/* The worker's key and the names, as msgs.h describes them. */
static int
read_request(const struct msg *m, struct names *names,
    struct signer_request *out)
{
	struct msg_mint head;
	size_t rest = m->length - sizeof(head);

	memcpy(&head, m->payload, sizeof(head));
	if (head.key_length > rest)
		return E_CORRUPT;
	out->names = names;
	out->public_key = m->payload + sizeof(head);
	out->public_key_length = head.key_length;
	int used = names_read(names, out->public_key + head.key_length,
	    rest - head.key_length);
	return used < 0 ? used : 0;
}

static void
count(struct signer_role *s, int error, bool minted)
{
	struct board *b = s->role.board;

	counter_add(error == E_LIMIT ? &b->leaves_delayed
	    : error != 0 ? &b->leaves_refused
	    : minted ? &b->leaves : &b->leaves_again, 1);
}

/* The rate is met in silence, but for the counter: the worker asks again. */
static void
on_worker_message(void *context, struct channel *worker, struct msg *m)
{
	static struct names names;
	struct signer_role *s = context;
	struct signer_request request = {
	    .worker = (unsigned)(worker - s->workers), .now_us = clock_wall_us()};
	struct msg_mint head;
	struct buf der;
	bool minted = true;

	memcpy(&head, m->payload, sizeof(head));
	buf_init(&der, LEAF_BYTES_MAX);
	int error = read_request(m, &names, &request);
	bool understood = error == 0;
	if (error == 0)
		error = signer_answer(s->signer, &request, &minted, &der);
	count(s, error, minted);
	if (understood && minted && error != E_LIMIT)
		record(s, &request, error, &der); /* first: nobody has it unrecorded */
	answer(worker, head.ticket, error, &der);
	if (error != 0 && error != E_LIMIT)
		diag_warning("a leaf was not signed: %s", err_text(error));
	buf_free(&der);
}

static void
on_worker_closed(void *context UNUSED, struct channel *worker UNUSED)
{
	/* The parent brings the next one. */
}

static void
add_worker(struct signer_role *s, const struct msg *m)
{
	struct msg_index at;

	memcpy(&at, m->payload, sizeof(at));
	if (at.index >= WORKERS_MAX)
		diag_fatal("worker %u is one too many", at.index);
	struct channel *c = &s->workers[at.index];
	if (c->fd >= 0)
		channel_close(c);
	if (channel_open(c, s->role.base, m->fd, FROM_WORKER) != 0)
		diag_fatal("cannot open a worker's channel: %s", strerror(errno));
	c->on_message = on_worker_message;
	c->on_closed = on_worker_closed;
	c->context = s;
	if (s->signer != NULL)
		send_ca(s, c);
}

static void
on_message(struct role *r, struct msg *m)
{
	struct signer_role *s = r->context;

	if (m->type == MSG_SIGNER_CHANNEL)
		add_worker(s, m);
	else if (m->type == MSG_RING)
		sink_take_ring(&s->sink, m);
	else if (m->type == MSG_WAKE)
		sink_take_wake(&s->sink, m);
	else if (m->fd >= 0)
		(void)close(m->fd);
}

static void
begin(struct role *r)
{
	struct signer_role *s = r->context;

	sandbox_enter(SANDBOX_SIGNER, NULL);
	s->woken = event_new(r->base, s->sink.wake_fd, EV_READ | EV_PERSIST,
	    on_woken, s);
	s->due = evtimer_new(r->base, on_due, s);
	if (s->woken == NULL || s->due == NULL || event_add(s->woken, NULL) != 0)
		diag_fatal("out of memory");
	tell_news(s);
	schedule(s);
	for (size_t i = 0; i < WORKERS_MAX; i++)
		if (s->workers[i].fd >= 0)
			send_ca(s, &s->workers[i]);
}

static void
configure(struct role *r)
{
	struct signer_role *s = r->context;

	/* The CA and the leaves' life are read once. */
	signer_set_rate(s->signer, (unsigned)r->conf->leaf_rate);
}

static void
drain(struct role *r, bool hurry UNUSED)
{
	event_base_loopbreak(r->base);
}

int
signer_main(void)
{
	static struct signer_role s = {
	    .role = {.name = "signer", .kind = PRIVILEGES_SIGNER,
	        .on_message = on_message,
	        .prepare = prepare, .begin = begin, .configure = configure,
	        .drain = drain}};

	s.role.context = &s;
	sink_init(&s.sink);
	for (size_t i = 0; i < WORKERS_MAX; i++)
		s.workers[i].fd = -1;
	int status = role_run(&s.role);
	signer_free(s.signer);
	renewal_free(&s.renewal);
	return status;
}
