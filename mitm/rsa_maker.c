/* SPDX-License-Identifier: ISC */
/*
 * The thread shares nothing with the loop but its own struct, which the loop
 * leaves alone until the thread is joined, and draws from a random generator of
 * its own: the library's common one is made for one thread. It takes no signal
 * and has the worker's sandbox, being started from it. Worker only.
 */
#include "mitm/rsa_maker.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/rsa.h>

#include "base/err.h"

#define EXPONENT 65537

struct rsa_maker {
	pthread_t thread;
	int done[2]; /* a pipe: the thread closes the end that is written */
	mbedtls_pk_context key;
	int error; /* mbedTLS's */
};

static int
make(mbedtls_pk_context *key)
{
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context random;

	mbedtls_entropy_init(&entropy);
	mbedtls_ctr_drbg_init(&random);
	int error = mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy,
	    NULL, 0);
	if (error == 0)
		error = mbedtls_pk_setup(key,
		    mbedtls_pk_info_from_type(MBEDTLS_PK_RSA));
	if (error == 0)
		error = mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key),
		    mbedtls_ctr_drbg_random, &random, RSA_MAKER_BITS, EXPONENT);
	mbedtls_ctr_drbg_free(&random);
	mbedtls_entropy_free(&entropy);
	return error;
}

static void *
run(void *context)
{
	struct rsa_maker *m = context;

	m->error = make(&m->key);
	(void)close(m->done[1]);
	return NULL;
}

/* With every signal blocked, which the new thread inherits. */
static bool
start_thread(struct rsa_maker *m)
{
	sigset_t all, before;

	(void)sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return false;
	bool started = pthread_create(&m->thread, NULL, run, m) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

struct rsa_maker *
rsa_maker_start(int *fd)
{
	struct rsa_maker *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	mbedtls_pk_init(&m->key);
	if (pipe(m->done) != 0) {
		free(m);
		return NULL;
	}
	if (fcntl(m->done[0], F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(m->done[1], F_SETFD, FD_CLOEXEC) < 0 || !start_thread(m)) {
		(void)close(m->done[0]);
		(void)close(m->done[1]);
		free(m);
		return NULL;
	}
	*fd = m->done[0];
	return m;
}

int
rsa_maker_finish(struct rsa_maker *m, mbedtls_pk_context *key)
{
	(void)pthread_join(m->thread, NULL);
	(void)close(m->done[0]);
	int error = m->error == 0 ? 0 : E_CRYPTO;
	*key = m->key;
	if (error != 0) {
		mbedtls_pk_free(key);
		mbedtls_pk_init(key);
	}
	free(m);
	return error;
}
