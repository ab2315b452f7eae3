/* SPDX-License-Identifier: ISC */
/* What the doctor concludes from samples of what macOS's tools print. */
#include "cli/doctor_macos.h"

#include <stdlib.h>
#include <string.h>

#include "log/when.h"
#include "t/unit/suite.h"

#define APP "org.sightglass.Sightglass"
#define OURS APP ".extension"
#define NOW "2026-11-26T12:00:00Z"

static const struct macos_names names = {
    .app = APP, .extension = OURS, .profile = APP ".profile"};

/* --- each tool as one function of its text --- */

static void
extensions(struct findings *f, const char *text)
{
	(void)macos_judge_extensions(f, text, &names);
}

static void
processes(struct findings *f, const char *text)
{
	macos_judge_processes(f, text, &names);
}

static void
connections(struct findings *f, const char *text)
{
	macos_judge_connections(f, text, &names);
}

static void
app(struct findings *f, const char *text)
{
	(void)macos_judge_app(f, text);
}

static void
profiles(struct findings *f, const char *text)
{
	macos_judge_profiles(f, text, &names);
}

static void
job(struct findings *f, const char *text)
{
	macos_judge_job(f, text, "org.sightglass.sightglassd");
}

static void
app_signature(struct findings *f, const char *text)
{
	macos_judge_signature(f, text, "/S.app", true);
}

static void
extension_signature(struct findings *f, const char *text)
{
	macos_judge_signature(f, text, "/S.systemextension", false);
}

static void
provisioning(struct findings *f, const char *text)
{
	int64_t now_us;

	ck_assert(when_stamp(NOW, strlen(NOW), &now_us));
	macos_judge_provisioning(f, text, "/S.app", now_us);
}

static void
assessment(struct findings *f, const char *text)
{
	macos_judge_assessment(f, text, "/S.app");
}

/* --- the samples --- */

#define NETWORK                                                               \
	"--- com.apple.system_extension.network_extension\n"                  \
	"enabled\tactive\tteamID\tbundleID (version)\tname\t[state]\n"
#define LISTED(stars, version, state)                                         \
	stars "\tABCDE12345\t" OURS " (" version ")\tSightglass\t[" state "]\n"
#define SERVICE(star, state)                                                  \
	"Available network connection services in the current set (*=enabled):\n" \
	star " (" state ")   0AB1 VPN (" APP ") \"Sightglass\" [VPN:" APP "]\n"
#define STATUS(proxy, bridge)                                                 \
	"extension: 0.1.0 (7), enabled\nproxy: " proxy "\ndns: no configuration\n" \
	"bridge: " bridge "\n"
#define EXTENSION_SAYS(link)                                                  \
	"{\"life\":\"running\",\"link\":\"" link "\",\"flows\":3,\"claimed\":90,"  \
	"\"declined\":2,\"refused\":1,\"direct\":0,\"failed\":4,\"answered_ms_ago\":12}"
#define PROXY(order)                                                          \
	"<key>ProfileIdentifier</key><string>" APP ".profile</string>"        \
	"<key>PayloadContent</key><dict>" order "<key>VPNSubType</key><string>" APP \
	"</string></dict><key>PayloadType</key><string>com.apple.vpn.managed</string>"
#define ORDER "<key>Order</key><integer>1</integer>"
#define POLICY                                                                \
	"<key>PayloadContent</key><dict><string>" OURS "</string></dict>"     \
	"<key>PayloadType</key><string>com.apple.system-extension-policy</string>"
#define CODE(flags)                                                           \
	"CodeDirectory v=20500 size=1 flags=" flags " hashes=1+7 location=embedded\n" \
	"TeamIdentifier=ABCDE12345\n"
#define RUNTIME "0x10000(runtime)"
#define NETWORKING                                                            \
	"[Key] com.apple.developer.networking.networkextension\n[Value]\n"    \
	"[Array]\n[String] app-proxy-provider-systemextension\n"
#define INSTALL "[Key] com.apple.developer.system-extension.install\n[Value]\n[Bool] true\n"
#define GROUP(name)                                                           \
	"[Key] com.apple.security.application-groups\n[Value]\n[Array]\n[String] " name "\n"
#define EXPIRES(date) "<key>ExpirationDate</key>\n<date>" date "</date>\n"
#define STOPPED(reason) "E  x[1:2] [x:provider] stopped by the system, reason " reason "\n"

