/* SPDX-License-Identifier: ISC */
/*
 * What macOS says of itself, of the extension and of its configuration, asked of
 * the tools that an administrator would ask. CLI. Some answers only root is given.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "cli/doctor_text.h"

#define APP_PATH "/Applications/Sightglass.app"
#define IDENTIFIER_BYTES 256

const char *const doctor_forwarder = "macos";

static const char *
text_of(const struct buf *said)
{
	return (const char *)buf_data(said);
}

static void
identifiers(const struct doctor *d, char extension[IDENTIFIER_BYTES],
    char profile[IDENTIFIER_BYTES])
{
	const struct conf *c = d->conf;

	(void)snprintf(extension, IDENTIFIER_BYTES, "%s%s",
	    c->macos_extension[0] != '\0' ? c->macos_extension : c->macos_app,
	    c->macos_extension[0] != '\0' ? "" : ".extension");
	(void)snprintf(profile, IDENTIFIER_BYTES, "%s%s",
	    c->profile_identifier[0] != '\0' ? c->profile_identifier : c->macos_app,
	    c->profile_identifier[0] != '\0' ? "" : ".profile");
}

/* --- the release and the clock --- */

static void
release(struct doctor *d)
{
	char *const argv[] = {(char *)"sw_vers", NULL};
	char version[DOCTOR_WORD_BYTES];
	struct buf said;

	if (doctor_ask("sw_vers", argv, &said) &&
	    doctor_read_value(text_of(&said), "ProductVersion", version)) {
		const char *trouble = doctor_known_trouble(version);
		if (trouble == NULL)
			finding_ok(&d->found, FINDING_MACOS, "%s", version);
		else
			finding_warning(&d->found, FINDING_MACOS, "%s: %s", version,
			    trouble);
	}
	buf_free(&said);
}

static void
clock_probe(struct doctor *d)
{
	char *const argv[] = {(char *)"systemsetup", (char *)"-getusingnetworktime",
	    NULL};
	char state[DOCTOR_WORD_BYTES];
	struct buf said;

	if (doctor_ask("systemsetup", argv, &said) &&
	    doctor_read_value(text_of(&said), "Network Time", state)) {
		if (strcmp(state, "On") == 0)
			finding_ok(&d->found, FINDING_CLOCK, "is kept right");
		else {
			finding_warning(&d->found, FINDING_CLOCK, "nobody keeps it "
			    "right");
			finding_remedy(&d->found, "sudo systemsetup "
			    "-setusingnetworktime on");
		}
	}
	buf_free(&said);
}

/* --- the extension --- */

static void
judge_extension(struct doctor *d, const char *identifier,
    const struct extension_state *s)
{
	if (!s->listed) {
		finding_failure(&d->found, FINDING_EXTENSION, "%s is not installed",
		    identifier);
		finding_remedy(&d->found, APP_PATH "/Contents/MacOS/Sightglass "
		    "activate");
	} else if (s->enabled && s->active) {
		finding_ok(&d->found, FINDING_EXTENSION, "%s (%s) is %s", identifier,
		    s->version, s->state);
	} else if (strstr(s->state, "waiting for user") != NULL) {
		finding_failure(&d->found, FINDING_EXTENSION, "%s waits for a person "
		    "to allow it", identifier);
		finding_remedy(&d->found, "install the profile of 'sightglass profile' "
		    "by device management, or allow it in System Settings");
	} else {
		finding_failure(&d->found, FINDING_EXTENSION, "%s is %s", identifier,
		    s->state);
		finding_remedy(&d->found, "restart the Mac; if that does not help, "
		    "deactivate and activate it with the app");
	}
	if (s->others[0] != '\0')
		finding_warning(&d->found, FINDING_OTHERS, "network extensions besides "
		    "ours: %s: one behind ours sees the daemon's flows", s->others);
}

static void
extension(struct doctor *d, const char *identifier)
{
	char *const argv[] = {(char *)"systemextensionsctl", (char *)"list", NULL};
	struct extension_state state;
	struct buf said;

	if (doctor_ask("systemextensionsctl", argv, &said)) {
		doctor_read_extensions(text_of(&said), identifier, &state);
		judge_extension(d, identifier, &state);
	}
	buf_free(&said);
}

