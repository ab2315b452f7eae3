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

/* Of several versions the one that is enabled and active counts, else the first that
 * is not leaving. */
static int
worth(const struct extension_state *s)
{
	if (!s->listed)
		return 0;
	if (s->enabled && s->active)
		return 3;
	return strstr(s->state, "uninstall") != NULL ? 1 : 2;
}

static void
note_other(struct extension_state *out, const struct extension_state *other)
{
	if (strstr(other->state, "waiting for user") != NULL)
		memcpy(out->waiting, other->version, sizeof(out->waiting));
	else if (strstr(other->state, "uninstall") != NULL)
		memcpy(out->leaving, other->version, sizeof(out->leaving));
}

static void
take_version(struct extension_state *out, const struct extension_state *one)
{
	struct extension_state before = *out;

	if (worth(one) <= worth(out)) {
		note_other(out, one);
		return;
	}
	*out = *one;
	memcpy(out->others, before.others, sizeof(out->others));
	memcpy(out->waiting, before.waiting, sizeof(out->waiting));
	memcpy(out->leaving, before.leaving, sizeof(out->leaving));
	if (before.listed)
		note_other(out, &before);
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
	struct line state = column(line, 5);
	struct extension_state one = {.listed = true, .enabled = has_star(line, 0),
	    .active = has_star(line, 1)};
	copy_between(&name, '(', ')', one.version);
	copy_between(&state, '[', ']', one.state);
	take_version(out, &one);
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

/* "* (Connected)   UUID VPN (app) "name" [VPN:app]"; the star: it is enabled. */
static enum connection_state
read_service(const struct line *line)
{
	if (find(line, "(Connected)") != NULL)
		return CONNECTION_ON;
	if (find(line, "(Connecting)") != NULL || find(line, "(Disconnecting)") != NULL)
		return CONNECTION_CHANGING;
	return line->text[0] == '*' ? CONNECTION_OFF : CONNECTION_DISABLED;
}

enum connection_state
doctor_read_connection(const char *text, const char *app)
{
	enum connection_state found = CONNECTION_NONE;
	struct line line;

	while (next_line(&text, &line)) {
		if (find_identifier(&line, app) == NULL)
			continue;
		enum connection_state one = read_service(&line);
		if (one > found)
			found = one;
	}
	return found;
}

/* --- the app's status --- */

/* "proxy: enabled, from a profile, running" (macos/app/Verbs.m). */
static enum connection_state
read_proxy(const char *words)
{
	if (strstr(words, "no configuration") != NULL)
		return CONNECTION_NONE;
	if (strstr(words, "not enabled") != NULL)
		return CONNECTION_DISABLED;
	if (strstr(words, ", running") != NULL)
		return CONNECTION_ON;
	if (strstr(words, "starting") != NULL || strstr(words, "stopping") != NULL)
		return CONNECTION_CHANGING;
	return CONNECTION_OFF;
}

bool
doctor_read_app(const char *text, enum connection_state *proxy)
{
	char words[DOCTOR_WORD_BYTES];

	*proxy = CONNECTION_NONE;
	if (!doctor_read_value(text, "proxy", words))
		return false;
	*proxy = read_proxy(words);
	return true;
}

/* --- property lists --- */

/* A tag and the text behind it, as far as the next. */
struct element {
	struct line tag, text;
};

static bool
next_element(const char **text, struct element *e)
{
	const char *open = strchr(*text, '<');
	const char *close = open == NULL ? NULL : strchr(open, '>');

	if (close == NULL)
		return false;
	e->tag = (struct line){open + 1, (size_t)(close - open - 1)};
	e->text = (struct line){close + 1, strcspn(close + 1, "<")};
	*text = close + 1 + e->text.length;
	return true;
}

static bool
is(const struct line *line, const char *word)
{
	return line->length == strlen(word) &&
	    memcmp(line->text, word, line->length) == 0;
}

bool
doctor_read_plist(const char *text, const char *key, char out[DOCTOR_WORD_BYTES])
{
	bool behind = false;
	struct element e;

	while (next_element(&text, &e)) {
		if (is(&e.tag, "key")) {
			behind = is(&e.text, key);
		} else if (behind && e.tag.text[0] != '/') {
			copy(out, DOCTOR_WORD_BYTES, e.text.text, e.text.length);
			return true;
		}
	}
	return false;
}

/* --- profiles show --- */

/* What is known of one payload, whose members may come in any order. */
struct payload {
	bool is_proxy, is_policy, of_app, of_extension;
	unsigned order;
};

static void
finish_payload(struct profile_state *out, struct payload *p)
{
	if (p->is_proxy && p->of_app) {
		out->proxy = true;
		out->order = p->order;
	}
	out->policy |= p->is_policy && p->of_extension;
	*p = (struct payload){.order = 0};
}

static void
take_member(struct payload *p, const struct line *key, const struct line *value,
    const char *app, const char *extension)
{
	if (is(key, "PayloadType")) {
		p->is_proxy = is(value, "com.apple.vpn.managed");
		p->is_policy = is(value, "com.apple.system-extension-policy");
	} else if (is(key, "VPNSubType")) {
		p->of_app = is(value, app);
	} else if (is(key, "Order")) {
		p->order = (unsigned)strtoul(value->text, NULL, 10);
	}
	p->of_extension |= is(value, extension);
}

void
doctor_read_profiles(const char *text, const char *identifier, const char *app,
    const char *extension, struct profile_state *out)
{
	struct payload payload = {.order = 0};
	struct line key = {text, 0};
	struct element e;

	*out = (struct profile_state){.order = 0};
	while (next_element(&text, &e)) {
		if (is(&e.tag, "key")) {
			key = e.text;
			if (is(&key, "PayloadContent"))
				finish_payload(out, &payload);
		} else if (is(&e.tag, "string") || is(&e.tag, "integer")) {
			out->installed |= is(&key, "ProfileIdentifier") &&
			    is(&e.text, identifier);
			take_member(&payload, &key, &e.text, app, extension);
		}
	}
	finish_payload(out, &payload);
}

/* --- ps and launchctl --- */

bool
doctor_has_process(const char *text, const char *identifier)
{
	char bundle[2 * DOCTOR_WORD_BYTES];
	struct line line;

	(void)snprintf(bundle, sizeof(bundle), "/%s.systemextension/", identifier);
	while (next_line(&text, &line)) {
		if (find(&line, bundle) != NULL)
			return true;
	}
	return false;
}

/* "name = value", indented; the first of that name, which is the job's own. */
static void
take_setting(const struct line *line, const char *name, char out[DOCTOR_WORD_BYTES])
{
	const char *at = find(line, name);
	const char *from = at == NULL ? NULL : at + strlen(name);

	if (at == NULL || out[0] != '\0')
		return;
	for (const char *before = line->text; before < at; before++)
		if (!isspace((unsigned char)*before))
			return;
	copy(out, DOCTOR_WORD_BYTES, from,
	    line->length - (size_t)(from - line->text));
}

void
doctor_read_job(const char *text, struct job_state *out)
{
	struct line line;

	*out = (struct job_state){.loaded = false};
	while (next_line(&text, &line)) {
		take_setting(&line, "state = ", out->state);
		take_setting(&line, "last exit code = ", out->exit_code);
	}
	out->loaded = out->state[0] != '\0';
}

/* --- log show --- */

#define STOPPED "stopped by the system, reason "

/* What sysextd logs when it will not take an extension, and what of it is told. */
static const char *const refusals[] = {
    "no policy, cannot allow apps outside /Applications",
    "missing entitlement", "code signature invalid", "validation failed",
    "no matching provisioning profile"};

void
doctor_read_log(const char *text, struct log_state *out)
{
	struct line line;

	*out = (struct log_state){.stop_reason = -1};
	while (next_line(&text, &line)) {
		const char *stopped = find(&line, STOPPED);
		if (stopped != NULL)
			out->stop_reason = atoi(stopped + strlen(STOPPED));
		out->long_socket |= find(&line, "a socket's path may have") != NULL;
		for (size_t i = 0; find(&line, "sysextd") != NULL &&
		     i < sizeof(refusals) / sizeof(refusals[0]); i++) {
			if (find(&line, refusals[i]) != NULL)
				copy(out->refused, DOCTOR_WORD_BYTES, refusals[i],
				    strlen(refusals[i]));
		}
	}
}

#define SWITCH_ON "switch it on in System Settings, Network, Filters & Proxies"

/* NEProviderStopReason of NetworkExtension, by its numbers. */
static const struct {
	const char *words, *remedy;
} stop_reasons[] = {
    {"of nothing in particular", NULL},
    {"somebody switched it off",
        SWITCH_ON "; a profile of device management keeps it on"},
    {"it failed", "see what it logged, and whether it crashed: Console, Crash Reports"},
    {"there was no network", NULL},
    {"the network changed in a way that it could not follow", NULL},
    {"its provider was disabled", SWITCH_ON},
    {"an authentication was cancelled", NULL},
    {"its configuration could not be used",
        "write the profile anew: sightglass profile"},
    {"it was idle", NULL},
    {"its configuration was disabled", SWITCH_ON},
    {"its configuration was removed", "install the profile again"},
    {"another configuration was started in its place",
        "see proxy and profile: two of one kind need an Order"},
    {"a user logged out", "it starts with the next login; a profile with on-demand rules "
                          "keeps it on"},
    {"another user came", "a profile with on-demand rules keeps it on for everybody"},
    {"its connection failed", "see what it logged"},
    {"the Mac went to sleep", NULL},
    {"it was replaced by an update", NULL},
    {"of an error within the system", "restart the Mac"},
};

const char *
doctor_stop_reason(int reason, const char **remedy)
{
	size_t i = reason < 0 ? 0 : (size_t)reason;

	*remedy = NULL;
	if (i >= sizeof(stop_reasons) / sizeof(stop_reasons[0]))
		return "of something that is not known here";
	*remedy = stop_reasons[i].remedy;
	return stop_reasons[i].words;
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

/* A team's identifier: ten capitals and digits. */
#define TEAM_BYTES 10u

bool
doctor_is_of_team(const char *identifier)
{
	for (size_t i = 0; i < TEAM_BYTES; i++) {
		if (!isdigit((unsigned char)identifier[i]) &&
		    !isupper((unsigned char)identifier[i]))
			return false;
	}
	return identifier[TEAM_BYTES] == '.';
}

static bool
is_foreign(const struct line *group, const char *team)
{
	size_t length = strlen(team);

	return group->length <= length || group->text[length] != '.' ||
	    memcmp(group->text, team, length) != 0;
}

/* The value of a line of either form, "[String] x" and "<string>x</string>". */
static bool
string_of(const struct line *line, struct line *value)
{
	static const char *const tags[] = {"[String] ", "<string>"};

	for (size_t i = 0; i < 2; i++) {
		const char *at = find(line, tags[i]);
		if (at == NULL)
			continue;
		value->text = at + strlen(tags[i]);
		value->length = strcspn(value->text, "<\r\n");
		return true;
	}
	return false;
}

bool
doctor_find_foreign_group(const char *text, const char *team,
    char group[DOCTOR_WORD_BYTES])
{
	const char *at = strstr(text, "com.apple.security.application-groups");
	struct line line, value;

	group[0] = '\0';
	if (at == NULL)
		return false;
	(void)next_line(&at, &line);
	while (next_line(&at, &line) && find(&line, "[Key]") == NULL &&
	    find(&line, "<key>") == NULL) {
		if (!string_of(&line, &value) || !is_foreign(&value, team))
			continue;
		copy(group, DOCTOR_WORD_BYTES, value.text, value.length);
		return true;
	}
	return false;
}

bool
doctor_read_assessment(const char *text, char source[DOCTOR_WORD_BYTES])
{
	source[0] = '\0';
	(void)doctor_read_value(text, "source", source);
	return strstr(text, ": accepted") != NULL;
}

/* --- releases of macOS --- */

/* What others reported in public, and where. The first that matches counts. */
static const struct {
	const char *release; /* "26": all of it; "15.0": that one alone */
	const char *trouble;
} troubles[] = {
    /* github.com/tailscale/tailscale/issues/17937 */
    {"26.1", "a configuration that connects on demand was reported to hang after sleep "
             "(switch it off and on), and a proxy extension may be started twice in one "
             "process: update it"},
    /* developer.apple.com/forums: FB21464147; thread/821372, of 26.3 on M5 and A18 */
    {"26", "may start a proxy extension twice in one process, and on some processors "
           "the kernel panics when a transparent proxy and a content filter of "
           "another vendor are both on: keep it up to date"},
    /* Vendors' advisories of September 2024, and what 15.0.1 was given out for. */
    {"15.0", "network extensions of several vendors lose connections: 15.0.1 mends it"},
    /* github.com/objective-see/LuLu/issues/738 */
    {"15.1", "with several network extensions at once some may see no flows: better "
             "since 15.3"},
    {"15.2", "with several network extensions at once some may see no flows: better "
             "since 15.3"},
};

const char *
doctor_known_trouble(const char *version)
{
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		const char *release = troubles[i].release;
		size_t length = strlen(release);
		bool whole = strchr(release, '.') == NULL;
		if (strncmp(version, release, length) == 0 &&
		    (version[length] == '\0' || (whole && version[length] == '.')))
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
