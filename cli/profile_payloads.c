/* SPDX-License-Identifier: ISC */
/*
 * The payloads, each a function of the settings. Identifiers of payloads are made
 * from the profile's; their UUIDs are made from those (RFC 9562 section 5.5), so
 * that a profile replaces the one before it, whichever machine wrote it. Pure; CLI.
 */
#include "cli/profile_payloads.h"

#include <stdio.h>
#include <string.h>

#include <psa/crypto.h>

#include "base/err.h"
#include "ca/key.h"
#include "cli/plist.h"
#include "extension-bridge/networks.h"

#define IDENTIFIER_BYTES 256
#define REQUIREMENT_BYTES 1024
#define TEAM_LENGTH 10
#define UUID_TEXT_BYTES 37
#define SHA1_BYTES 20
/* What the name of a file or an identifier makes of a digest. */
#define DIGEST_CHARACTERS 16

/* The identifiers and texts that several payloads need. */
struct profile_names {
	char profile[IDENTIFIER_BYTES];
	char extension[IDENTIFIER_BYTES];
	char requirement[REQUIREMENT_BYTES];
};

struct writer {
	struct plist plist;
	const struct conf *conf;
	const struct profile_names *names;
	const mbedtls_x509_crt *certificates;
	int error; /* of a digest */
};

static const struct {
	const char *name, *title;
} part_table[] = {
#define PROFILE_ROW(symbol, name, title) {name, title},
    PROFILE_PARTS(PROFILE_ROW)
#undef PROFILE_ROW
};

const char *
profile_part_name(enum profile_part part)
{
	return part_table[part].name;
}

/* --- identifiers --- */

static void
suffixed(char out[IDENTIFIER_BYTES], const char *configured, const char *base,
    const char *suffix)
{
	bool given = configured[0] != '\0';

	(void)snprintf(out, IDENTIFIER_BYTES, "%s%s", given ? configured : base,
	    given ? "" : suffix);
}

/* What codesign asks of code that was signed with a Developer ID: the markers of
 * its two certificates, and the team in the lower one. */
static void
default_requirement(struct profile_names *names, const char *team)
{
	(void)snprintf(names->requirement, sizeof(names->requirement),
	    "identifier \"%s\" and anchor apple generic and "
	    "certificate 1[field.1.2.840.113635.100.6.2.6] exists and "
	    "certificate leaf[field.1.2.840.113635.100.6.1.13] exists and "
	    "certificate leaf[subject.OU] = \"%s\"", names->extension, team);
}

static void
find_names(const struct conf *conf, struct profile_names *names)
{
	suffixed(names->profile, conf->profile_identifier, conf->macos_app,
	    ".profile");
	suffixed(names->extension, conf->macos_extension, conf->macos_app,
	    ".extension");
	if (conf->profile_requirement[0] == '\0')
		default_requirement(names, conf->macos_team);
	else
		(void)snprintf(names->requirement, sizeof(names->requirement),
		    "%s", conf->profile_requirement);
}

/* --- UUIDs (RFC 9562 section 5.5) --- */

/* Ours, made once at random. */
static const uint8_t uuid_space[16] = {0x3b, 0x1f, 0x86, 0x0e, 0x6c, 0x5d, 0x4e,
    0x0b, 0x9a, 0x27, 0x51, 0xd4, 0x0a, 0xc7, 0x28, 0x9e};

static int
make_uuid(const char *name, char out[UUID_TEXT_BYTES])
{
	uint8_t text[sizeof(uuid_space) + IDENTIFIER_BYTES], id[SHA1_BYTES];
	size_t length = strlen(name), digest_length;

	if (length > IDENTIFIER_BYTES)
		return E_LIMIT;
	memcpy(text, uuid_space, sizeof(uuid_space));
	memcpy(text + sizeof(uuid_space), name, length);
	if (psa_hash_compute(PSA_ALG_SHA_1, text, sizeof(uuid_space) + length, id,
	        sizeof(id), &digest_length) != PSA_SUCCESS)
		return E_CRYPTO;
	id[6] = (uint8_t)((id[6] & 0x0f) | 0x50);
	id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
	(void)snprintf(out, UUID_TEXT_BYTES,
	    "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X",
	    id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7], id[8], id[9],
	    id[10], id[11], id[12], id[13], id[14], id[15]);
	return 0;
}

