/* SPDX-License-Identifier: ISC */
/*
 * The signer: the only process that has the CA's key in its memory. It answers
 * workers' requests with leaf certificates, by the rules of ca/signer.c, writes a
 * record of each into a ring of its own, and has no socket to anyone else but the
 * parent and the logger. It makes the CA when there is none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"
#include "ca/issue.h"
#include "ca/signer.h"
#include "daemon/os.h"
#include "daemon/role.h"
#include "daemon/sandbox.h"
#include "daemon/sink.h"
#include "log/record.h"
#include "mitm/certificate.h"

#define SIGNER_WRITER RINGS_MAX /* workers are 1 to WORKERS_MAX, the logger is 0 */
#define LEAF_BYTES_MAX (63u * 1024)
#define CHAIN_BYTES_MAX (64u * 1024)

struct signer_role {
	struct role role;
	struct signer *signer;
	struct channel workers[WORKERS_MAX];
	struct sink sink;
	struct event *woken;
	struct record_writer writer;
};

/* --- the CA --- */

static void
make_ca(const struct role *r, struct ca *ca)
{
	char name[CA_NAME_BYTES];

	int error = ca_generate_configured(r->conf, r->hostname,
	    (int64_t)time(NULL), name, ca);
	if (error != 0)
		diag_fatal("cannot make a CA: %s", err_text(error));
	error = ca_store(ca, r->conf->ca_dir);
	if (error == E_DENIED) {
		/* Another daemon was faster: its CA is the CA. */
		char words[256];
		ca_free(ca);
		if (ca_load(ca, r->conf->ca_dir, words) != 0)
			diag_fatal("%s", words);
		return;
	}
	if (error != 0)
		diag_fatal("cannot write the new CA to %s: %s", r->conf->ca_dir,
		    err_text(error));
	diag_info("made a new CA, '%s', in %s", name, r->conf->ca_dir);
}

static void
prepare(struct role *r)
{
	static struct ca ca;
	struct signer_role *s = r->context;
	char words[256];

	os_hide_memory();
	int error = ca_load_configured(r->conf, &ca, words);
	if (error == E_NOTFOUND && r->conf->ca_certificate[0] == '\0')
		make_ca(r, &ca);
	else if (error != 0)
		diag_fatal("%s", words);
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

/* What workers send behind their leaves. One that is gone needs none. */
static void
send_ca(struct signer_role *s, struct channel *worker)
{
	struct buf chain;

	buf_init(&chain, CHAIN_BYTES_MAX);
	if (signer_chain(s->signer, &chain) != 0)
		diag_fatal("the CA's chain is longer than %u bytes", CHAIN_BYTES_MAX);
	if (channel_send(worker, MSG_CA, buf_data(&chain), buf_length(&chain), -1) != 0)
		diag_warning("a worker is gone already");
	buf_free(&chain);
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

/* The logger made room. */
static void
on_woken(evutil_socket_t fd, short what UNUSED, void *context)
{
	struct signer_role *s = context;
	char bytes[256];
	ssize_t n;

	do
		n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	while (n > 0);
	if (n == 0)
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
	answer(worker, head.ticket, error, &der);
	if (understood && minted && error != E_LIMIT)
		record(s, &request, error, &der);
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
	if (s->woken == NULL || event_add(s->woken, NULL) != 0)
		diag_fatal("out of memory");
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
	    .role = {.name = "signer", .on_message = on_message,
	        .prepare = prepare, .begin = begin, .configure = configure,
	        .drain = drain}};

	s.role.context = &s;
	sink_init(&s.sink);
	for (size_t i = 0; i < WORKERS_MAX; i++)
		s.workers[i].fd = -1;
	int status = role_run(&s.role);
	signer_free(s.signer);
	return status;
}
