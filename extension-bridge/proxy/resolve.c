/* SPDX-License-Identifier: ISC */
/*
 * The pool of resolving threads. Proxy forwarder only. A question is on one of
 * three places: waiting, with a thread, or answered; the mutex guards the lists
 * and nothing else. What the loop's thread alone reads and writes (done,
 * context) needs no lock. The threads touch no state of the proxy.
 */
#include "extension-bridge/proxy/resolve.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

struct resolution {
	TAILQ_ENTRY(resolution) entry;
	struct resolver *resolver;
	struct target target;
	bool waiting;       /* guarded: on the list of waiting questions */
	resolve_done *done; /* the loop's; NULL: cancelled */
	void *context;      /* the loop's */
	struct resolve_answer answer; /* the thread's until it is answered */
};

TAILQ_HEAD(resolution_list, resolution);

/* What the threads and the loop share; it outlives the resolver until the last
 * thread has returned from getaddrinfo. */
struct pool {
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct resolution_list waiting;
	struct resolution_list answered;
	unsigned holders; /* threads, and the resolver */
	bool stopping;
	int notify_fd; /* a byte for the loop, when `answered` was empty */
};

struct resolver {
	struct pool *pool;
	struct event *answered_event;
	int answered_fd;
};

static void
free_list(struct resolution_list *list)
{
	struct resolution *q;

	while ((q = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, q, entry);
		free(q);
	}
}

/* Called with the mutex held; gives it up. The last holder frees the pool. */
static void
let_go(struct pool *p)
{
	bool last = --p->holders == 0;

	(void)pthread_mutex_unlock(&p->mutex);
	if (!last)
		return;
	free_list(&p->waiting);
	free_list(&p->answered);
	(void)pthread_cond_destroy(&p->wake);
	(void)pthread_mutex_destroy(&p->mutex);
	(void)close(p->notify_fd);
	free(p);
}

static void
look_up(const struct target *target, int flags, struct resolve_answer *answer)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};
	struct addrinfo *list;
	char port[6];

	memset(answer, 0, sizeof(*answer));
	(void)snprintf(port, sizeof(port), "%u", (unsigned)target->port);
	int code = getaddrinfo(target->host, port, &hints, &list);
	if (code != 0) {
		answer->error = gai_strerror(code);
		return;
	}
	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
		if (answer->count == RESOLVE_ADDRESSES_MAX)
			break;
		if (a->ai_family != AF_INET && a->ai_family != AF_INET6)
			continue;
		memcpy(&answer->addresses[answer->count++], a->ai_addr,
		    a->ai_addrlen);
	}
	if (answer->count == 0)
		answer->error = "no IP address";
	freeaddrinfo(list);
}

void
resolve_address(const struct target *target, struct resolve_answer *answer)
{
	look_up(target, AI_NUMERICHOST, answer);
}

/* Called with the mutex held. */
static void
hand_back(struct pool *p, struct resolution *q)
{
	bool tell = TAILQ_EMPTY(&p->answered);

	TAILQ_INSERT_TAIL(&p->answered, q, entry);
	if (tell && write(p->notify_fd, "", 1) < 0) {
		/* The pipe is full: the loop will wake up in any case. */
	}
}

static void *
resolve_thread(void *argument)
{
	struct pool *p = argument;

	(void)pthread_mutex_lock(&p->mutex);
	while (!p->stopping) {
		struct resolution *q = TAILQ_FIRST(&p->waiting);
		if (q == NULL) {
			(void)pthread_cond_wait(&p->wake, &p->mutex);
			continue;
		}
		TAILQ_REMOVE(&p->waiting, q, entry);
		q->waiting = false;
		(void)pthread_mutex_unlock(&p->mutex);
		look_up(&q->target, 0, &q->answer);
		(void)pthread_mutex_lock(&p->mutex);
		hand_back(p, q);
	}
	let_go(p);
	return NULL;
}

