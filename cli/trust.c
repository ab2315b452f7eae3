/* SPDX-License-Identifier: ISC */
/*
 * Whom the command trusts: whom its caller trusts, and our CA. One bundle, named
 * by every variable that programs look at; and for wget and Java, which look at
 * none, a wgetrc and a trust store. CLI, before the command starts. It touches
 * no file of the user's and no store of the system.
 */
#include "cli/exec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "ca/key.h"

#define FILE_BYTES (PATH_MAX + 64)
#define STORE_PASSWORD "changeit" /* Java's own default; it protects nothing */

/* What each names is read into the bundle, and then it names the bundle. */
static const char *const bundle_variables[] = {"SSL_CERT_FILE",
    "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO", "AWS_CA_BUNDLE", "CARGO_HTTP_CAINFO", "PIP_CERT",
    "DENO_CERT"};
#define BUNDLE_VARIABLES (sizeof(bundle_variables) / sizeof(bundle_variables[0]))

/* Where systems keep their roots in one file. */
static const char *const system_files[] = {
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

static int
fail(char error[EXEC_ERROR_BYTES], const char *path)
{
	(void)snprintf(error, EXEC_ERROR_BYTES, "%.300s: %s", path,
	    strerror(errno));
	return E_SYS;
}

/* --- copying PEM --- */

/* Appends a file, and a newline if its last line has none. */
static bool
append_file(FILE *out, const char *path)
{
	char bytes[8192], last = '\n';
	size_t n;
	FILE *in = fopen(path, "re");

	if (in == NULL)
		return false;
	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0) {
		(void)fwrite(bytes, 1, n, out);
		last = bytes[n - 1];
	}
	if (last != '\n')
		(void)putc('\n', out);
	bool whole = ferror(in) == 0;
	(void)fclose(in);
	return whole;
}

static void
append_directory(FILE *out, const char *path)
{
	DIR *directory = opendir(path);
	char file[FILE_BYTES];
	struct stat st;

	if (directory == NULL)
		return;
	for (struct dirent *e; (e = readdir(directory)) != NULL;) {
		int length = snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		if (length > 0 && length < (int)sizeof(file) &&
		    stat(file, &st) == 0 && S_ISREG(st.st_mode))
			(void)append_file(out, file);
	}
	(void)closedir(directory);
}

/* SSL_CERT_DIR is a list, as PATH is. */
static void
append_directories(FILE *out, const char *list)
{
	char *copy = strdup(list), *rest = copy;

	for (char *one; copy != NULL && (one = strsep(&rest, ":")) != NULL;)
		append_directory(out, one);
	free(copy);
}

static void
append_system(FILE *out)
{
	for (size_t i = 0; i < sizeof(system_files) / sizeof(system_files[0]); i++)
		if (append_file(out, system_files[i]))
			return;
}

/* The first that is set of those that name the same file is enough. */
static bool
named_before(size_t index, const char *path)
{
	for (size_t i = 0; i < index; i++) {
		const char *other = getenv(bundle_variables[i]);
		if (other != NULL && strcmp(other, path) == 0)
			return true;
	}
	return false;
}

/* What the caller's environment names. A file that is not there was of no use
 * to the command either. */
static void
append_named(FILE *out)
{
	const char *directories = getenv("SSL_CERT_DIR");

	for (size_t i = 0; i < BUNDLE_VARIABLES; i++) {
		const char *path = getenv(bundle_variables[i]);
		if (path != NULL && path[0] != '\0' && !named_before(i, path))
			(void)append_file(out, path);
	}
	if (directories != NULL)
		append_directories(out, directories);
}

static bool
names_own_roots(void)
{
	return getenv("SSL_CERT_FILE") != NULL || getenv("SSL_CERT_DIR") != NULL;
}

static bool
names_any(void)
{
	for (size_t i = 0; i < BUNDLE_VARIABLES; i++) {
		if (getenv(bundle_variables[i]) != NULL)
			return true;
	}
	return getenv("SSL_CERT_DIR") != NULL;
}

static void
append_trust(FILE *out)
{
	if (!names_own_roots())
		append_system(out);
	append_named(out);
}

static int
finish(FILE *out, const char *path, char error[EXEC_ERROR_BYTES])
{
	bool failed = ferror(out) != 0;

	return fclose(out) != 0 || failed ? fail(error, path) : 0;
}

int
trust_of_caller(const struct exec_places *places, char trust[PATH_MAX],
    char error[EXEC_ERROR_BYTES])
{
	char path[FILE_BYTES];

	(void)snprintf(trust, PATH_MAX, "system");
	if (!names_any())
		return 0;
	(void)snprintf(path, sizeof(path), "%s/roots.pem", places->run);
	FILE *out = fopen(path, "we");
	if (out == NULL)
		return fail(error, path);
	append_trust(out);
	(void)snprintf(trust, PATH_MAX, "%.*s", PATH_MAX - 1, path);
	return finish(out, path, error);
}

static int
write_bundle(const struct exec_places *places, const char *certificate,
    char path[FILE_BYTES], char error[EXEC_ERROR_BYTES])
{
	(void)snprintf(path, FILE_BYTES, "%s/bundle.pem", places->run);
	FILE *out = fopen(path, "we");
	if (out == NULL)
		return fail(error, path);
	append_trust(out);
	if (!append_file(out, certificate)) {
		(void)fclose(out);
		return fail(error, certificate);
	}
	return finish(out, path, error);
}

