/* SPDX-License-Identifier: ISC */
/* Unit suite of cli/doctor_text: what tools print, and what is read out of it. */
#include "cli/doctor_text.h"

#include <stdlib.h>
#include <string.h>

#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define OURS "org.sightglass.Sightglass.extension"
#define APP "org.sightglass.Sightglass"

/* --- systemextensionsctl list --- */

#define COLUMNS "enabled\tactive\tteamID\tbundleID (version)\tname\t[state]\n"
#define NETWORK                                                               \
	"--- com.apple.system_extension.network_extension (Go to 'System Settings > " \
	"General > Login Items & Extensions > Network Extensions' to modify these " \
	"system extension(s))\n" COLUMNS
#define SECURITY                                                              \
	"--- com.apple.system_extension.endpoint_security\n" COLUMNS

#define ACTIVE(version)                                                       \
	"*\t*\tABCDE12345\t" OURS " (" version ")\tSightglass\t[activated enabled]\n"
#define GOING(version)                                                        \
	"\t\tABCDE12345\t" OURS " (" version ")\tSightglass\t"               \
	"[terminated waiting to uninstall on reboot]\n"
#define ASKING(version)                                                       \
	"\t*\tABCDE12345\t" OURS " (" version ")\tSightglass\t"              \
	"[activated waiting for user]\n"
#define LEAVING "terminated waiting to uninstall on reboot"

static const struct {
	const char *text;
	bool listed, enabled, active;
	const char *state, *version, *waiting, *leaving, *others;
} extensions[] = {
    {"0 extension(s)\n", false, false, false, "", "", "", "", ""},
    {"1 extension(s)\n" NETWORK ACTIVE("1.0/7"), true, true, true, "activated enabled",
	"1.0/7", "", "", ""},
    {NETWORK "\t\tABCDE12345\t" OURS
             " (1.0/7)\tSightglass\t[activated waiting for user]\n",
	true, false, false, "activated waiting for user", "1.0/7", "", "", ""},
    /* An update: the old one still waits for a restart. */
    {NETWORK GOING("1.0/6") ACTIVE("1.0/7"), true, true, true, "activated enabled",
	"1.0/7", "", "1.0/6", ""},
    {NETWORK ACTIVE("1.0/7") GOING("1.0/6"), true, true, true, "activated enabled",
	"1.0/7", "", "1.0/6", ""},
    /* The new one waits for a person while the old one runs. */
    {NETWORK ASKING("1.0/8") ACTIVE("1.0/7"), true, true, true, "activated enabled",
	"1.0/7", "1.0/8", "", ""},
    {NETWORK GOING("1.0/5") ACTIVE("1.0/7") ASKING("1.0/8") GOING("1.0/6"), true, true,
	true, "activated enabled", "1.0/7", "1.0/8", "1.0/6", ""},
    {NETWORK GOING("1.0/6") ASKING("1.0/8"), true, false, true,
	"activated waiting for user", "1.0/8", "", "1.0/6", ""},
    {NETWORK GOING("1.0/6"), true, false, false, LEAVING, "1.0/6", "", "", ""},
    /* Names that only begin or end as ours does. */
    {NETWORK "*\t*\tABCDE12345\t" OURS "2 (1/1)\tS\t[activated enabled]\n"
             "*\t*\tABCDE12345\tx." OURS " (1/1)\tS\t[activated enabled]\n",
	false, false, false, "", "", "", "", OURS "2, x." OURS},
    {SECURITY "*\t*\tXXXXXXXXXX\tcom.example.edr (2/2)\tE\t[activated enabled]\n"
     NETWORK "*\t*\tYYYYYYYYYY\tcom.example.filter (3/3)\tF\t[activated enabled]\n"
             "\t\tZZZZZZZZZZ\tcom.example.off (3/3)\tO\t[terminated]\n",
	false, false, false, "", "", "", "", "com.example.filter"},
    {"no such thing", false, false, false, "", "", "", "", ""},
    {"\t\t\t\t\t[", false, false, false, "", "", "", "", ""},
};