static void
connection(struct doctor *d)
{
	char *const argv[] = {(char *)"scutil", (char *)"--nc", (char *)"list", NULL};
	struct buf said;

	if (doctor_ask("scutil", argv, &said)) {
		switch (doctor_read_connection(text_of(&said), d->conf->macos_app)) {
		case CONNECTION_ON:
			finding_ok(&d->found, FINDING_PROXY, "is configured and on");
			break;
		case CONNECTION_OFF:
			finding_failure(&d->found, FINDING_PROXY, "is configured and "
			    "off");
			finding_remedy(&d->found, "switch it on in System Settings, "
			    "Network; a profile of device management keeps it on");
			break;
		case CONNECTION_NONE:
			finding_failure(&d->found, FINDING_PROXY, "is not configured");
			finding_remedy(&d->found, "install the profile of 'sightglass "
			    "profile', or run the app's activate");
		}
	}
	buf_free(&said);
}

static void
profile(struct doctor *d, const char *identifier)
{
	char *const argv[] = {(char *)"profiles", (char *)"show", (char *)"-output",
	    (char *)"stdout", NULL};
	struct buf said;
	unsigned order;

	if (geteuid() != 0) {
		finding_warning(&d->found, FINDING_PROFILE, "only root may ask for it");
		finding_remedy(&d->found, "sudo sightglass doctor");
		return;
	}
	if (doctor_ask("profiles", argv, &said)) {
		if (!doctor_read_profile(text_of(&said), identifier, &order)) {
			finding_failure(&d->found, FINDING_PROFILE, "%s is not "
			    "installed", identifier);
			finding_remedy(&d->found, "give it out by device management: "
			    "sightglass profile writes it");
		} else if (order == 0) {
			finding_warning(&d->found, FINDING_PROFILE, "%s gives the "
			    "proxy no Order: which of several proxies is first is "
			    "chance", identifier);
			finding_remedy(&d->found, "write it anew with sightglass "
			    "profile --order");
		} else {
			finding_ok(&d->found, FINDING_PROFILE, "%s is installed, Order "
			    "%u", identifier, order);
		}
	}
	buf_free(&said);
}

/* --- signatures --- */

static void
judge_signature(struct doctor *d, const char *text)
{
	struct signature_state s;

	doctor_read_signature(text, &s);
	if (!s.signed_at_all)
		finding_failure(&d->found, FINDING_SIGNATURE, APP_PATH " is not "
		    "signed, or not there");
	else if (!s.hardened)
		finding_failure(&d->found, FINDING_SIGNATURE, APP_PATH " lacks the "
		    "hardened runtime: it cannot be notarized");
	else if (s.debuggable)
		finding_failure(&d->found, FINDING_SIGNATURE, APP_PATH " has "
		    "get-task-allow: it was built for debugging");
	else if (!doctor_has_entitlement(text,
	             "com.apple.developer.system-extension.install"))
		finding_failure(&d->found, FINDING_SIGNATURE, APP_PATH " may not "
		    "install extensions: it lacks "
		    "com.apple.developer.system-extension.install");
	else
		finding_ok(&d->found, FINDING_SIGNATURE, "of team %s, hardened",
		    s.team);
}

static void
signature(struct doctor *d)
{
	char *const display[] = {(char *)"codesign", (char *)"--display",
	    (char *)"--verbose=2", (char *)"--entitlements", (char *)"-",
	    (char *)APP_PATH, NULL};
	char *const assess[] = {(char *)"spctl", (char *)"--assess",
	    (char *)"--verbose=2", (char *)"--type", (char *)"install",
	    (char *)APP_PATH, NULL};
	char source[DOCTOR_WORD_BYTES];
	struct buf said;

	if (doctor_ask("codesign", display, &said))
		judge_signature(d, text_of(&said));
	buf_free(&said);
	if (doctor_ask("spctl", assess, &said)) {
		if (doctor_read_assessment(text_of(&said), source))
			finding_ok(&d->found, FINDING_NOTARIZED, "%s", source);
		else {
			finding_failure(&d->found, FINDING_NOTARIZED, "the system does "
			    "not accept " APP_PATH);
			finding_remedy(&d->found, "notarize and staple it: "
			    "packaging/macos");
		}
	}
	buf_free(&said);
}

void
doctor_system(struct doctor *d)
{
	char identifier[IDENTIFIER_BYTES], profile_identifier[IDENTIFIER_BYTES];

	identifiers(d, identifier, profile_identifier);
	release(d);
	clock_probe(d);
	extension(d, identifier);
	connection(d);
	profile(d, profile_identifier);
	signature(d);
}
