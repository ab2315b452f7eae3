/* SPDX-License-Identifier: ISC */
/* Texts of macOS's tools into findings. Pure; CLI. */
#include "cli/doctor_macos.h"

#include <stdio.h>
#include <string.h>

#include <yyjson.h>

#include "cli/doctor_text.h"
#include "log/when.h"

#define INSTALL "com.apple.developer.system-extension.install"
#define APP_PROXY "app-proxy-provider-systemextension"
#define VERB "/Applications/Sightglass.app/Contents/MacOS/Sightglass "

/* --- the system --- */

void
macos_judge_release(struct findings *f, const char *text)
{
	char version[DOCTOR_WORD_BYTES];

	if (!doctor_read_value(text, "ProductVersion", version))
		return;
	const char *trouble = doctor_known_trouble(version);
	if (trouble == NULL) {
		finding_ok(f, FINDING_MACOS, "%s", version);
	} else {
		finding_warning(f, FINDING_MACOS, "%s: %s", version, trouble);
		finding_remedy(f, "install the newest update of macOS");
	}
}

void
macos_judge_clock(struct findings *f, const char *text)
{
	char state[DOCTOR_WORD_BYTES];

	if (!doctor_read_value(text, "Network Time", state))
		return;
	if (strcmp(state, "On") == 0) {
		finding_ok(f, FINDING_CLOCK, "is kept right");
	} else {
		finding_warning(f, FINDING_CLOCK, "nobody keeps it right");
		finding_remedy(f, "sudo systemsetup -setusingnetworktime on");
	}
}

void
macos_judge_trust(struct findings *f, const char *text)
{
	if (strstr(text, "verification successful") != NULL) {
		finding_ok(f, FINDING_SYSTEM, "the keychains trust the CA");
	} else if (text[0] != '\0') {
		finding_failure(f, FINDING_SYSTEM, "the keychains do not trust the CA");
		finding_remedy(f, "give it out by device management: sightglass "
		    "profile; or by hand, as sightglass ca trust tells");
	}
}

void
macos_judge_job(struct findings *f, const char *text, const char *label)
{
	struct job_state s;

	doctor_read_job(text, &s);
	if (!s.loaded) {
		finding_failure(f, FINDING_LAUNCHD, "%s is not loaded", label);
		finding_remedy(f, "sudo launchctl enable system/%s; sudo launchctl "
		    "bootstrap system /Library/LaunchDaemons/%s.plist; where a person "
		    "switched it off: System Settings, Login Items", label, label);
	} else if (strcmp(s.state, "running") == 0) {
		finding_ok(f, FINDING_LAUNCHD, "%s is running", label);
	} else {
		finding_failure(f, FINDING_LAUNCHD, "%s is %s, last exit code %s",
		    label, s.state, s.exit_code[0] != '\0' ? s.exit_code : "unknown");
		finding_remedy(f, "sudo launchctl kickstart -k system/%s; what it "
		    "says: sudo sightglassd -n", label);
	}
}

/* --- the extension --- */

/* What to do about a state of systemextensionsctl. */
static const struct {
	const char *state, *words, *remedy;
} states[] = {
    {"waiting for user", "waits for a person to allow it",
        "install the profile of 'sightglass profile' by device management, or allow it "
        "in System Settings, Login Items & Extensions"},
    {"disable", "has been switched off",
        "switch it on in System Settings, Login Items & Extensions; if that is not "
        "taken, restart the Mac first"},
    {"waiting to uninstall on reboot", "goes at the next restart",
        "restart the Mac, then: " VERB "activate"},
    {"activated enabled", "is enabled and not active",
        "restart the Mac; if that does not help: " VERB "deactivate, then activate"},
    {"terminat", "has ended",
        "restart the Mac; if that does not help: " VERB "deactivate, then activate"},
    {"", "is in no state that is known",
        "restart the Mac; if that does not help: " VERB "deactivate, then activate"},
};

static void
judge_state(struct findings *f, const char *extension, const struct extension_state *s)
{
	size_t i = 0;

	while (strstr(s->state, states[i].state) == NULL)
		i++;
	finding_failure(f, FINDING_EXTENSION, "%s (%s) %s: [%s]", extension, s->version,
	    states[i].words, s->state);
	finding_remedy(f, "%s", states[i].remedy);
}