START_TEST(extension_states)
{
	struct extension_state s;

	doctor_read_extensions(extensions[_i].text, OURS, &s);
	ck_assert_int_eq(s.listed, extensions[_i].listed);
	ck_assert_int_eq(s.enabled, extensions[_i].enabled);
	ck_assert_int_eq(s.active, extensions[_i].active);
	ck_assert_str_eq(s.state, extensions[_i].state);
	ck_assert_str_eq(s.version, extensions[_i].version);
	ck_assert_str_eq(s.waiting, extensions[_i].waiting);
	ck_assert_str_eq(s.leaving, extensions[_i].leaving);
	ck_assert_str_eq(s.others, extensions[_i].others);
}
END_TEST

/* --- scutil --nc list --- */

static const struct {
	const char *text;
	enum connection_state state;
} connections[] = {
    {"Available network connection services in the current set (*=enabled):\n",
	CONNECTION_NONE},
    {"* (Connected)      0AB1 VPN (" APP ") \"Sightglass\" [VPN:" APP "]\n",
	CONNECTION_ON},
    {"* (Disconnected)   0AB1 VPN (" APP ") \"Sightglass\" [VPN:" APP "]\n",
	CONNECTION_OFF},
    {"* (Connected)      0AB1 VPN (com.example.vpn) \"V\" [VPN:com.example.vpn]\n",
	CONNECTION_NONE},
    {"* (Connected)      0AB1 VPN (" APP "2) \"V\" [VPN:" APP "2]\n",
	CONNECTION_NONE},
    {"* (Disconnected)   1 VPN (" APP ") \"old\"\n* (Connected) 2 VPN (" APP ")\n",
	CONNECTION_ON},
    {"* (Connecting)     0AB1 VPN (" APP ") \"Sightglass\" [VPN:" APP "]\n",
	CONNECTION_CHANGING},
    {"* (Disconnecting)  0AB1 VPN (" APP ") \"Sightglass\" [VPN:" APP "]\n",
	CONNECTION_CHANGING},
    {"  (Disconnected)   0AB1 VPN (" APP ") \"Sightglass\" [VPN:" APP "]\n",
	CONNECTION_DISABLED},
};

START_TEST(connection_states)
{
	ck_assert_int_eq(doctor_read_connection(connections[_i].text, APP),
	    connections[_i].state);
}
END_TEST

/* --- profiles show --- */

#define KEY(key, value) "<key>" key "</key>\n<string>" value "</string>\n"
#define PAYLOAD(type, members)                                                \
	"<dict>\n<key>PayloadContent</key>\n<dict>\n" members "</dict>\n"    \
	KEY("PayloadType", type) "</dict>\n"
#define PROXY(app, order)                                                     \
	PAYLOAD("com.apple.vpn.managed", "<key>TransparentProxy</key>\n<dict>\n" order \
	    KEY("ProviderBundleIdentifier", OURS) "</dict>\n" KEY("VPNSubType", app))
#define ORDER(number) "<key>Order</key>\n<integer>" number "</integer>\n"
#define POLICY(extension)                                                     \
	PAYLOAD("com.apple.system-extension-policy",                          \
	    "<key>AllowedSystemExtensions</key>\n<dict>\n<key>ABCDE12345</key>\n<array>\n" \
	    "<string>" extension "</string>\n</array>\n</dict>\n")
#define PROFILE(identifier, payloads)                                         \
	"<dict>\n" KEY("ProfileIdentifier", identifier)                       \
	"<key>ProfileItems</key>\n<array>\n" payloads "</array>\n</dict>\n"

static const struct {
	const char *text;
	struct profile_state state;
} profiles[] = {
    {"There are no configuration profiles installed in the system domain\n", {0}},
    {PROFILE(APP ".profile", PROXY(APP, ORDER("3")) POLICY(OURS)),
	{true, true, 3, true}},
    {PROFILE(APP ".profile", POLICY(OURS) PROXY(APP, "")), {true, true, 0, true}},
    {PROFILE(APP ".profile", POLICY("com.example.x") PROXY(APP, ORDER("1"))),
	{true, true, 1, false}},
    /* Device management may give profiles names of its own, and cut them up. */
    {PROFILE("8C7B", PROXY(APP, ORDER("2"))) PROFILE("9D0E", POLICY(OURS)),
	{false, true, 2, true}},
    /* Another vendor's, with an Order of its own. */
    {PROFILE("com.example.p", PROXY("com.example.app", ORDER("9"))) PROFILE(
	 APP ".profile", PROXY(APP, ORDER("2"))),
	{true, true, 2, false}},
    {PROFILE(APP ".profile", PROXY(APP, ORDER("2")))
	 PROFILE("com.example.p", PROXY("com.example.app", ORDER("9"))),
	{true, true, 2, false}},
    {PROFILE(APP ".profile2", ""), {0}},
    {PROFILE(APP ".profile", ""), {.installed = true}},
    {"<key>PayloadContent</key><dict><key>Order", {0}},
};

