/* SPDX-License-Identifier: ISC */
/*
 * What servers are verified against, taken from memory that the parent filled and
 * descriptors that it opened: a worker has no path to any file. Worker only, before it
 * begins, on reload, and when the roots have changed.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/shm.h"
#include "daemon/worker.h"
#include "mitm/trust.h"

#define FILE_BYTES_MAX (16u * 1024 * 1024)

/* The whole file, with a NUL behind it; NULL when it is empty, too long or cannot
 * be read. Closes fd. */
static uint8_t *
read_file(int fd, size_t *length)
{
	struct stat st;
	uint8_t *bytes = NULL;

	if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size < FILE_BYTES_MAX)
		bytes = calloc(1, (size_t)st.st_size + 1);
	if (bytes != NULL &&
	    pread(fd, bytes, (size_t)st.st_size, 0) != (ssize_t)st.st_size) {
		free(bytes);
		bytes = NULL;
	}
	*length = bytes == NULL ? 0 : (size_t)st.st_size;
	(void)close(fd);
	return bytes;
}

/* A copy of what the parent put into memory, with a NUL behind it. NULL: out of memory.
 * Closes the descriptor. */
static uint8_t *
copy_memory(const struct msg *m, size_t *length)
{
	struct msg_memory head;

	memcpy(&head, m->payload, sizeof(head));
	uint8_t *copy = calloc(1, head.bytes + 1);
	void *memory = head.bytes == 0 ? NULL : shm_map(m->fd, head.bytes);
	(void)close(m->fd);
	if (copy != NULL && memory != NULL)
		memcpy(copy, memory, head.bytes);
	shm_unmap(memory, head.bytes);
	*length = memory == NULL ? 0 : head.bytes;
	return copy;
}

void
trust_take_roots(struct worker *w, const struct msg *m)
{
	size_t length, bad;
	uint8_t *pem = copy_memory(m, &length);

	if (pem == NULL) {
		diag_error("out of memory for upstream.trust");
		return;
	}
	size_t count = trust_set_roots(&w->trust, pem, length, &bad);
	if (bad == count)
		diag_error("upstream.trust holds no certificate: no server will "
		    "verify");
	else if (bad > 0)
		diag_debug("upstream.trust: %zu certificates were not understood",
		    bad);
	free(pem);
}

void
trust_take_crl(struct worker *w, int fd)
{
	size_t length;
	uint8_t *bytes = read_file(fd, &length);

	if (bytes == NULL) {
		diag_error("upstream.crl: a file is empty, or longer than %u MiB: it "
		    "revokes nothing", FILE_BYTES_MAX >> 20);
		return;
	}
	int error = trust_add_crls(&w->trust, bytes, length);
	if (error == E_VERSION)
		diag_error("upstream.crl: a file has a partial list, or a critical "
		    "extension that is not known: it revokes nothing");
	else if (error < 0)
		diag_error("upstream.crl: a file is no revocation list: %s: it "
		    "revokes nothing", err_text(error));
	free(bytes);
}

void
trust_take_crls_done(struct worker *w)
{
	worker_tick(w);
	trust_use_crls(&w->trust);
	if (w->trust.crls == NULL)
		return;
	size_t expired = revocation_expired(w->trust.crls,
	    (int64_t)(w->host.now_us / 1000000));
	if (expired > 0)
		diag_warning("upstream.crl: the time of %zu lists is over: what they "
		    "revoke stays revoked, what is newer is not known", expired);
}

void
trust_configure(struct worker *w)
{
	const struct conf_list *list = &w->role.conf->upstream_distrust;

	/* settings_check has seen to the digests. */
	if (distrust_set(&w->trust.distrust, list->items, list->count) != 0)
		diag_fatal("upstream.distrust cannot be taken");
	trust_changed(&w->trust);
}
