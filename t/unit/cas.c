/* SPDX-License-Identifier: ISC */
#include "t/unit/cas.h"

#include <fcntl.h>
#include <mbedtls/ecp.h>
#include <mbedtls/pem.h>
#include <mbedtls/psa_util.h>
#include <psa/crypto.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ca/leaf.h"

extern char **environ;

char directory[SUITE_DIRECTORY_BYTES];
struct ca ca;
struct names names;
struct buf der;
uint8_t spki_room[512];
const uint8_t *spki;
size_t spki_length;

const char *
path(const char *name)
{
	static char text[4][PATH_BYTES];
	static unsigned next;
	char *out = text[next++ % 4];

	(void)snprintf(out, PATH_BYTES, "%s/%s", directory, name);
	return out;
}

void
make_ca(struct ca *out)
{
	const struct ca_options options = {
	    .common_name = "sightglass CA (host=a, \"b\")",
	    .now_s = time(NULL),
	    .validity_s = 3650LL * DAY_S,
	};

	ck_assert_int_eq(ca_generate(&options, out), 0);
}

void
take_public_key(mbedtls_pk_context *key)
{
	int length = mbedtls_pk_write_pubkey_der(key, spki_room, sizeof(spki_room));

	ck_assert_int_gt(length, 0);
	spki_length = (size_t)length;
	spki = spki_room + sizeof(spki_room) - spki_length;
}

void
make_key(mbedtls_ecp_group_id curve)
{
	mbedtls_pk_context key;

	mbedtls_pk_init(&key);
	ck_assert_int_eq(mbedtls_pk_setup(&key,
	    mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
	ck_assert_int_eq(mbedtls_ecp_gen_key(curve, mbedtls_pk_ec(key),
	    mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE), 0);
	take_public_key(&key);
	mbedtls_pk_free(&key);
}

void
ca_setup(void)
{
	ck_assert_int_eq((int)psa_crypto_init(), 0);
	suite_make_directory(directory, "sightglass-ca");
	make_ca(&ca);
	make_key(MBEDTLS_ECP_DP_SECP256R1);
	names.count = 0;
	ck_assert_int_eq(names_add(&names, "www.example.com"), 0);
	buf_init(&der, 64 * 1024);
}

void
ca_teardown(void)
{
	static const char *const files[] = {CA_KEY_FILE, CA_CERTIFICATE_FILE,
	    "leaf.pem", "root.pem"};

	for (size_t i = 0; i < ARRAY_LENGTH(files); i++)
		(void)unlink(path(files[i]));
	ck_assert_msg(rmdir(directory) == 0, "something was left in %s", directory);
	ca_free(&ca);
	buf_free(&der);
}

int
mint(void)
{
	const struct leaf_request request = {
	    .names = &names,
	    .public_key = spki,
	    .public_key_length = spki_length,
	    .now_s = time(NULL),
	    .validity_s = 90 * DAY_S,
	};

	buf_clear(&der);
	return leaf_mint(&ca, &request, &der);
}

void
parse_leaf(mbedtls_x509_crt *crt)
{
	mbedtls_x509_crt_init(crt);
	ck_assert_int_eq(mint(), 0);
	ck_assert_int_eq(
	    mbedtls_x509_crt_parse_der(crt, buf_data(&der), buf_length(&der)), 0);
}

void
write_pem(const char *name, const uint8_t *bytes, size_t length)
{
	static unsigned char pem[128 * 1024];
	size_t used;

	ck_assert_int_eq(mbedtls_pem_write_buffer("-----BEGIN CERTIFICATE-----\n",
	    "-----END CERTIFICATE-----\n", bytes, length, pem, sizeof(pem), &used), 0);
	FILE *file = fopen(path(name), "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(pem, 1, used - 1, file), used - 1);
	ck_assert_int_eq(fclose(file), 0);
}

int
run(const char *const *argv, char *output, size_t size)
{
	posix_spawn_file_actions_t actions;
	int pipes[2], status;
	pid_t pid;
	size_t used = 0;
	ssize_t n = 0;
	static char sink[64 * 1024];

	if (output == NULL) {
		output = sink;
		size = sizeof(sink);
	}
	ck_assert_int_eq(pipe(pipes), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
	    O_WRONLY, 0);
	posix_spawn_file_actions_addclose(&actions, pipes[0]);
	ck_assert_int_eq(posix_spawnp(&pid, argv[0], &actions, NULL,
	    (char *const *)(uintptr_t)argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	(void)close(pipes[1]);
	while (used < size - 1 &&
	    (n = read(pipes[0], output + used, size - 1 - used)) > 0)
		used += (size_t)n;
	output[used] = '\0';
	(void)close(pipes[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void
write_both(void)
{
	ck_assert_int_eq(mint(), 0);
	write_pem("leaf.pem", buf_data(&der), buf_length(&der));
	write_pem("root.pem", ca.certificate.raw.p, ca.certificate.raw.len);
}

int
openssl_verify(const char *option, const char *host)
{
	return run((const char *[]){"openssl", "verify", "-x509_strict",
	    "-check_ss_sig", "-purpose", "sslserver", option, host, "-CAfile",
	    path("root.pem"), path("leaf.pem"), NULL}, NULL, 0);
}
