/* SPDX-License-Identifier: ISC */
/*
 * A file of roots is replaced by a rename (update-ca-certificates), or written anew
 * where it lies, or is a link to one in another directory (p11-kit). So the directories
 * of both names are watched; what happens there is looked at once it has been quiet for
 * a while, and every few minutes in any case. Only other bytes count.
 *
 * macOS has no file of what it trusts: it is asked, when something happens in the
 * keychains' directory or the system says that its trust has changed. Parent.
 */
#include "daemon/roots.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/file.h"
#include "base/roots.h"
#include "ca/system_roots.h"
#include "daemon/roots_asker.h"
#include "log/watch.h"

#define QUIET_MS 500   /* no further change for so long */
#define LONGEST_MS 3000u /* ... but no longer than this after the first */
#define AGAIN_S 600
#define ASK_AGAIN_S 30 /* after none that can be used */
#define ANSWER_MS 20000u /* the system looks at each of some hundred and fifty */

struct roots {
	struct roots_options options;
	const struct conf *conf; /* borrowed */
	struct roots_asker *asker;
	struct buf bytes;
	struct watch *watch;    /* NULL: they are looked at every few minutes only */
	struct event *happened; /* something did, where the watch looks */
	struct event *notice;   /* the system says so; NULL: it does not */
	struct event *settled;  /* it may have been quiet */
	struct event *again;
	uint64_t first_ms; /* when what is not looked at yet began */
	bool complained;   /* of what is wrong now */
	bool known;        /* what there is, if anything */
};

/* --- reading --- */

static bool
are_asked(const struct conf *conf)
{
	return strcmp(conf->upstream_trust, "system") == 0 && system_roots_are_asked();
}

/* NULL: the system has none that we know. */
static const char *
path_of(const struct conf *conf)
{
	if (strcmp(conf->upstream_trust, "system") != 0)
		return conf->upstream_trust;
	return roots_system_file();
}

static int
read_file(const struct roots *r, struct buf *bytes, char error[256])
{
	const char *path = path_of(r->conf);

	if (path == NULL) {
		(void)snprintf(error, 256, "upstream.trust: the system has no store of "
		    "roots that we know: install ca-certificates, or name a PEM file");
		return E_NOTFOUND;
	}
	int outcome = file_read(path, bytes);
	if (outcome != 0)
		(void)snprintf(error, 256, "upstream.trust: cannot read '%.150s': %s",
		    path, outcome == E_SYS && errno == EINVAL ? "it is no regular file"
		        : err_text(outcome));
	return outcome;
}

/* Without one it may be a file that is just being written. */
static bool
has_certificate(const struct buf *bytes)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	const uint8_t *at = buf_data(bytes);
	size_t length = buf_length(bytes);

	return length > 0 &&
	    (at[0] == 0x30 || memmem(at, length, begin, sizeof(begin) - 1) != NULL);
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return buf_length(a) == buf_length(b) && (buf_length(a) == 0 ||
	    memcmp(buf_data(a), buf_data(b), buf_length(a)) == 0);
}

/* --- watching --- */

static void
watch_directory_of(struct roots *r, const char *path)
{
	char directory[PATH_MAX];

	file_parent(path, directory);
	if (watch_directory(r->watch, directory) < 0)
		diag_debug("cannot watch '%s': %s", directory, strerror(errno));
}

/* Said anew each time: a directory may be there only now, a link lead elsewhere. */
static void
watch_places(struct roots *r)
{
	const char *path = path_of(r->conf);
	char real[PATH_MAX];

	if (r->watch == NULL)
		return;
	if (are_asked(r->conf)) {
		for (size_t i = 0; system_roots_places[i] != NULL; i++)
			if (watch_directory(r->watch, system_roots_places[i]) < 0)
				diag_debug("cannot watch '%s': %s",
				    system_roots_places[i], strerror(errno));
		return;
	}
	if (path == NULL)
		return;
	watch_directory_of(r, path);
	if (realpath(path, real) != NULL && strcmp(real, path) != 0)
		watch_directory_of(r, real);
}

/* What is wrong, once: it is looked at often. */
static void
complain(struct roots *r, const char *words)
{
	if (!r->complained)
		diag_error("%s%s", words, buf_length(&r->bytes) > 0
		    ? "; the roots stay as they were" : ": no server will verify");
	r->complained = true;
}

/* Takes over what was found, unless it is nothing new. */
static void
take(struct roots *r, struct buf *fresh)
{
	if (!has_certificate(fresh)) {
		complain(r, "upstream.trust holds no certificate");
		return;
	}
	r->complained = false;
	if (same(fresh, &r->bytes))
		return;
	buf_free(&r->bytes);
	r->bytes = *fresh;
	buf_init(fresh, ROOTS_BYTES_MAX);
	if (r->known)
		r->options.changed(r->options.context);
}

static void
look(struct roots *r)
{
	struct buf fresh;
	char words[256];

	watch_places(r); /* first: what happens from here on is seen */
	if (are_asked(r->conf)) {
		roots_asker_start(r->asker);
		return;
	}
	buf_init(&fresh, ROOTS_BYTES_MAX);
	if (read_file(r, &fresh, words) != 0)
		complain(r, words);
	else
		take(r, &fresh);
	buf_free(&fresh);
}

