/* SPDX-License-Identifier: ISC */
/*
 * The frame of a child role: its channel to the parent, the messages that all
 * roles get, dropping privileges, and the loop. Signer, logger, worker.
 *
 * Terminal signals and SIGTERM are the parent's business: roles ignore them and
 * listen to their channel, so that the order of a shutdown is always the same.
 */
#include "daemon/role.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <psa/crypto.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/shm.h"

/* What stands in front of our messages, and how much of them is said. */
static void
open_diag(const struct role *r)
{
	char name[64];

	if (r->index > 0)
		(void)snprintf(name, sizeof(name), "sightglassd: %s %u", r->name,
		    r->index);
	else
		(void)snprintf(name, sizeof(name), "sightglassd: %s", r->name);
	diag_open(name, r->conf != NULL && r->conf->verbose > 0 ? DIAG_DEBUG
	                                                        : DIAG_INFO);
}

static void
take_identity(struct role *r, const struct msg *m)
{
	struct msg_identity id;

	memcpy(&id, m->payload, sizeof(id));
	id.run_id[sizeof(id.run_id) - 1] = '\0';
	id.hostname[sizeof(id.hostname) - 1] = '\0';
	r->index = id.index;
	memcpy(r->run_id, id.run_id, sizeof(r->run_id));
	memcpy(r->hostname, id.hostname, sizeof(r->hostname));
	open_diag(r);
}

static void
take_conf(struct role *r, const struct msg *m)
{
	struct conf *conf = conf_new();

	if (conf == NULL || conf_read(conf, m->payload, m->length) != 0)
		diag_fatal("the parent's configuration message cannot be read");
	bool first = r->conf == NULL;
	struct conf *old = r->conf;
	r->conf = conf;
	open_diag(r);
	if (!first)
		r->configure(r);
	conf_free(old);
}

static void
take_board(struct role *r, const struct msg *m)
{
	r->board = shm_map(m->fd, sizeof(*r->board));
	(void)close(m->fd);
	if (r->board == NULL)
		diag_fatal("cannot map the shared counters: %s", err_text(E_SYS));
}

static void
go(struct role *r)
{
	if (r->conf == NULL || r->board == NULL)
		diag_fatal("the parent sent no configuration");
	r->prepare(r);
	privileges_drop(privileges_user(r->conf, r->kind, NULL));
	r->begin(r);
	/* A parent that is gone meanwhile is found behind the last message it sent,
	 * and that drains us like any other: what we hold by now is to be finished. */
	if (channel_send(&r->parent, MSG_READY, NULL, 0, -1) == E_NOMEM)
		diag_fatal("out of memory");
}

static void
on_message(void *context, struct channel *c UNUSED, struct msg *m)
{
	struct role *r = context;

	switch (m->type) {
	case MSG_IDENTITY:
		take_identity(r, m);
		break;
	case MSG_CONF:
		take_conf(r, m);
		break;
	case MSG_BOARD:
		take_board(r, m);
		break;
	case MSG_GO:
		go(r);
		break;
	case MSG_DRAIN:
		r->drain(r, false);
		break;
	default:
		r->on_message(r, m);
		break;
	}
}

static void
on_parent_gone(void *context, struct channel *c UNUSED)
{
	struct role *r = context;

	diag_warning("the parent is gone: finishing");
	r->drain(r, true);
}

int
role_run(struct role *r)
{
	open_diag(r);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* write(2) says EFBIG: a full disk */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	if (psa_crypto_init() != PSA_SUCCESS)
		diag_fatal("the cryptographic library does not start: are there "
		    "random numbers (getrandom(2))?");
	r->base = event_base_new();
	if (r->base == NULL ||
	    channel_open(&r->parent, r->base, ROLE_CHANNEL_FD, FROM_PARENT) != 0)
		diag_fatal("this is a process of sightglassd's own and is not to be "
		    "started by hand");
	r->parent.on_message = on_message;
	r->parent.on_closed = on_parent_gone;
	r->parent.context = r;
	(void)event_base_dispatch(r->base);
	if (r->parent.fd >= 0)
		channel_close(&r->parent);
	conf_free(r->conf);
	event_base_free(r->base);
	return r->status;
}