START_TEST(profile_states)
{
	const struct profile_state *wanted = &profiles[_i].state;
	struct profile_state s;

	doctor_read_profiles(profiles[_i].text, APP ".profile", APP, OURS, &s);
	ck_assert_int_eq(s.installed, wanted->installed);
	ck_assert_int_eq(s.proxy, wanted->proxy);
	ck_assert_uint_eq(s.order, wanted->order);
	ck_assert_int_eq(s.policy, wanted->policy);
}
END_TEST

/* --- codesign and spctl --- */

#define SIGNED(flags)                                                         \
	"Executable=/Applications/Sightglass.app/Contents/MacOS/Sightglass\n" \
	"Identifier=" APP "\nFormat=app bundle with Mach-O universal (x86_64 arm64)\n" \
	"CodeDirectory v=20500 size=1234 flags=" flags " hashes=30+7 location=embedded\n" \
	"Signature size=9000\nTeamIdentifier=ABCDE12345\n"
#define ENTITLEMENT(name, value)                                              \
	"<dict><key>com.apple.security." name "</key><" value "/></dict>\n"

static const struct {
	const char *text;
	bool signed_at_all, hardened, debuggable;
	const char *team;
} signatures[] = {
    {"Sightglass.app: code object is not signed at all\n", false, false, false, ""},
    {SIGNED("0x10000(runtime)"), true, true, false, "ABCDE12345"},
    {SIGNED("0x0(none)"), true, false, false, "ABCDE12345"},
    {SIGNED("0x10000(runtime)") ENTITLEMENT("get-task-allow", "true"), true, true, true,
	"ABCDE12345"},
    {SIGNED("0x10000(runtime)") ENTITLEMENT("get-task-allow", "false")
	 ENTITLEMENT("app-sandbox", "true"),
	true, true, false, "ABCDE12345"},
    {"CodeDirectory v=20400 flags=0x2(adhoc)\nTeamIdentifier=not set\n", true, false,
	false, ""},
};

START_TEST(signature_states)
{
	struct signature_state s;

	doctor_read_signature(signatures[_i].text, &s);
	ck_assert_int_eq(s.signed_at_all, signatures[_i].signed_at_all);
	ck_assert_int_eq(s.hardened, signatures[_i].hardened);
	ck_assert_int_eq(s.debuggable, signatures[_i].debuggable);
	ck_assert_str_eq(s.team, signatures[_i].team);
}
END_TEST

#define GROUPS_KEY "com.apple.security.application-groups"

static const struct {
	const char *text, *group; /* NULL: all are the team's */
} groups[] = {
    {"", NULL},
    {"<key>" GROUPS_KEY "</key>\n<array>\n<string>ABCDE12345.sightglass</string>\n"
     "</array>\n<key>other</key>\n<string>foreign</string>\n", NULL},
    {"<key>" GROUPS_KEY "</key>\n<array>\n<string>ABCDE12345.sightglass</string>\n"
     "<string>group.sightglass</string>\n</array>\n", "group.sightglass"},
    {"[Dict]\n\t[Key] " GROUPS_KEY "\n\t[Value]\n\t\t[Array]\n"
     "\t\t\t[String] ABCDE12345.sightglass\n\t[Key] x\n\t[Value]\n\t\t[String] y\n",
	NULL},
    {"\t[Key] " GROUPS_KEY "\n\t[Value]\n\t\t[Array]\n\t\t\t[String] ABCDE12345x\n",
	"ABCDE12345x"},
};

START_TEST(foreign_groups)
{
	char group[DOCTOR_WORD_BYTES];
	bool found = doctor_find_foreign_group(groups[_i].text, "ABCDE12345", group);

	ck_assert_int_eq(found, groups[_i].group != NULL);
	ck_assert_str_eq(group, found ? groups[_i].group : "");
}
END_TEST