/* --- wget --- */

/* It reads WGETRC instead of the user's own file, whose content is therefore
 * repeated. */
static int
set_wgetrc(const struct exec_places *places, const char *bundle,
    char error[EXEC_ERROR_BYTES])
{
	const char *own = getenv("WGETRC"), *home = getenv("HOME");
	char path[FILE_BYTES], user[FILE_BYTES] = "";

	if (own != NULL)
		(void)snprintf(user, sizeof(user), "%s", own);
	else if (home != NULL)
		(void)snprintf(user, sizeof(user), "%s/.wgetrc", home);
	(void)snprintf(path, sizeof(path), "%s/wgetrc", places->run);
	FILE *out = fopen(path, "we");
	if (out == NULL)
		return fail(error, path);
	if (user[0] != '\0')
		(void)append_file(out, user);
	(void)fprintf(out, "ca_certificate = %s\n", bundle);
	int outcome = finish(out, path, error);
	if (outcome == 0 && setenv("WGETRC", path, 1) != 0)
		outcome = fail(error, "WGETRC");
	return outcome;
}

/* --- Java --- */

/* Runs keytool with its words thrown away. */
static bool
run_keytool(const char *program, char *const *argv)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		for (int i = 0; i < 3; i++)
			(void)dup2(fd, i);
		(void)execv(program, argv);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* keytool on the PATH, as its real path. */
static bool
find_keytool(char out[PATH_MAX])
{
	const char *path = getenv("PATH");
	char candidate[FILE_BYTES];
	char *copy = path == NULL ? NULL : strdup(path), *rest = copy;
	bool found = false;

	for (char *one; !found && copy != NULL &&
	     (one = strsep(&rest, ":")) != NULL;) {
		(void)snprintf(candidate, sizeof(candidate), "%s/keytool", one);
		found = access(candidate, X_OK) == 0 &&
		    realpath(candidate, out) != NULL;
	}
	free(copy);
	return found;
}

/* A copy of Java's own roots, with our CA added. */
static bool
make_store(const char *keytool, const char *store, const char *certificate)
{
	char roots[FILE_BYTES], fresh[FILE_BYTES + 16];
	const char *slash = strrchr(keytool, '/');

	(void)snprintf(roots, sizeof(roots), "%.*s/../lib/security/cacerts",
	    (int)(slash - keytool), keytool);
	(void)snprintf(fresh, sizeof(fresh), "%s.%d", store, (int)getpid());
	FILE *out = fopen(fresh, "we");
	if (out == NULL)
		return false;
	bool copied = append_file(out, roots);
	if (fclose(out) != 0 || !copied) {
		(void)unlink(fresh);
		return false;
	}
	char *const argv[] = {(char *)"keytool", (char *)"-importcert",
	    (char *)"-noprompt", (char *)"-alias", (char *)"sightglass",
	    (char *)"-keystore", fresh, (char *)"-storepass",
	    (char *)STORE_PASSWORD, (char *)"-file", (char *)certificate, NULL};
	if (run_keytool(keytool, argv) && rename(fresh, store) == 0)
		return true;
	(void)unlink(fresh);
	return false;
}

static bool
is_newer(const char *path, const char *than)
{
	struct stat a, b;

	return stat(path, &a) == 0 && stat(than, &b) == 0 &&
	    a.st_mtime >= b.st_mtime;
}

/* Java takes a second for it, so the store is kept with the CA. Without one its
 * programs give their own error, which is no reason not to run the command. */
static void
set_java(const struct exec_places *places, const char *certificate)
{
	const char *before = getenv("JAVA_TOOL_OPTIONS");
	char keytool[PATH_MAX], store[FILE_BYTES], options[2 * FILE_BYTES];

	if (!find_keytool(keytool))
		return;
	(void)snprintf(store, sizeof(store), "%s/ca/java.truststore",
	    places->state);
	if (!is_newer(store, certificate) &&
	    !make_store(keytool, store, certificate)) {
		diag_warning("keytool could not make a trust store: Java will not "
		    "trust the leaves");
		return;
	}
	(void)snprintf(options, sizeof(options),
	    "%s%s-Djavax.net.ssl.trustStore=%s "
	    "-Djavax.net.ssl.trustStorePassword=" STORE_PASSWORD,
	    before == NULL ? "" : before, before == NULL ? "" : " ", store);
	(void)setenv("JAVA_TOOL_OPTIONS", options, 1);
}

/* --- all of it --- */

int
trust_set_environment(const struct exec_places *places,
    char error[EXEC_ERROR_BYTES])
{
	char certificate[FILE_BYTES], bundle[FILE_BYTES];

	(void)snprintf(certificate, sizeof(certificate),
	    "%s/ca/" CA_CERTIFICATE_FILE, places->state);
	int outcome = write_bundle(places, certificate, bundle, error);
	if (outcome == 0)
		outcome = set_wgetrc(places, bundle, error);
	if (outcome != 0)
		return outcome;
	for (size_t i = 0; i < BUNDLE_VARIABLES; i++) {
		if (setenv(bundle_variables[i], bundle, 1) != 0)
			return fail(error, bundle_variables[i]);
	}
	set_java(places, certificate);
	return 0;
}