static void
on_answered(void *context, struct buf *bytes, const char *words)
{
	struct roots *r = context;
	const struct timeval again = {.tv_sec = bytes != NULL ? AGAIN_S : ASK_AGAIN_S};
	char more[256];

	if (!are_asked(r->conf))
		return; /* the settings name a file now */
	if (bytes != NULL) {
		take(r, bytes);
	} else {
		(void)snprintf(more, sizeof(more), "upstream.trust: %s", words);
		complain(r, more);
	}
	(void)event_add(r->again, &again);
	r->known = true;
}

static void
on_again(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	look(context);
}

/* Whether nothing has happened since it was last asked. */
static bool
is_quiet(struct roots *r)
{
	bool quiet = r->watch == NULL || watch_wait(r->watch, 0, NULL) == 0;
	char bytes[256];
	ssize_t n = 0;

	/* What the notice says does not matter. */
	while (r->notice != NULL &&
	    (n = read(event_get_fd(r->notice), bytes, sizeof(bytes))) > 0)
		quiet = false;
	if (r->notice == NULL || n != 0)
		return quiet;
	diag_debug("the system gives no more notices");
	(void)close(event_get_fd(r->notice));
	event_free(r->notice);
	r->notice = NULL;
	return quiet;
}

static void
start_listening(struct roots *r)
{
	if ((r->happened != NULL && event_add(r->happened, NULL) != 0) ||
	    (r->notice != NULL && event_add(r->notice, NULL) != 0))
		diag_debug("cannot watch the roots");
}

static void
wait_for_quiet(struct roots *r)
{
	const struct timeval in = {.tv_usec = QUIET_MS * 1000};

	(void)event_add(r->settled, &in);
}

static void
on_settled(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct roots *r = context;

	if (!is_quiet(r) && clock_tick_ms() < r->first_ms + LONGEST_MS) {
		wait_for_quiet(r);
		return;
	}
	start_listening(r);
	look(r);
}

/* To be looked at when it is over. Until then nobody listens: much may happen in a
 * directory that is none of ours. */
static void
on_happened(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct roots *r = context;

	if (r->happened != NULL)
		(void)event_del(r->happened);
	if (r->notice != NULL)
		(void)event_del(r->notice);
	(void)is_quiet(r);
	r->first_ms = clock_tick_ms();
	wait_for_quiet(r);
}

static void
start_watch(struct roots *r, struct event_base *base)
{
	int notice = system_roots_notice();

	if (notice >= 0)
		r->notice = event_new(base, notice, EV_READ, on_happened, r);
	r->watch = watch_new();
	if (r->watch == NULL)
		diag_debug("cannot watch the roots: %s", strerror(errno));
	else
		r->happened = event_new(base, watch_fd(r->watch), EV_READ, on_happened,
		    r);
	start_listening(r);
}

/* --- the whole --- */

void
roots_configure(struct roots *r, const struct conf *conf)
{
	struct buf fresh;
	char words[256];

	r->conf = conf;
	r->complained = false;
	watch_places(r);
	if (are_asked(conf)) {
		roots_asker_start(r->asker);
		return;
	}
	r->known = true;
	buf_init(&fresh, ROOTS_BYTES_MAX);
	if (read_file(r, &fresh, words) != 0) {
		complain(r, words);
		buf_free(&fresh);
		return;
	}
	buf_free(&r->bytes);
	r->bytes = fresh; /* without a certificate, too: so somebody wants it */
}

struct roots *
roots_new(struct event_base *base, const struct conf *conf,
    const struct roots_options *options)
{
	const struct timeval again = {.tv_sec = AGAIN_S};
	struct roots *r = calloc(1, sizeof(*r));
	const struct roots_asker_options asker = {.program = options->program,
	    .deadline_ms = ANSWER_MS, .limit_bytes = ROOTS_BYTES_MAX,
	    .answered = on_answered, .context = r};

	if (r == NULL)
		return NULL;
	*r = (struct roots){.options = *options,
	    .asker = roots_asker_new(base, &asker),
	    .settled = evtimer_new(base, on_settled, r),
	    .again = event_new(base, -1, EV_PERSIST, on_again, r)};
	buf_init(&r->bytes, ROOTS_BYTES_MAX);
	if (r->asker == NULL || r->settled == NULL || r->again == NULL ||
	    event_add(r->again, &again) != 0) {
		roots_free(r);
		return NULL;
	}
	start_watch(r, base);
	roots_configure(r, conf);
	return r;
}

void
roots_free(struct roots *r)
{
	if (r == NULL)
		return;
	if (r->happened != NULL)
		event_free(r->happened);
	if (r->notice != NULL) {
		(void)close(event_get_fd(r->notice));
		event_free(r->notice);
	}
	if (r->settled != NULL)
		event_free(r->settled);
	if (r->again != NULL)
		event_free(r->again);
	roots_asker_free(r->asker);
	watch_free(r->watch);
	buf_free(&r->bytes);
	free(r);
}

bool
roots_are_known(const struct roots *r)
{
	return r->known;
}

bool
roots_ended(struct roots *r, pid_t pid, int status)
{
	return roots_asker_ended(r->asker, pid, status);
}

const struct buf *
roots_bytes(const struct roots *r)
{
	return &r->bytes;
}