START_TEST(teams)
{
	ck_assert(doctor_is_of_team("ABCDE12345.sightglass"));
	ck_assert(!doctor_is_of_team("group.sightglass"));
	ck_assert(!doctor_is_of_team("ABCDE12345"));
	ck_assert(!doctor_is_of_team("ABCDE1234"));
	ck_assert(!doctor_is_of_team("abcde12345.x"));
	ck_assert(!doctor_is_of_team(""));
}
END_TEST

START_TEST(property_lists)
{
	const char *text = "<plist version=\"1.0\">\n<dict>\n<key>A</key>\n<string>x</string>\n"
	                   "<key>ExpirationDate</key>\n\t<date>2026-01-02T03:04:05Z</date>\n"
	                   "<key>B</key>\n<true/>\n";
	char value[DOCTOR_WORD_BYTES];

	ck_assert(doctor_read_plist(text, "ExpirationDate", value));
	ck_assert_str_eq(value, "2026-01-02T03:04:05Z");
	ck_assert(doctor_read_plist(text, "A", value));
	ck_assert_str_eq(value, "x");
	ck_assert(!doctor_read_plist(text, "C", value));
	ck_assert(!doctor_read_plist("<key>A", "A", value));
}
END_TEST

/* --- ps, launchctl, log --- */

START_TEST(processes)
{
	const char *text =
	    "/sbin/launchd\n"
	    "/Library/SystemExtensions/7A31-4C/" OURS ".systemextension/Contents/MacOS/" OURS
	    "\n";

	ck_assert(doctor_has_process(text, OURS));
	ck_assert(!doctor_has_process(text, "org.sightglass.Sightglass"));
	ck_assert(!doctor_has_process("grep " OURS "\n", OURS));
}
END_TEST

START_TEST(jobs)
{
	struct job_state s;

	doctor_read_job("system/org.sightglass.sightglassd = {\n\tactive count = 1\n"
	    "\tpath = /Library/LaunchDaemons/org.sightglass.sightglassd.plist\n"
	    "\tstate = running\n\n\tlast exit code = (never exited)\n\tendpoints = {\n"
	    "\t\tstate = other\n\t}\n}\n", &s);
	ck_assert(s.loaded);
	ck_assert_str_eq(s.state, "running");
	ck_assert_str_eq(s.exit_code, "(never exited)");
	doctor_read_job("Could not find service \"org.sightglass.sightglassd\" in domain for "
	    "system\n", &s);
	ck_assert(!s.loaded);
	doctor_read_job("x = {\n\tstate = spawn scheduled\n\tlast exit code = 1\n}\n", &s);
	ck_assert_str_eq(s.state, "spawn scheduled");
	ck_assert_str_eq(s.exit_code, "1");
}
END_TEST

#define LOGGED "2026-11-26 09:00:0"
#define SAYS(second, words)                                                   \
	LOGGED second ".000 E  " OURS "[61:4f0] [" OURS ":provider] " words "\n"

START_TEST(logs)
{
	struct log_state s;

	doctor_read_log("Timestamp               Ty Process[PID:TID]\n", &s);
	ck_assert_int_eq(s.stop_reason, -1);
	ck_assert(!s.long_socket);
	ck_assert_str_eq(s.refused, "");
	doctor_read_log(SAYS("1", "stopped by the system, reason 5")
	    SAYS("2", "FlowSocket: longer than the 104 bytes that a socket's path may have")
	    SAYS("3", "stopped by the system, reason 12"), &s);
	ck_assert_int_eq(s.stop_reason, 12);
	ck_assert(s.long_socket);
	doctor_read_log(LOGGED "1.000 E  sysextd[333:aa] no policy, cannot allow apps outside "
	    "/Applications\n", &s);
	ck_assert_str_eq(s.refused, "no policy, cannot allow apps outside /Applications");
}
END_TEST

START_TEST(stop_reason_words)
{
	const char *remedy;

	ck_assert_str_eq(doctor_stop_reason(12, &remedy), "a user logged out");
	ck_assert_ptr_nonnull(remedy);
	ck_assert_str_eq(doctor_stop_reason(15, &remedy), "the Mac went to sleep");
	ck_assert_ptr_null(remedy);
	ck_assert_ptr_nonnull(strstr(doctor_stop_reason(99, &remedy), "not known"));
	ck_assert_ptr_null(remedy);
}
END_TEST

