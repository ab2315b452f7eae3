/* SPDX-License-Identifier: ISC */
/*
 * Asks macOS's tools what an administrator would ask them, and leaves what they say
 * to doctor_macos.c. CLI. Some answers only root is given.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "ca/key.h"
#include "cli/doctor.h"
#include "cli/doctor_macos.h"

#define APP_PATH "/Applications/Sightglass.app"
#define IDENTIFIER_BYTES 256
#define LABEL "org.sightglass.sightglassd"

const char *const doctor_forwarder = "macos";

#define ARGUMENTS_MAX 12

/* What the tool says, in a buffer to be freed; NULL: it is not there. */
static const char *
ask(struct buf *said, const char *const arguments[])
{
	char *argv[ARGUMENTS_MAX + 1];
	size_t count = 0;

	for (; count < ARGUMENTS_MAX && arguments[count] != NULL; count++)
		argv[count] = (char *)arguments[count];
	argv[count] = NULL;
	return doctor_ask(arguments[0], argv, said) ? (const char *)buf_data(said)
	                                            : NULL;
}

/* A tool whose text goes to one function. */
static void
judge(struct doctor *d, void (*conclude)(struct findings *f, const char *text),
    const char *const arguments[])
{
	struct buf said;
	const char *text = ask(&said, arguments);

	if (text != NULL)
		conclude(&d->found, text);
	buf_free(&said);
}

/* --- the system --- */

static void
job(struct doctor *d)
{
	const char *const arguments[] = {"launchctl", "print", "system/" LABEL, NULL};
	struct buf said;
	const char *text = ask(&said, arguments);

	if (text != NULL)
		macos_judge_job(&d->found, text, LABEL);
	buf_free(&said);
}

/* Of the keychains; without a question to the network. */
void
doctor_system_store(struct doctor *d)
{
	char path[PATH_BYTES];
	const char *const arguments[] = {"security", "verify-cert", "-c", path, "-p",
	    "basic", "-l", "-L", NULL};

	ca_certificate_path(d->conf, path);
	judge(d, macos_judge_trust, arguments);
}

/* --- the extension --- */

static void
extension(struct doctor *d, const struct macos_names *names)
{
	static const char *const list[] = {"systemextensionsctl", "list", NULL};
	static const char *const processes[] = {"ps", "-axo", "command=", NULL};
	struct buf said;

	const char *text = ask(&said, list);
	bool active =
	    text != NULL && macos_judge_extensions(&d->found, text, names);
	buf_free(&said);
	if (!active)
		return;
	text = ask(&said, processes);
	if (text != NULL)
		macos_judge_processes(&d->found, text, names);
	buf_free(&said);
}

/* The app knows best; without it there is what the system lists. */
static void
connection(struct doctor *d, const struct macos_names *names)
{
	static const char *const status[] = {APP_PATH "/Contents/MacOS/Sightglass",
	    "status", NULL};
	static const char *const list[] = {"scutil", "--nc", "list", NULL};
	struct buf said;

	const char *text = ask(&said, status);
	bool known = text != NULL && macos_judge_app(&d->found, text);
	buf_free(&said);
	if (known)
		return;
	text = ask(&said, list);
	if (text != NULL)
		macos_judge_connections(&d->found, text, names);
	buf_free(&said);
}

static void
profile(struct doctor *d, const struct macos_names *names)
{
	static const char *const show[] = {"profiles", "show", "-output", "stdout-xml",
	    NULL};
	struct buf said;

	if (geteuid() != 0) {
		finding_warning(&d->found, FINDING_PROFILE, "only root may ask for it");
		finding_remedy(&d->found, "sudo sightglass doctor");
		return;
	}
	const char *text = ask(&said, show);
	if (text != NULL)
		macos_judge_profiles(&d->found, text, names);
	buf_free(&said);
}

/* --- signatures --- */

static void
bundle(struct doctor *d, const char *path, bool is_app)
{
	char embedded[2 * PATH_BYTES];
	const char *const sign[] = {"codesign", "--display", "--verbose=2",
	    "--entitlements", "-", path, NULL};
	const char *const decode[] = {"security", "cms", "-D", "-i", embedded, NULL};
	struct buf said;

	const char *text = ask(&said, sign);
	if (text != NULL)
		macos_judge_signature(&d->found, text, path, is_app);
	buf_free(&said);
	(void)snprintf(embedded, sizeof(embedded),
	    "%s/Contents/embedded.provisionprofile", path);
	if (access(embedded, R_OK) != 0)
		return;
	text = ask(&said, decode);
	if (text != NULL)
		macos_judge_provisioning(&d->found, text, path,
		    (int64_t)clock_wall_us());
	buf_free(&said);
}

static void
signatures(struct doctor *d, const struct macos_names *names)
{
	static const char *const assess[] = {"spctl", "--assess", "--verbose=2", "--type",
	    "install", APP_PATH, NULL};
	char path[PATH_BYTES];
	struct buf said;

	bundle(d, APP_PATH, true);
	(void)snprintf(path, sizeof(path),
	    APP_PATH "/Contents/Library/SystemExtensions/%s.systemextension",
	    names->extension);
	bundle(d, path, false);
	const char *text = ask(&said, assess);
	if (text != NULL)
		macos_judge_assessment(&d->found, text, APP_PATH);
	buf_free(&said);
}

/* --- what was logged --- */

static void
logged(struct doctor *d, const struct macos_names *names)
{
	char predicate[2 * IDENTIFIER_BYTES];
	const char *const show[] = {"log", "show", "--style", "compact", "--last", "3h",
	    "--predicate", predicate, NULL};

	(void)snprintf(predicate, sizeof(predicate),
	    "subsystem == \"%s\" OR process == \"sysextd\"", names->extension);
	judge(d, macos_judge_log, show);
}

void
doctor_system(struct doctor *d)
{
	static const char *const release[] = {"sw_vers", NULL};
	static const char *const clock[] = {"systemsetup", "-getusingnetworktime", NULL};
	const struct conf *c = d->conf;
	char extension_name[IDENTIFIER_BYTES], profile_name[IDENTIFIER_BYTES];
	const struct macos_names names = {.app = c->macos_app,
	    .extension = extension_name, .profile = profile_name};

	(void)snprintf(extension_name, sizeof(extension_name), "%s%s",
	    c->macos_extension[0] != '\0' ? c->macos_extension : c->macos_app,
	    c->macos_extension[0] != '\0' ? "" : ".extension");
	(void)snprintf(profile_name, sizeof(profile_name), "%s%s",
	    c->profile_identifier[0] != '\0' ? c->profile_identifier : c->macos_app,
	    c->profile_identifier[0] != '\0' ? "" : ".profile");
	judge(d, macos_judge_release, release);
	judge(d, macos_judge_clock, clock);
	job(d);
	macos_judge_sockets(&d->found, c->run_dir);
	extension(d, &names);
	connection(d, &names);
	profile(d, &names);
	signatures(d, &names);
	logged(d, &names);
}