/* --- what every payload has --- */

static void
common(struct writer *w, const char *type, const char *identifier,
    const char *title)
{
	struct plist *p = &w->plist;
	char uuid[UUID_TEXT_BYTES] = "";

	int error = make_uuid(identifier, uuid);
	if (error != 0)
		w->error = error;
	plist_text(p, "PayloadType", type);
	plist_number(p, "PayloadVersion", 1);
	plist_text(p, "PayloadIdentifier", identifier);
	plist_text(p, "PayloadUUID", uuid);
	plist_text(p, "PayloadDisplayName", title);
	if (w->conf->profile_organization[0] != '\0')
		plist_text(p, "PayloadOrganization", w->conf->profile_organization);
}

static void
payload_begin(struct writer *w, const char *type, enum profile_part part)
{
	char identifier[IDENTIFIER_BYTES + 32];

	(void)snprintf(identifier, sizeof(identifier), "%s.%s", w->names->profile,
	    part_table[part].name);
	plist_dict_begin(&w->plist, NULL);
	common(w, type, identifier, part_table[part].title);
}

/* {TEAM: [item]} */
static void
of_team(struct writer *w, const char *key, const char *item)
{
	plist_dict_begin(&w->plist, key);
	plist_array_begin(&w->plist, w->conf->macos_team);
	plist_text(&w->plist, NULL, item);
	plist_array_end(&w->plist);
	plist_dict_end(&w->plist);
}

/* --- the payloads --- */