static void
judge_versions(struct findings *f, const struct extension_state *s)
{
	if (s->waiting[0] != '\0') {
		finding_warning(f, FINDING_EXTENSION, "version %s waits for a person "
		    "to allow it, and %s still runs", s->waiting, s->version);
		finding_remedy(f, "%s", states[0].remedy);
	}
	if (s->leaving[0] != '\0')
		finding_ok(f, FINDING_EXTENSION, "version %s goes at the next restart",
		    s->leaving);
}

bool
macos_judge_extensions(struct findings *f, const char *text,
    const struct macos_names *names)
{
	struct extension_state s;

	doctor_read_extensions(text, names->extension, &s);
	bool active = s.listed && s.enabled && s.active;
	if (!s.listed) {
		finding_failure(f, FINDING_EXTENSION, "%s is not installed",
		    names->extension);
		finding_remedy(f, VERB "activate");
	} else if (active) {
		finding_ok(f, FINDING_EXTENSION, "%s (%s) is %s", names->extension,
		    s.version, s.state);
		judge_versions(f, &s);
	} else {
		judge_state(f, names->extension, &s);
	}
	if (s.others[0] != '\0') {
		finding_warning(f, FINDING_OTHERS, "network extensions besides ours: "
		    "%s: one behind ours in the order sees the daemon's flows",
		    s.others);
		finding_remedy(f, "exempt sightglassd in their settings, by its "
		    "signature");
	}
	return active;
}

void
macos_judge_processes(struct findings *f, const char *text,
    const struct macos_names *names)
{
	if (doctor_has_process(text, names->extension))
		return;
	finding_failure(f, FINDING_EXTENSION, "%s is enabled, and no process of it "
	    "runs", names->extension);
	finding_remedy(f, "switch the proxy off and on in System Settings, Network, "
	    "Filters & Proxies; if that does not help, restart the Mac");
}

static void
tell_connection(struct findings *f, enum connection_state state)
{
	switch (state) {
	case CONNECTION_ON:
		finding_ok(f, FINDING_PROXY, "is configured and on");
		break;
	case CONNECTION_CHANGING:
		finding_warning(f, FINDING_PROXY, "is starting or stopping: if it "
		    "stays so, as may happen after sleep, nothing passes by it");
		finding_remedy(f, "switch it off and on in System Settings, Network, "
		    "Filters & Proxies");
		break;
	case CONNECTION_OFF:
		finding_failure(f, FINDING_PROXY, "is configured and off");
		finding_remedy(f, "switch it on in System Settings, Network; a profile "
		    "of device management keeps it on");
		break;
	case CONNECTION_DISABLED:
		finding_failure(f, FINDING_PROXY, "is configured and not enabled");
		finding_remedy(f, "another configuration of its kind was chosen, or it "
		    "was switched off: " VERB "activate, or the profile again");
		break;
	case CONNECTION_NONE:
		finding_failure(f, FINDING_PROXY, "is not configured");
		finding_remedy(f, "install the profile of 'sightglass profile', or: "
		    VERB "activate");
	}
}

void
macos_judge_connections(struct findings *f, const char *text,
    const struct macos_names *names)
{
	enum connection_state state = doctor_read_connection(text, names->app);

	if (state != CONNECTION_NONE) {
		tell_connection(f, state);
		return;
	}
	finding_warning(f, FINDING_PROXY, "the app does not tell of it, and the system's "
	    "list, in which such proxies may be missing, has none");
	finding_remedy(f, VERB "status, as the user who is logged in");
}

/* --- what app and extension say --- */

static unsigned long long
number(yyjson_val *object, const char *key)
{
	return (unsigned long long)yyjson_get_uint(yyjson_obj_get(object, key));
}