START_TEST(assessments)
{
	char source[DOCTOR_WORD_BYTES];

	ck_assert(doctor_read_assessment("/Applications/S.app: accepted\n"
	    "source=Notarized Developer ID\n", source));
	ck_assert_str_eq(source, "Notarized Developer ID");
	ck_assert(!doctor_read_assessment("/Applications/S.app: rejected\n"
	    "source=Unnotarized Developer ID\n", source));
	ck_assert_str_eq(source, "Unnotarized Developer ID");
	ck_assert(!doctor_read_assessment("", source));
	ck_assert_str_eq(source, "");
}
END_TEST

/* --- the rest --- */

START_TEST(releases)
{
	ck_assert_ptr_nonnull(doctor_known_trouble("15.0"));
	ck_assert_ptr_null(doctor_known_trouble("15.0.1"));
	ck_assert_ptr_nonnull(doctor_known_trouble("15.2"));
	ck_assert_ptr_null(doctor_known_trouble("15.3"));
	ck_assert_ptr_nonnull(strstr(doctor_known_trouble("26.1"), "after sleep"));
	ck_assert_ptr_nonnull(doctor_known_trouble("26.1"));
	ck_assert_ptr_nonnull(doctor_known_trouble("26"));
	ck_assert_ptr_null(doctor_known_trouble("260"));
	ck_assert_ptr_null(doctor_known_trouble(""));
}
END_TEST

START_TEST(values)
{
	char value[DOCTOR_WORD_BYTES];

	ck_assert(doctor_read_value("ProductName:\t\tmacOS\nProductVersion:\t\t15.1\n",
	    "ProductVersion", value));
	ck_assert_str_eq(value, "15.1");
	ck_assert(doctor_read_value("a=1\r\nb =2\r\nb=  3 \r\n", "b", value));
	ck_assert_str_eq(value, "3");
	ck_assert(!doctor_read_value("xb=1\nb", "b", value));
	ck_assert(doctor_read_value("b=", "b", value));
	ck_assert_str_eq(value, "");
}
END_TEST

START_TEST(cures)
{
	ck_assert_str_eq(doctor_cure("node"), "NODE_EXTRA_CA_CERTS");
	ck_assert_ptr_nonnull(strstr(doctor_cure("python3.11"), "SSL_CERT_FILE"));
	ck_assert_ptr_nonnull(strstr(doctor_cure("npm"), "cafile"));
	ck_assert_ptr_null(doctor_cure("sightglass"));
	ck_assert_ptr_null(doctor_cure(""));
}
END_TEST

START_TEST(fingerprints)
{
	ck_assert(doctor_has_fingerprint("x, trustedCertEntry, \nCertificate fingerprint "
	    "(SHA-256): AA:BB:CC\n", "AA:BB:CC"));
	ck_assert(!doctor_has_fingerprint("AA:BB", "AA:BB:CC"));
}
END_TEST

START_TEST(corpus)
{
	ck_assert_uint_gt(corpus_run("doctor_text"), 0);
}
END_TEST

#define ADD(tests, table)                                                     \
	tcase_add_loop_test(c, tests, 0, (int)(sizeof(table) / sizeof((table)[0])))

Suite *
suite(void)
{
	Suite *s = suite_create("doctor_text");
	TCase *c = tcase_create("texts");

	ADD(extension_states, extensions);
	ADD(connection_states, connections);
	ADD(profile_states, profiles);
	ADD(signature_states, signatures);
	ADD(foreign_groups, groups);
	tcase_add_test(c, teams);
	tcase_add_test(c, property_lists);
	tcase_add_test(c, processes);
	tcase_add_test(c, jobs);
	tcase_add_test(c, logs);
	tcase_add_test(c, stop_reason_words);
	tcase_add_test(c, assessments);
	tcase_add_test(c, releases);
	tcase_add_test(c, values);
	tcase_add_test(c, cures);
	tcase_add_test(c, fingerprints);
	tcase_add_test(c, corpus);
	suite_add_tcase(s, c);
	return s;
}
