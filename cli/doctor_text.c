/* SPDX-License-Identifier: ISC */
/*
 * Lines of tools, searched for the few words that count. Pure; CLI. What the tools
 * print is documented nowhere for good, so nothing here depends on more of a line
 * than it has to.
 */
#include "cli/doctor_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- lines --- */

/* A line of a text, without what ends it. */
struct line {
	const char *text;
	size_t length;
};

/* The next line of *text, which goes on behind it; false: there is none. */
static bool
next_line(const char **text, struct line *line)
{
	if (**text == '\0')
		return false;
	line->text = *text;
	line->length = strcspn(*text, "\r\n");
	*text += line->length;
	*text += strspn(*text, "\r");
	if (**text == '\n')
		(*text)++;
	return true;
}

static const char *
find(const struct line *line, const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; i + length <= line->length; i++) {
		if (memcmp(line->text + i, word, length) == 0)
			return line->text + i;
	}
	return NULL;
}

static bool
is_of_name(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_';
}

/* Whether it stands there as a whole identifier, not as the beginning or the end of
 * a longer one. */
static const char *
find_identifier(const struct line *line, const char *identifier)
{
	const char *at = find(line, identifier);
	const char *end = line->text + line->length;

	if (at == NULL || (at > line->text && is_of_name(at[-1])))
		return NULL;
	const char *behind = at + strlen(identifier);
	return behind < end && is_of_name(*behind) ? NULL : at;
}

static void
copy(char *out, size_t size, const char *from, size_t length)
{
	(void)snprintf(out, size, "%.*s", (int)length, from);
}

/* What is between the first `open` and the `close` behind it. */
static void
copy_between(const struct line *line, char open, char close,
    char out[DOCTOR_WORD_BYTES])
{
	const char *from = memchr(line->text, open, line->length);
	const char *to = from == NULL ? NULL
	    : memchr(from, close, line->length - (size_t)(from - line->text));

	if (to != NULL)
		copy(out, DOCTOR_WORD_BYTES, from + 1, (size_t)(to - from - 1));
}

/* --- systemextensionsctl list --- */

/* Columns, between tabs: enabled, active, team, "identifier (version)", name,
 * [state]. */
static struct line
column(const struct line *line, unsigned number)
{
	const char *at = line->text, *end = line->text + line->length;

	for (; number > 0; number--) {
		const char *tab = memchr(at, '\t', (size_t)(end - at));
		if (tab == NULL)
			return (struct line){end, 0};
		at = tab + 1;
	}
	const char *tab = memchr(at, '\t', (size_t)(end - at));
	return (struct line){at, (size_t)((tab == NULL ? end : tab) - at)};
}

static bool
has_star(const struct line *line, unsigned number)
{
	struct line c = column(line, number);

	return find(&c, "*") != NULL;
}

static void
add_other(struct extension_state *out, const struct line *name)
{
	size_t used = strlen(out->others);
	size_t length = 0;

	while (length < name->length && is_of_name(name->text[length]))
		length++;
	(void)snprintf(out->others + used, sizeof(out->others) - used, "%s%.*s",
	    used > 0 ? ", " : "", (int)length, name->text);
}

static void
read_extension(const struct line *line, const char *identifier, bool of_network,
    struct extension_state *out)
{
	struct line name = column(line, 3);

	if (name.length == 0 || find(&name, "bundleID") != NULL)
		return;
	if (find_identifier(&name, identifier) == NULL) {
		if (of_network && has_star(line, 1))
			add_other(out, &name);
		return;
	}
	/* Of several versions the one that is active counts. */
	if (out->listed && out->active)
		return;
	out->listed = true;
	out->enabled = has_star(line, 0);
	out->active = has_star(line, 1);
	copy_between(&name, '(', ')', out->version);
	struct line state = column(line, 5);
	copy_between(&state, '[', ']', out->state);
}

void
doctor_read_extensions(const char *text, const char *identifier,
    struct extension_state *out)
{
	bool of_network = false;
	struct line line;

	*out = (struct extension_state){.listed = false};
	while (next_line(&text, &line)) {
		if (find(&line, "--- ") == line.text)
			of_network = find(&line, "network_extension") != NULL;
		else
			read_extension(&line, identifier, of_network, out);
	}
}

/* --- scutil --nc list --- */

enum connection_state
doctor_read_connection(const char *text, const char *app)
{
	enum connection_state found = CONNECTION_NONE;
	struct line line;

	while (next_line(&text, &line)) {
		if (find_identifier(&line, app) == NULL)
			continue;
		if (find(&line, "(Connected)") != NULL)
			return CONNECTION_ON;
		found = CONNECTION_OFF;
	}
	return found;
}

/* --- profiles show --- */

static unsigned
number_behind(const struct line *line, const char *name)
{
	const char *at = find(line, name);

	if (at == NULL)
		return 0;
	at += strlen(name);
	at += strspn(at, " =\"");
	return (unsigned)strtoul(at, NULL, 10);
}

