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

static const struct {
	const char *text;
	bool listed, enabled, active;
	const char *state, *version, *others;
} extensions[] = {
    {"0 extension(s)\n", false, false, false, "", "", ""},
    {"1 extension(s)\n" NETWORK "*\t*\tABCDE12345\t" OURS
     " (1.0/7)\tSightglass\t[activated enabled]\n",
	true, true, true, "activated enabled", "1.0/7", ""},
    {NETWORK "\t\tABCDE12345\t" OURS
             " (1.0/7)\tSightglass\t[activated waiting for user]\n",
	true, false, false, "activated waiting for user", "1.0/7", ""},
    /* An update: the old one still waits for a restart. */
    {NETWORK "\t\tABCDE12345\t" OURS " (1.0/6)\tS\t"
             "[terminated waiting to uninstall on reboot]\n"
             "*\t*\tABCDE12345\t" OURS " (1.0/7)\tS\t[activated enabled]\n",
	true, true, true, "activated enabled", "1.0/7", ""},
    {NETWORK "*\t*\tABCDE12345\t" OURS " (1.0/7)\tS\t[activated enabled]\n"
             "\t\tABCDE12345\t" OURS " (1.0/6)\tS\t"
             "[terminated waiting to uninstall on reboot]\n",
	true, true, true, "activated enabled", "1.0/7", ""},
    /* Names that only begin or end as ours does. */
    {NETWORK "*\t*\tABCDE12345\t" OURS "2 (1/1)\tS\t[activated enabled]\n"
             "*\t*\tABCDE12345\tx." OURS " (1/1)\tS\t[activated enabled]\n",
	false, false, false, "", "", OURS "2, x." OURS},
    {SECURITY "*\t*\tXXXXXXXXXX\tcom.example.edr (2/2)\tE\t[activated enabled]\n"
     NETWORK "*\t*\tYYYYYYYYYY\tcom.example.filter (3/3)\tF\t[activated enabled]\n"
             "\t\tZZZZZZZZZZ\tcom.example.off (3/3)\tO\t[terminated]\n",
	false, false, false, "", "", "com.example.filter"},
    {"no such thing", false, false, false, "", "", ""},
    {"\t\t\t\t\t[", false, false, false, "", "", ""},
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
};

START_TEST(connection_states)
{
	ck_assert_int_eq(doctor_read_connection(connections[_i].text, APP),
	    connections[_i].state);
}
END_TEST

/* --- profiles show --- */

#define PROFILE(identifier, rest)                                             \
	"_computerlevel[1] attribute: name: Sightglass\n"                     \
	"_computerlevel[1] attribute: profileIdentifier: " identifier "\n" rest

static const struct {
	const char *text;
	bool found;
	unsigned order;
} profiles[] = {
    {"There are no configuration profiles installed in the system domain\n", false, 0},
    {PROFILE(APP ".profile", "  Order = 3;\n"), true, 3},
    {PROFILE(APP ".profile", "  VPNType = TransparentProxy;\n"), true, 0},
    {PROFILE("com.example.p", "  Order = 3;\n"), false, 0},
    {PROFILE(APP ".profile2", ""), false, 0},
    {PROFILE("com.example.p", "  Order = 9;\n") PROFILE(APP ".profile",
	 "  Order = 2;\n"),
	true, 2},
};

START_TEST(profile_states)
{
	unsigned order;

	ck_assert_int_eq(doctor_read_profile(profiles[_i].text, APP ".profile", &order),
	    profiles[_i].found);
	ck_assert_uint_eq(order, profiles[_i].order);
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
	ck_assert_ptr_null(doctor_known_trouble("15.1"));
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
	tcase_add_test(c, assessments);
	tcase_add_test(c, releases);
	tcase_add_test(c, values);
	tcase_add_test(c, cures);
	tcase_add_test(c, fingerprints);
	tcase_add_test(c, corpus);
	suite_add_tcase(s, c);
	return s;
}