/* BridgeHost.m; the link's states are those of extension-bridge/provider_states.h. */
static void
judge_link(struct findings *f, yyjson_val *said)
{
	const char *link = yyjson_get_str(yyjson_obj_get(said, "link"));

	if (link == NULL) {
		finding_warning(f, FINDING_BRIDGE, "the extension does not say how its "
		    "link to the daemon is");
		finding_remedy(f, "where it does not run, see extension and proxy; "
		    "else it hangs: switch the proxy off and on");
	} else if (strcmp(link, "up") == 0 || strcmp(link, "pinging") == 0) {
		finding_ok(f, FINDING_BRIDGE, "the extension says: the link is %s, "
		    "%llu flows now; %llu claimed, %llu left alone, %llu refused, %llu "
		    "failed", link, number(said, "flows"), number(said, "claimed"),
		    number(said, "declined"), number(said, "refused"), number(said,
		    "failed"));
	} else {
		finding_failure(f, FINDING_BRIDGE, "the extension does not reach the "
		    "daemon: its link is %s", link);
		finding_remedy(f, "the daemon has to run, be signed as "
		    "DaemonRequirement of the profile says, and serve where FlowSocket "
		    "and ControlSocket are");
	}
}

static void
judge_dns(struct findings *f, const char *text)
{
	char words[DOCTOR_WORD_BYTES];

	if (!doctor_read_value(text, "dns", words) ||
	    strcmp(words, "of another app") != 0)
		return;
	finding_warning(f, FINDING_OTHERS, "another app is the DNS proxy: not all "
	    "queries are seen");
	finding_remedy(f, "the system has one: take the other's configuration away");
}