bool
doctor_read_profile(const char *text, const char *identifier, unsigned *order)
{
	bool found = false, within = false;
	struct line line;

	*order = 0;
	while (next_line(&text, &line)) {
		if (find(&line, "profileIdentifier:") != NULL) {
			within = find_identifier(&line, identifier) != NULL;
			found |= within;
		} else if (within && *order == 0) {
			*order = number_behind(&line, "Order =");
		}
	}
	return found;
}

/* --- codesign and spctl --- */

/* The value of a key in a property list is the next element. */
static bool
is_true(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	if (at == NULL)
		return false;
	const char *yes = strstr(at, "true"), *no = strstr(at, "false");
	return yes != NULL && (no == NULL || yes < no);
}

void
doctor_read_signature(const char *text, struct signature_state *out)
{
	const char *all = text;
	struct line line;

	*out = (struct signature_state){.signed_at_all = false};
	while (next_line(&text, &line)) {
		if (find(&line, "CodeDirectory") != NULL) {
			out->signed_at_all = true;
			out->hardened = find(&line, "runtime") != NULL;
		} else if (find(&line, "TeamIdentifier=") == line.text) {
			size_t prefix = strlen("TeamIdentifier=");
			copy(out->team, sizeof(out->team), line.text + prefix,
			    line.length - prefix);
		}
	}
	if (strcmp(out->team, "not set") == 0)
		out->team[0] = '\0';
	out->debuggable = is_true(all, "com.apple.security.get-task-allow");
}

bool
doctor_has_entitlement(const char *text, const char *entitlement)
{
	return strstr(text, entitlement) != NULL;
}

bool
doctor_read_assessment(const char *text, char source[DOCTOR_WORD_BYTES])
{
	source[0] = '\0';
	(void)doctor_read_value(text, "source", source);
	return strstr(text, ": accepted") != NULL;
}

/* --- releases of macOS --- */

static const struct {
	const char *release; /* "26": all of it; "15.0": that one alone */
	const char *trouble;
} troubles[] = {
    {"26", "may start a proxy extension twice in one process, and on some processors "
           "the kernel panics when a transparent proxy and a content filter of "
           "another vendor are both on: keep it up to date"},
    {"15.0", "network extensions of every vendor can lose flows and DNS: 15.0.1 and "
             "15.1 mend it"},
};

const char *
doctor_known_trouble(const char *version)
{
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		const char *release = troubles[i].release;
		size_t length = strlen(release);
		bool whole = strchr(release, '.') == NULL && version[length] == '.';
		if (strncmp(version, release, length) == 0 &&
		    (version[length] == '\0' || whole))
			return troubles[i].trouble;
	}
	return NULL;
}

/* --- any system --- */

bool
doctor_has_fingerprint(const char *text, const char *fingerprint)
{
	return strstr(text, fingerprint) != NULL;
}

bool
doctor_read_value(const char *text, const char *name, char out[DOCTOR_WORD_BYTES])
{
	size_t prefix = strlen(name);
	struct line line;

	while (next_line(&text, &line)) {
		if (find(&line, name) != line.text || line.length == prefix ||
		    (line.text[prefix] != '=' && line.text[prefix] != ':'))
			continue;
		const char *from = line.text + prefix + 1;
		const char *end = line.text + line.length;
		while (from < end && isspace((unsigned char)*from))
			from++;
		while (end > from && isspace((unsigned char)end[-1]))
			end--;
		copy(out, DOCTOR_WORD_BYTES, from, (size_t)(end - from));
		return true;
	}
	return false;
}

/* By the beginnings of their names: python3.11 is python. */
static const struct {
	const char *program, *cure;
} cures[] = {
    {"npm", "NODE_EXTRA_CA_CERTS, or npm's setting cafile"},
    {"node", "NODE_EXTRA_CA_CERTS"},
    {"electron", "NODE_EXTRA_CA_CERTS, or the system's store"},
    {"deno", "DENO_CERT, or DENO_TLS_CA_STORE=system"},
    {"pip", "PIP_CERT"},
    {"python", "SSL_CERT_FILE, and REQUESTS_CA_BUNDLE for requests"},
    {"ruby", "SSL_CERT_FILE"},
    {"perl", "SSL_CERT_FILE, or PERL_LWP_SSL_CA_FILE"},
    {"php", "openssl.cafile in php.ini"},
    {"java", "JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore=FILE, or keytool "
             "-importcert -cacerts"},
    {"curl", "CURL_CA_BUNDLE"},
    {"wget", "ca_certificate in ~/.wgetrc"},
    {"git", "GIT_SSL_CAINFO, or git's setting http.sslCAInfo"},
    {"aws", "AWS_CA_BUNDLE"},
    {"cargo", "CARGO_HTTP_CAINFO"},
    {"go", "SSL_CERT_FILE"},
    {"firefox", "sightglass ca trust --user, or the policy "
                "Certificates.ImportEnterpriseRoots"},
    {"thunderbird", "sightglass ca trust --user"},
    {"chrom", "sightglass ca trust --user"},
    {"google-chrome", "sightglass ca trust --user"},
    {"openssl", "SSL_CERT_FILE"},
};

const char *
doctor_cure(const char *program)
{
	for (size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++) {
		if (strncmp(program, cures[i].program, strlen(cures[i].program)) == 0)
			return cures[i].cure;
	}
	return NULL;
}
