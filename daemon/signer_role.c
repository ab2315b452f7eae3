/* SPDX-License-Identifier: ISC */
/*
 * The signer: the only process that has the CA's key in its memory. It answers
 * workers' requests with leaf certificates, by the rules of ca/signer.c, and has
 * no socket to anyone else. It makes the CA when there is none.
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
#include "ca/signer.h"
#include "daemon/os.h"
#include "daemon/role.h"
#include "daemon/sandbox.h"

#define LEAF_BYTES_MAX (63u * 1024)
#define CHAIN_BYTES_MAX (64u * 1024)

struct signer_role {
	struct role role;
	struct signer *signer;
	struct channel workers[WORKERS_MAX];
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
	s->signer = signer_new(&ca, (int64_t)(r->conf->leaf_validity_ms / 1000));
	if (s->signer == NULL)
		diag_fatal("out of memory");
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
mint(struct signer_role *s, const struct msg *m, struct buf *der,
    uint64_t *ticket)
{
	struct msg_mint head;
	struct names *names = calloc(1, sizeof(*names));
	int error = names == NULL ? E_NOMEM : 0;

	memcpy(&head, m->payload, sizeof(head));
	*ticket = head.ticket;
	const uint8_t *key = m->payload + sizeof(head);
	size_t rest = m->length - sizeof(head);
	if (error == 0 && head.key_length > rest)
		error = E_CORRUPT;
	if (error == 0) {
		int used = names_read(names, key + head.key_length,
		    rest - head.key_length);
		error = used < 0 ? used : 0;
	}
	if (error == 0)
		error = signer_answer(s->signer, names, key, head.key_length,
		    clock_wall_us(), der);
	free(names);
	return error;
}

static void
on_worker_message(void *context, struct channel *worker, struct msg *m)
{
	struct signer_role *s = context;
	struct buf der;
	uint64_t ticket = 0;

	buf_init(&der, LEAF_BYTES_MAX);
	int error = mint(s, m, &der, &ticket);
	if (error != 0)
		diag_warning("a leaf was not signed: %s", err_text(error));
	else
		counter_add(&s->role.board->leaves, 1);
	answer(worker, ticket, error, &der);
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
	if (m->type == MSG_SIGNER_CHANNEL)
		add_worker(r->context, m);
	else if (m->fd >= 0)
		(void)close(m->fd);
}

static void
begin(struct role *r)
{
	struct signer_role *s = r->context;

	sandbox_enter(SANDBOX_SIGNER, NULL);
	for (size_t i = 0; i < WORKERS_MAX; i++)
		if (s->workers[i].fd >= 0)
			send_ca(s, &s->workers[i]);
}

static void
configure(struct role *r UNUSED)
{
	/* The CA and the leaves' life are read once. */
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
	for (size_t i = 0; i < WORKERS_MAX; i++)
		s.workers[i].fd = -1;
	int status = role_run(&s.role);
	signer_free(s.signer);
	return status;
}