static int
digest_text(const mbedtls_x509_crt *crt, char out[DIGEST_CHARACTERS + 1])
{
	uint8_t digest[CA_DIGEST_BYTES];

	int error = ca_digest(crt, digest);
	if (error != 0)
		return error;
	for (size_t i = 0; i < DIGEST_CHARACTERS / 2; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
	return 0;
}

/* A root is trusted by its type; one below it only becomes known. A CA that
 * follows another is a payload of its own, by its digest. */
static void
certificate(struct writer *w, const mbedtls_x509_crt *crt)
{
	struct plist *p = &w->plist;
	char digest[DIGEST_CHARACTERS + 1] = "";
	char identifier[IDENTIFIER_BYTES + 32], file[32];

	int error = digest_text(crt, digest);
	if (error != 0)
		w->error = error;
	(void)snprintf(identifier, sizeof(identifier), "%s.ca.%s",
	    w->names->profile, digest);
	(void)snprintf(file, sizeof(file), "%s.cer", digest);
	plist_dict_begin(p, NULL);
	common(w, ca_is_self_issued(crt) ? "com.apple.security.root"
	                                 : "com.apple.security.pkcs1",
	    identifier, part_table[PROFILE_CA].title);
	plist_text(p, "PayloadCertificateFileName", file);
	plist_data(p, "PayloadContent", crt->raw.p, crt->raw.len);
	plist_dict_end(p);
}

static void
ca_part(struct writer *w)
{
	for (const mbedtls_x509_crt *crt = w->certificates; crt != NULL;
	    crt = crt->next)
		certificate(w, crt);
}

/* The team must not stand among AllowedTeamIdentifiers too, so that is left out. */
static void
extension_part(struct writer *w)
{
	const char *extension = w->names->extension;

	payload_begin(w, "com.apple.system-extension-policy", PROFILE_EXTENSION);
	of_team(w, "AllowedSystemExtensions", extension);
	of_team(w, "AllowedSystemExtensionTypes", "NetworkExtension");
	of_team(w, "RemovableSystemExtensions", extension);
	if (!w->conf->profile_removable)
		of_team(w, "NonRemovableFromUISystemExtensions", extension);
	plist_dict_end(&w->plist);
}

static void
on_demand(struct plist *p)
{
	plist_number(p, "OnDemandEnabled", 1);
	plist_array_begin(p, "OnDemandRules");
	plist_dict_begin(p, NULL);
	plist_text(p, "Action", "Connect");
	plist_dict_end(p);
	plist_array_end(p);
}

/* What the extension is told (extension-bridge/macos/extension/ProviderSettings.h).
 * Without a DNS proxy the transparent one takes the queries that it is offered. */
static void
provider_settings(struct writer *w, const char *key)
{
	struct plist *p = &w->plist;
	const struct conf_list *networks = &w->conf->macos_exclude;

	plist_dict_begin(p, key);
	plist_array_begin(p, "ExcludedNetworks");
	for (size_t i = 0; i < networks->count; i++)
		plist_text(p, NULL, networks->items[i]);
	plist_array_end(p);
	plist_bool(p, "FailClosed", w->conf->macos_fail_closed);
	plist_bool(p, "ClaimQUIC", w->conf->macos_quic);
	plist_bool(p, "ClaimDNS", !w->conf->profile_dns);
	plist_dict_end(p);
}

/* There is no address to connect to, nor anybody to prove oneself to; profiles
 * that are in use say both, and the system takes no harm from it. */
static void
proxy_part(struct writer *w)
{
	struct plist *p = &w->plist;

	payload_begin(w, "com.apple.vpn.managed", PROFILE_PROXY);
	plist_text(p, "UserDefinedName", "Sightglass");
	plist_text(p, "VPNType", "TransparentProxy");
	plist_text(p, "VPNSubType", w->conf->macos_app);
	provider_settings(w, "VendorConfig");
	plist_dict_begin(p, "TransparentProxy");
	plist_text(p, "AuthenticationMethod", "Password");
	plist_text(p, "RemoteAddress", "localhost");
	plist_text(p, "ProviderType", "app-proxy");
	plist_text(p, "ProviderBundleIdentifier", w->names->extension);
	plist_text(p, "ProviderDesignatedRequirement", w->names->requirement);
	plist_number(p, "Order", w->conf->profile_order);
	on_demand(p);
	plist_dict_end(p);
	plist_dict_end(p);
}

static void
dns_part(struct writer *w)
{
	if (!w->conf->profile_dns)
		return;
	payload_begin(w, "com.apple.dnsProxy.managed", PROFILE_DNS);
	plist_text(&w->plist, "AppBundleIdentifier", w->conf->macos_app);
	plist_text(&w->plist, "ProviderBundleIdentifier", w->names->extension);
	provider_settings(w, "ProviderConfiguration");
	plist_dict_end(&w->plist);
}

static void
daemon_part(struct writer *w)
{
	struct plist *p = &w->plist;

	payload_begin(w, "com.apple.servicemanagement", PROFILE_DAEMON);
	plist_array_begin(p, "Rules");
	plist_dict_begin(p, NULL);
	plist_text(p, "RuleType", "Label");
	plist_text(p, "RuleValue", PROFILE_DAEMON_LABEL);
	plist_text(p, "TeamIdentifier", w->conf->macos_team);
	plist_text(p, "Comment", "sightglassd, which the extension hands flows to");
	plist_dict_end(p);
	plist_array_end(p);
	plist_dict_end(p);
}

/* --- the profile around them --- */

static void
write_parts(struct writer *w, unsigned parts)
{
	static void (*const writers[PROFILE_PART_COUNT])(struct writer *) = {
	    [PROFILE_CA] = ca_part, [PROFILE_EXTENSION] = extension_part,
	    [PROFILE_PROXY] = proxy_part, [PROFILE_DNS] = dns_part,
	    [PROFILE_DAEMON] = daemon_part};

	plist_array_begin(&w->plist, "PayloadContent");
	for (unsigned i = 0; i < PROFILE_PART_COUNT; i++) {
		if ((parts & 1u << i) != 0)
			writers[i](w);
	}
	plist_array_end(&w->plist);
}

/* One part alone is a profile with a name of its own, so that several can be
 * installed. */
static void
write_head(struct writer *w, unsigned parts)
{
	char identifier[IDENTIFIER_BYTES + 32], title[64];
	const char *part = "", *what = "";

	for (unsigned i = 0; i < PROFILE_PART_COUNT; i++) {
		if (parts == 1u << i) {
			part = part_table[i].name;
			what = part_table[i].title;
		}
	}
	(void)snprintf(identifier, sizeof(identifier), "%s%s%s", w->names->profile,
	    part[0] != '\0' ? "-" : "", part);
	(void)snprintf(title, sizeof(title), "Sightglass%s%s",
	    what[0] != '\0' ? ": " : "", what);
	common(w, "Configuration", identifier, title);
	plist_text(&w->plist, "PayloadScope", "System");
	plist_text(&w->plist, "PayloadDescription",
	    "Lets this organization log what the Mac's TLS and DNS traffic says.");
	plist_bool(&w->plist, "PayloadRemovalDisallowed",
	    !w->conf->profile_removable);
}

int
profile_write(const struct conf *conf, const mbedtls_x509_crt *certificates,
    unsigned parts, struct buf *out)
{
	struct profile_names names;
	struct writer w = {
	    .conf = conf, .names = &names, .certificates = certificates};

	find_names(conf, &names);
	plist_begin(&w.plist, out);
	plist_dict_begin(&w.plist, NULL);
	write_head(&w, parts);
	write_parts(&w, parts);
	plist_dict_end(&w.plist);
	int error = plist_end(&w.plist);
	return error != 0 ? error : w.error;
}

/* --- what settings can be --- */

static bool
is_team(const char *text)
{
	return strlen(text) == TEAM_LENGTH &&
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == TEAM_LENGTH;
}

/* CFBundleIdentifier: letters, digits, hyphen and full stop. */
static bool
is_identifier(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length < IDENTIFIER_BYTES - 32 &&
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                 "0123456789-.") == length &&
	    text[0] != '.' && text[length - 1] != '.';
}