static const struct {
	void (*judge)(struct findings *f, const char *text);
	const char *text;
	unsigned warnings, failures;
	const char *words; /* among what is told; NULL: nothing is */
} cases[] = {
    {macos_judge_release, "ProductName:\t\tmacOS\nProductVersion:\t\t14.7\n", 0, 0,
	"ok      macos        14.7"},
    {macos_judge_release, "ProductVersion:\t\t26.3\n", 1, 0, "twice in one process"},
    {macos_judge_release, "", 0, 0, NULL},
    {macos_judge_clock, "Network Time: On\n", 0, 0, "kept right"},
    {macos_judge_clock, "Network Time: Off\n", 1, 0, "-setusingnetworktime on"},
    {macos_judge_clock, "You need administrator access to run this tool... exiting!\n", 0,
	0, NULL},
    {macos_judge_trust, "...certificate verification successful.\n", 0, 0, "trust the CA"},
    {macos_judge_trust, "Cert Verify Result: CSSMERR_TP_NOT_TRUSTED\n", 0, 1,
	"do not trust"},
    {job, "system/x = {\n\tstate = running\n}\n", 0, 0, "is running"},
    {job, "system/x = {\n\tstate = not running\n\tlast exit code = 78: EX_CONFIG\n}\n", 0,
	1, "not running, last exit code 78: EX_CONFIG"},
    {job, "Could not find service \"x\" in domain for system\n", 0, 1, "bootstrap system"},
    {extensions, "0 extension(s)\n", 0, 1, "is not installed"},
    {extensions, NETWORK LISTED("*\t*", "1.0/7", "activated enabled"), 0, 0,
	"(1.0/7) is activated enabled"},
    {extensions, NETWORK LISTED("*\t*", "1.0/7", "activated enabled")
	 LISTED("\t*", "1.0/8", "activated waiting for user"), 1, 0,
	"version 1.0/8 waits for a person to allow it, and 1.0/7 still runs"},
    {extensions, NETWORK LISTED("*\t*", "1.0/7", "activated enabled")
	 LISTED("\t", "1.0/6", "terminated waiting to uninstall on reboot"), 0, 0,
	"version 1.0/6 goes at the next restart"},
    {extensions, NETWORK LISTED("\t*", "1.0/7", "activated waiting for user"), 0, 1,
	"waits for a person"},
    {extensions, NETWORK LISTED("\t*", "1.0/7", "activated disabled"), 0, 1,
	"has been switched off"},
    {extensions, NETWORK LISTED("\t*", "1.0/7", "terminating for disable"), 0, 1,
	"has been switched off"},
    {extensions, NETWORK LISTED("\t",  "1.0/7", "terminated waiting to uninstall on reboot"),
	0, 1, "restart the Mac, then"},
    {extensions, NETWORK LISTED("\t", "1.0/7", "terminating"), 0, 1, "has ended"},
    {extensions, NETWORK LISTED("*\t", "1.0/7", "activated enabled"), 0, 1,
	"is enabled and not active"},
    {extensions, NETWORK LISTED("\t", "1.0/7", "validating by category"), 0, 1,
	"no state that is known: [validating by category]"},
    {extensions, NETWORK LISTED("*\t*", "1.0/7", "activated enabled")
	 "*\t*\tZZZZZZZZZZ\tcom.example.filter (3/3)\tF\t[activated enabled]\n", 1, 0,
	"com.example.filter: one behind ours"},
    {processes, "/sbin/launchd\n", 0, 1, "no process of it runs"},
    {processes, "/Library/SystemExtensions/4C/" OURS ".systemextension/Contents/MacOS/x\n",
	0, 0, NULL},
    {connections, SERVICE("*", "Connected"), 0, 0, "configured and on"},
    {connections, SERVICE("*", "Connecting"), 1, 0, "after sleep"},
    {connections, SERVICE("*", "Disconnected"), 0, 1, "configured and off"},
    {connections, SERVICE(" ", "Invalid"), 0, 1, "not enabled"},
    {connections, "Available network connection services in the current set:\n", 1, 0,
	"may be missing"},
    {app, STATUS("enabled, from a profile, running", EXTENSION_SAYS("up")), 0, 0,
	"the link is up, 3 flows now; 90 claimed, 2 left alone, 1 refused, 4 failed"},
    {app, STATUS("enabled, from this app, running", EXTENSION_SAYS("waiting")), 0, 1,
	"its link is waiting"},
    {app, STATUS("enabled, from a profile, running", "the extension does not say"), 1, 0,
	"does not say how its link"},
    {app, STATUS("enabled, from a profile, starting", "the extension does not say"), 1, 0,
	"after sleep"},
    {app, STATUS("enabled, from a profile, stopped", "the extension does not say"), 0, 1,
	"configured and off"},
    {app, STATUS("not enabled, from this app, stopped", "x"), 0, 1, "not enabled"},
    {app, STATUS("no configuration, not configured", "x"), 0, 1, "is not configured"},
    {app, "proxy: enabled, from a profile, running\ndns: of another app\n", 1, 0,
	"not all queries are seen"},
    {app, "Sightglass: reading the proxy's configuration: permission denied\n", 0, 0, NULL},
    {profiles, PROXY(ORDER) POLICY, 0, 0, "Order 1"},
    {profiles, PROXY("") POLICY, 1, 0, "no Order"},
    {profiles, PROXY(ORDER), 1, 0, "a person is asked"},
    {profiles, "<key>ProfileIdentifier</key><string>" APP ".profile</string>" POLICY, 0, 1,
	"no transparent proxy"},
    {profiles, "There are no configuration profiles installed\n", 0, 1, "is not installed"},
    {app_signature, CODE(RUNTIME) NETWORKING INSTALL GROUP("ABCDE12345.sightglass"), 0, 0,
	"/S.app: of team ABCDE12345, hardened"},
    {app_signature, "S.app: code object is not signed at all\n", 0, 1, "is not signed"},
    {app_signature, CODE("0x0(none)") NETWORKING INSTALL, 0, 1, "hardened runtime"},
    {app_signature, CODE(RUNTIME) NETWORKING, 0, 1, "fails with error 2"},
    {app_signature, CODE(RUNTIME) INSTALL, 0, 1, "lacks the entitlement app-proxy"},
    {app_signature, CODE(RUNTIME) NETWORKING INSTALL GROUP("group.sightglass"), 0, 1,
	"does not begin with the team ABCDE12345"},
    {app_signature, CODE(RUNTIME) NETWORKING INSTALL
	 "[Key] com.apple.security.get-task-allow\n[Value]\n[Bool] true\n", 0, 1,
	"built for debugging"},
    {extension_signature, CODE(RUNTIME) NETWORKING GROUP("ABCDE12345.sightglass"), 0, 0,
	"hardened"},
    {extension_signature, CODE(RUNTIME) NETWORKING INSTALL, 0, 1, "the app's alone"},
    {provisioning, EXPIRES("2027-01-01T00:00:00Z"), 0, 0, "until 2027"},
    {provisioning, EXPIRES("2026-11-25T00:00:00Z"), 0, 1, "ended on 2026-11-25"},
    {provisioning, "", 0, 0, NULL},
    {assessment, "/S.app: accepted\nsource=Notarized Developer ID\n", 0, 0, "Notarized"},
    {assessment, "/S.app: rejected\nsource=Unnotarized Developer ID\n", 0, 1,
	"does not accept /S.app: Unnotarized Developer ID"},
    {macos_judge_log, "Timestamp Ty Process[PID:TID]\n", 0, 0, NULL},
    {macos_judge_log, STOPPED("16"), 0, 0, "replaced by an update (16)"},
    {macos_judge_log, STOPPED("1"), 1, 0, "somebody switched it off (1)"},
    {macos_judge_log, STOPPED("16") STOPPED("12"), 1, 0, "a user logged out (12)"},
    {macos_judge_log, "E  sysextd[3:4] no policy, cannot allow apps outside /Applications\n",
	0, 1, "refused the extension: no policy"},
    {macos_judge_log, "E  x[1:2] FlowSocket: longer than the 104 bytes that a socket's path "
                      "may have\n", 0, 1, "too long"},
    {macos_judge_sockets, "/var/root/Library/Group Containers/ABCDE12345.sightglass", 0, 0,
	"ok      socket"},
    {macos_judge_sockets, "/var/root/Library/Group Containers/group.sightglass", 0, 1,
	"does not begin with a team"},
    {macos_judge_sockets, "/var/run/sightglass", 1, 0, "no app group's container"},
};

