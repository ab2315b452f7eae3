/* SPDX-License-Identifier: ISC */
/*
 * The core of the macOS extension: decides which flows are claimed and carries
 * their bytes to the daemon and back (PROTOCOL.md, "Transport", 2 and 3). It
 * knows no NetworkExtension and no event loop: what it needs of either are the
 * two tables below, which the extension fills in with Objective-C and the tests
 * with a world of their own. Extension (macOS); tests on any system.
 *
 * One serial queue: every function here is called on it, and the tables'
 * functions are called on it. There is no lock and no thread inside.
 *
 * Tokens. What is asked of a flow comes back by a provider_..._done() with the
 * token of the question: from within the asking call, later, in any order, or
 * never. A token that is not awaited (a second answer, one that comes after its
 * flow was released) is passed over, so nobody needs to keep count. No token is
 * ever 0 or given twice.
 *
 * Re-entry. From within the functions of struct provider_flow_ops, and of
 * struct provider_host_ops where it says so, everything here may be called but
 * provider_free.
 *
 * Errors are those of base/err.h; what the application is told of them is the
 * tables' affair. E_CLOSED: the daemon is gone or gave the flow up. E_TIMEOUT:
 * the flow did not open in time. E_DENIED: there is no daemon, and the policy is
 * to fail closed. Any other: what a completion brought.
 */
#ifndef SIGHTGLASS_BRIDGE_PROVIDER_H
#define SIGHTGLASS_BRIDGE_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "extension-bridge/flow_header.h"

struct provider;

/* What the provider asks of an application's flow. `app` is what
 * provider_handle_flow was given. At most one open, one read and one write are
 * awaited at any time; none of them is asked for after its side was closed. */
struct provider_flow_ops {
	/* -> provider_open_done. Asked once, from provider_handle_flow. */
	void (*open)(void *app, uint64_t token);
	/* -> provider_read_done, or provider_read_datagrams_done. */
	void (*read)(void *app, uint64_t token);
	/* -> provider_write_done when the application has all of it. `bytes` is
	 * taken over, and freed with free(3) whenever that suits. */
	void (*write)(void *app, uint8_t *bytes, size_t length, uint64_t token);
	/* The same for datagrams, which are borrowed: copied before it returns,
	 * and before anything here is called. */
	void (*write_datagrams)(void *app, const struct flow_datagram *datagrams,
	    size_t count, uint64_t token);
	/* Each once. 0: in order. What is still awaited of that side is not. */
	void (*close_read)(void *app, int error);
	void (*close_write)(void *app, int error);
	/* Last: both sides are closed and `app` will not be used again. */
	void (*release)(void *app);
};

#define PROVIDER_READABLE 1u
#define PROVIDER_WRITABLE 2u
#define PROVIDER_NEVER UINT64_MAX

enum provider_news {
	PROVIDER_NEWS_UP,       /* the daemon is there */
	PROVIDER_NEWS_LOST,     /* it no longer is */
	PROVIDER_NEWS_MISMATCH, /* it speaks another protocol; said once of each */
	PROVIDER_NEWS_SETTINGS, /* the system refused the settings, or is slow */
	PROVIDER_NEWS_FULL      /* flows are declined for want of room */
};

/* The queue, its clock, and what the system wants to know. */
struct provider_host_ops {
	/* Milliseconds of a clock that never goes back. It may stop in sleep. */
	uint64_t (*now_ms)(void *host);
	/* provider_tick is to be called then, instead of when it was asked for
	 * last; PROVIDER_NEVER (at the provider's end): not at all. Too early, too
	 * late or too often does no harm. */
	void (*wake_at)(void *host, uint64_t when_ms);
	/* provider_ready is to be called with the token as long as the socket is
	 * what is wanted (PROVIDER_READABLE | PROVIDER_WRITABLE, its end being
	 * readable too); 0: not for now. Replaces what was wanted of it. */
	void (*watch)(void *host, int fd, unsigned wanted, uint64_t token);
	/* Takes the descriptor: watch it no longer, then close it. */
	void (*hang_up)(void *host, int fd);
	/* Whether the peer of a connected socket is the daemon: its audit token
	 * and code requirement. NULL: it is. */
	bool (*is_daemon)(void *host, int fd);

	/* From those below the provider may be entered again. */