bool
macos_judge_app(struct findings *f, const char *text)
{
	const char *bridge = strstr(text, "bridge: ");
	enum connection_state proxy;

	if (!doctor_read_app(text, &proxy))
		return false;
	tell_connection(f, proxy);
	judge_dns(f, text);
	if (bridge == NULL || proxy != CONNECTION_ON)
		return true;
	bridge += strlen("bridge: ");
	yyjson_doc *doc = yyjson_read(bridge, strcspn(bridge, "\r\n"), 0);
	judge_link(f, yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
	return true;
}

/* --- profiles --- */

void
macos_judge_profiles(struct findings *f, const char *text,
    const struct macos_names *names)
{
	struct profile_state s;

	doctor_read_profiles(text, names->profile, names->app, names->extension, &s);
	if (!s.installed && !s.proxy) {
		finding_failure(f, FINDING_PROFILE, "%s is not installed",
		    names->profile);
		finding_remedy(f, "give it out by device management: sightglass "
		    "profile writes it");
		return;
	}
	if (!s.proxy) {
		finding_failure(f, FINDING_PROFILE, "%s has no transparent proxy for "
		    "%s", names->profile, names->app);
		finding_remedy(f, "write it anew with sightglass profile");
	} else if (s.order == 0) {
		finding_warning(f, FINDING_PROFILE, "the proxy has no Order: which of "
		    "several proxies is first is chance");
		finding_remedy(f, "write it anew with sightglass profile --order");
	} else {
		finding_ok(f, FINDING_PROFILE, "%s gives the proxy Order %u",
		    s.installed ? names->profile : "a profile", s.order);
	}
	if (!s.policy) {
		finding_warning(f, FINDING_PROFILE, "none allows the extension %s: a "
		    "person is asked, and can switch it off", names->extension);
		finding_remedy(f, "give out all that sightglass profile writes");
	}
}

/* --- signatures --- */

/* False: that is the trouble. */
static bool
judge_code(struct findings *f, const struct signature_state *s, const char *path)
{
	if (!s->signed_at_all)
		finding_failure(f, FINDING_SIGNATURE, "%s is not signed, or not there",
		    path);
	else if (!s->hardened)
		finding_failure(f, FINDING_SIGNATURE, "%s lacks the hardened runtime: "
		    "it cannot be notarized", path);
	else if (s->debuggable)
		finding_failure(f, FINDING_SIGNATURE, "%s has get-task-allow: it was "
		    "built for debugging", path);
	else
		return true;
	finding_remedy(f, "install the released package, or sign it as "
	    "packaging/macos/preflight asks");
	return false;
}

static bool
judge_entitlements(struct findings *f, const char *text, const char *path, bool is_app)
{
	bool installs = doctor_has_entitlement(text, INSTALL);

	if (!doctor_has_entitlement(text, APP_PROXY))
		finding_failure(f, FINDING_SIGNATURE, "%s lacks the entitlement "
		    APP_PROXY, path);
	else if (is_app && !installs)
		finding_failure(f, FINDING_SIGNATURE, "%s lacks " INSTALL ": "
		    "activation fails with error 2", path);
	else if (!is_app && installs)
		finding_failure(f, FINDING_SIGNATURE, "%s has " INSTALL ", which is "
		    "the app's alone", path);
	else
		return true;
	finding_remedy(f, "install the released package, or sign it with the "
	    "entitlements that extension-bridge/macos/Makefile makes");
	return false;
}

void
macos_judge_signature(struct findings *f, const char *text, const char *path,
    bool is_app)
{
	char group[DOCTOR_WORD_BYTES];
	struct signature_state s;

	doctor_read_signature(text, &s);
	if (!judge_code(f, &s, path) || !judge_entitlements(f, text, path, is_app))
		return;
	if (doctor_find_foreign_group(text, s.team, group)) {
		finding_failure(f, FINDING_SIGNATURE, "%s: the app group %s does not "
		    "begin with the team %s: the system asks people, or refuses it",
		    path, group, s.team);
		finding_remedy(f, "build it with GROUP=%s.%s", s.team, group);
		return;
	}
	finding_ok(f, FINDING_SIGNATURE, "%s: of team %s, hardened", path, s.team);
}

void
macos_judge_provisioning(struct findings *f, const char *text, const char *path,
    int64_t now_us)
{
	char expires[DOCTOR_WORD_BYTES];
	int64_t us;

	if (!doctor_read_plist(text, "ExpirationDate", expires) ||
	    !when_stamp(expires, strlen(expires), &us))
		return;
	if (us > now_us) {
		finding_ok(f, FINDING_PROVISIONING, "%s: until %s", path, expires);
	} else {
		finding_failure(f, FINDING_PROVISIONING, "%s: its provisioning profile "
		    "ended on %s: it may not start again", path, expires);
		finding_remedy(f, "install a newer package; to have a network until "
		    "then: " VERB "deactivate");
	}
}

void
macos_judge_assessment(struct findings *f, const char *text, const char *path)
{
	char source[DOCTOR_WORD_BYTES];

	if (doctor_read_assessment(text, source)) {
		finding_ok(f, FINDING_NOTARIZED, "%s", source);
	} else {
		finding_failure(f, FINDING_NOTARIZED, "the system does not accept %s: "
		    "%s", path, source[0] != '\0' ? source : "no source");
		finding_remedy(f, "notarize and staple it: packaging/macos/notarize");
	}
}

/* --- what was logged --- */

void
macos_judge_log(struct findings *f, const char *text)
{
	struct log_state s;

	doctor_read_log(text, &s);
	if (s.stop_reason >= 0) {
		const char *remedy, *words = doctor_stop_reason(s.stop_reason, &remedy);
		if (remedy == NULL)
			finding_ok(f, FINDING_STOPS, "the system last stopped the "
			    "extension because %s (%d)", words, s.stop_reason);
		else
			finding_warning(f, FINDING_STOPS, "the system last stopped the "
			    "extension because %s (%d)", words, s.stop_reason);
		if (remedy != NULL)
			finding_remedy(f, "%s", remedy);
	}
	if (s.refused[0] != '\0') {
		finding_failure(f, FINDING_STOPS, "the system refused the extension: "
		    "%s", s.refused);
		finding_remedy(f, "see signature and notarized; the app has to be in "
		    "/Applications itself: move it away and back, then " VERB
		    "activate");
	}
	if (s.long_socket) {
		finding_failure(f, FINDING_SOCKET, "the extension says that its "
		    "sockets' path is too long");
		finding_remedy(f, "set a shorter paths.run, and FlowSocket and "
		    "ControlSocket to it");
	}
}

#define CONTAINERS "/Group Containers/"

void
macos_judge_sockets(struct findings *f, const char *run_dir)
{
	const char *group = strstr(run_dir, CONTAINERS);

	if (group == NULL) {
		finding_warning(f, FINDING_SOCKET, "%s is in no app group's container: "
		    "the extension, in its sandbox, reaches no socket there", run_dir);
		finding_remedy(f, "set paths.run to root's Library/Group Containers "
		    "and the group, as the package does");
	} else if (!doctor_is_of_team(group + strlen(CONTAINERS))) {
		finding_failure(f, FINDING_SOCKET, "%s: the group does not begin with "
		    "a team: the system asks people, or refuses it", run_dir);
		finding_remedy(f, "build app and extension with GROUP=TEAM.NAME");
	} else {
		finding_ok(f, FINDING_SOCKET, "in %s", run_dir);
	}
}