static int
check_identifier(const char *key, const char *text, bool may_be_empty,
    char error[256])
{
	if ((may_be_empty && text[0] == '\0') || is_identifier(text))
		return 0;
	(void)snprintf(error, 256, "%s is '%.100s': a bundle identifier has letters, "
	    "digits, hyphens and full stops, as org.example.app", key, text);
	return E_RANGE;
}

static int
check_networks(const struct conf_list *networks, char error[256])
{
	struct network n;

	for (size_t i = 0; i < networks->count; i++) {
		if (network_parse(networks->items[i], &n) == 0)
			continue;
		(void)snprintf(error, 256, "macos.exclude has '%.100s': a network is "
		    "written as 10.0.0.0/8 or fc00::/7", networks->items[i]);
		return E_RANGE;
	}
	return 0;
}

int
profile_check(const struct conf *conf, char error[256])
{
	int result = check_identifier("macos.app", conf->macos_app, false, error);

	if (result == 0)
		result = check_identifier("macos.extension", conf->macos_extension,
		    true, error);
	if (result == 0)
		result = check_identifier("profile.identifier",
		    conf->profile_identifier, true, error);
	if (result == 0)
		result = check_networks(&conf->macos_exclude, error);
	if (result == 0 && strlen(conf->profile_requirement) >= REQUIREMENT_BYTES) {
		(void)snprintf(error, 256, "profile.requirement is longer than %d "
		    "characters", REQUIREMENT_BYTES - 1);
		result = E_RANGE;
	}
	if (result != 0 || is_team(conf->macos_team))
		return result;
	(void)snprintf(error, 256, "macos.team is '%.100s': it has to be the ten "
	    "capital letters and digits of a team identifier, as --team ABCDE12345",
	    conf->macos_team);
	return E_RANGE;
}