START_TEST(samples)
{
	struct findings f;
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	ck_assert_ptr_nonnull(out);
	findings_begin(&f, out, false);
	cases[_i].judge(&f, cases[_i].text);
	findings_end(&f);
	ck_assert_int_eq(fclose(out), 0);
	if (cases[_i].words == NULL)
		ck_assert_str_eq(text, "");
	else
		ck_assert_msg(strstr(text, cases[_i].words) != NULL, "no '%s' in:\n%s",
		    cases[_i].words, text);
	ck_assert_msg(f.warnings == cases[_i].warnings, "%s", text);
	ck_assert_msg(f.failures == cases[_i].failures, "%s", text);
	free(text);
}
END_TEST

/* Whether it is worth looking for its process. */
START_TEST(states_of_an_extension)
{
	struct findings f;
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	ck_assert_ptr_nonnull(out);
	findings_begin(&f, out, false);
	ck_assert(macos_judge_extensions(&f,
	    NETWORK LISTED("*\t*", "1.0/7", "activated enabled"), &names));
	ck_assert(!macos_judge_extensions(&f,
	    NETWORK LISTED("*\t", "1.0/7", "activated enabled"), &names));
	findings_end(&f);
	ck_assert_int_eq(fclose(out), 0);
	free(text);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("doctor_macos");
	TCase *c = tcase_create("tools");

	tcase_add_loop_test(c, samples, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(c, states_of_an_extension);
	suite_add_tcase(s, c);
	return s;
}