	/* Applies the network settings -> provider_applied. */
	void (*apply)(void *host, uint64_t token);
	/* The start with that number, given by the caller, is done: 0; E_CLOSED:
	 * it was stopped meanwhile; E_LIMIT: too many starts wait; or what
	 * provider_applied was given. */
	void (*started)(void *host, uint64_t start, int error);
	void (*stopped)(void *host, uint64_t stop);
	/* The daemon's answer to "policy": a line of JSON, borrowed. May be NULL. */
	void (*policy)(void *host, const char *answer, size_t length);
	/* One line for the log and the person who reads it. May be NULL. */
	void (*tell)(void *host, enum provider_news news, const char *words);
};

enum provider_kind {
	/* Claims streams, datagrams to port 53, and those to port 443 if
	 * claim_quic; whatever else is left to the system. */
	PROVIDER_TRANSPARENT,
	/* Claims all it is offered, since a query that it leaves is lost. What
	 * the daemon cannot take goes straight to where it was bound for, and so
	 * do datagrams of a flow whose daemon is gone. */
	PROVIDER_DNS
};

/* As a forwarder, in headers and in "hello": two, so that of each is known whether it
 * is there. Static. */
const char *provider_name(enum provider_kind kind) WUNRES;

struct provider_options {
	enum provider_kind kind;
	const char *flow_socket_path, *control_socket_path; /* copied */
	const char *build; /* of the extension, for the daemon's "hello"; copied */
	bool fail_closed;  /* without a daemon flows are closed, not left alone */
	bool claim_quic;   /* the daemon then decides about QUIC */
	/* Flows at once; more are as if there were no daemon. 0: as many as the
	 * descriptor limit allows, which is raised as far as it goes. */
	size_t flows_max;
};

/* Both tables are borrowed until provider_free; `host` is handed to the host's
 * functions. NULL: out of memory. */
struct provider *provider_new(const struct provider_options *options,
    const struct provider_flow_ops *flow_ops,
    const struct provider_host_ops *host_ops, void *host)
    WUNRES NONNULL(1, 2, 3);

/* Stops it first, if it runs: with its completions. NULL is fine. */
void provider_free(struct provider *p);

/* Completes by started(), never waiting for the daemon: when the settings apply,
 * or 5 s later. May be called again at any time; the settings are applied once
 * all the same. */
void provider_start(struct provider *p, uint64_t start) NONNULL(1);

/* Closes every flow with E_CLOSED and the link; completes by stopped(). It can be
 * started again then. */
void provider_stop(struct provider *p, uint64_t stop) NONNULL(1);

/* What became of apply. */
void provider_applied(struct provider *p, uint64_t token, int error) NONNULL(1);

/* The machine is awake again: asks the daemon at once whether it is there, and
 * looks at all deadlines. Nothing depends on its being called. */
void provider_woke(struct provider *p) NONNULL(1);

void provider_tick(struct provider *p) NONNULL(1);
void provider_ready(struct provider *p, uint64_t token) NONNULL(1);

/* A new flow of an application; whether it is the daemon's own was asked before.
 * `h` is borrowed for the call: its destination is where the flow goes (of a flow
 * of datagrams: the first one). True: it is claimed, and `app` is used until
 * release(), which may have been called already. False: it is left to the system,
 * and `app` was not touched. Never blocks. */
bool provider_handle_flow(struct provider *p, void *app,
    const struct flow_header *h) WUNRES NONNULL(1, 3);

/* The same for a flow of the daemon's own, which never goes to the daemon again. A
 * transparent proxy leaves it to the system; a DNS proxy, which would lose it so,
 * takes it straight to where it is bound for. */
bool provider_handle_own_flow(struct provider *p, void *app,
    const struct flow_header *h) WUNRES NONNULL(1, 3);

void provider_open_done(struct provider *p, uint64_t token, int error)
    NONNULL(1);

/* Bytes that the application sent, borrowed for the call. Length 0 and error 0:
 * it will send no more. */
void provider_read_done(struct provider *p, uint64_t token, const uint8_t *bytes,
    size_t length, int error) NONNULL(1);

/* The same for datagrams, borrowed for the call; count 0: no more. One that is
 * too long, or to what is no IP address, is lost, as on any network. */
void provider_read_datagrams_done(struct provider *p, uint64_t token,
    const struct flow_datagram *datagrams, size_t count, int error) NONNULL(1);

/* E_LIMIT of datagrams: one was too long for the application. */
void provider_write_done(struct provider *p, uint64_t token, int error)
    NONNULL(1);

/* How it stands, for a person who asks. */
struct provider_status {
	const char *life, *link; /* states by name; static */
	size_t flows;            /* claimed and not over */
	uint64_t claimed, declined, refused, direct, failed; /* since provider_new */
	uint64_t answered_ms; /* when the daemon last answered; 0: never */
};

void provider_get_status(const struct provider *p, struct provider_status *out)
    NONNULL(1, 2);

#endif