/* In the loop's thread: something was answered. */
static void
on_answered(evutil_socket_t fd, short what, void *argument)
{
	struct resolver *r = argument;
	struct resolution_list answered = TAILQ_HEAD_INITIALIZER(answered);
	struct resolution *q;
	char bytes[64];

	(void)what;
	if (read(fd, bytes, sizeof(bytes)) < 0) {
		/* Whatever it was, the list says what there is to do. */
	}
	(void)pthread_mutex_lock(&r->pool->mutex);
	TAILQ_CONCAT(&answered, &r->pool->answered, entry);
	(void)pthread_mutex_unlock(&r->pool->mutex);
	while ((q = TAILQ_FIRST(&answered)) != NULL) {
		TAILQ_REMOVE(&answered, q, entry);
		if (q->done != NULL)
			q->done(q->context, &q->answer);
		free(q);
	}
}

/* Starts the threads; fewer than wished are enough, none is a failure. */
static bool
start_threads(struct pool *p, unsigned threads)
{
	sigset_t all, before;
	unsigned started = 0;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < threads; i++) {
		pthread_t thread;
		(void)pthread_mutex_lock(&p->mutex);
		p->holders++;
		(void)pthread_mutex_unlock(&p->mutex);
		int error = pthread_create(&thread, NULL, resolve_thread, p);
		if (error != 0) {
			(void)pthread_mutex_lock(&p->mutex);
			p->holders--;
			(void)pthread_mutex_unlock(&p->mutex);
			errno = error;
			break;
		}
		(void)pthread_detach(thread);
		started++;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started > 0;
}

static bool
open_pipe(int ends[2])
{
	if (pipe(ends) != 0)
		return false;
	for (int i = 0; i < 2; i++) {
		(void)fcntl(ends[i], F_SETFD, FD_CLOEXEC);
		(void)fcntl(ends[i], F_SETFL, O_NONBLOCK);
	}
	return true;
}

static struct pool *
pool_new(int notify_fd)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	(void)pthread_mutex_init(&p->mutex, NULL);
	(void)pthread_cond_init(&p->wake, NULL);
	TAILQ_INIT(&p->waiting);
	TAILQ_INIT(&p->answered);
	p->notify_fd = notify_fd;
	p->holders = 1;
	return p;
}

struct resolver *
resolver_new(struct event_base *base, unsigned threads)
{
	struct resolver *r = calloc(1, sizeof(*r));
	int ends[2];

	if (r == NULL)
		return NULL;
	if (!open_pipe(ends)) {
		free(r);
		return NULL;
	}
	r->answered_fd = ends[0];
	r->pool = pool_new(ends[1]);
	if (r->pool == NULL) {
		(void)close(ends[1]);
		(void)close(ends[0]);
		free(r);
		return NULL;
	}
	r->answered_event = event_new(base, r->answered_fd,
	    EV_READ | EV_PERSIST, on_answered, r);
	if (r->answered_event == NULL ||
	    event_add(r->answered_event, NULL) != 0 ||
	    !start_threads(r->pool, threads)) {
		resolver_free(r);
		return NULL;
	}
	return r;
}

void
resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	if (r->answered_event != NULL)
		event_free(r->answered_event);
	(void)pthread_mutex_lock(&r->pool->mutex);
	r->pool->stopping = true;
	(void)pthread_cond_broadcast(&r->pool->wake);
	let_go(r->pool);
	(void)close(r->answered_fd);
	free(r);
}

struct resolution *
resolver_ask(struct resolver *r, const struct target *target,
    resolve_done *done, void *context)
{
	struct resolution *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->resolver = r;
	q->target = *target;
	q->done = done;
	q->context = context;
	q->waiting = true;
	(void)pthread_mutex_lock(&r->pool->mutex);
	TAILQ_INSERT_TAIL(&r->pool->waiting, q, entry);
	(void)pthread_cond_signal(&r->pool->wake);
	(void)pthread_mutex_unlock(&r->pool->mutex);
	return q;
}

void
resolution_cancel(struct resolution *q)
{
	if (q == NULL)
		return;
	struct pool *p = q->resolver->pool;

	q->done = NULL;
	(void)pthread_mutex_lock(&p->mutex);
	bool ours = q->waiting;
	if (ours)
		TAILQ_REMOVE(&p->waiting, q, entry);
	(void)pthread_mutex_unlock(&p->mutex);
	if (ours)
		free(q);
}
