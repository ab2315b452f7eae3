/* SPDX-License-Identifier: ISC */
/*
 * The rules. Apple documents their language nowhere, but ships profiles in it, and so
 * do Chromium, Firefox and CUPS: no word stands here that none of these uses, since a
 * release refuses a profile with one that it does not know. What newer releases added
 * is asked for first (defined?). Every rule but the first allows something, so that a
 * profile without one forbids no less; whatever the work of a role is worth nothing
 * without is needed. What a descriptor was opened for, it stays good for. Pure.
 */
#include "daemon/sandbox_profile.h"

#include "base/err.h"

#define WORKER (1u << SANDBOX_WORKER)
#define SIGNER (1u << SANDBOX_SIGNER)
#define LOGGER (1u << SANDBOX_LOGGER)
#define EVERY (WORKER | SIGNER | LOGGER)

static const struct {
	unsigned roles;
	bool needed;
	const char *text;
} rules[] = {
    {EVERY, true,
        "(version 1)\n"
        "(deny default)\n"},

    /* What libSystem does in any process. All libraries are loaded by now, but for
     * what they look up late: of those directories everybody may read everything. */
    {EVERY, false,
        "(allow signal (target self))\n"
        "(allow process-info* (target self))\n"},
    {EVERY, false,
        "(allow sysctl-read\n"
        "  (sysctl-name \"hw.activecpu\")\n"
        "  (sysctl-name \"hw.byteorder\")\n"
        "  (sysctl-name \"hw.cputype\")\n"
        "  (sysctl-name \"hw.logicalcpu_max\")\n"
        "  (sysctl-name \"hw.machine\")\n"
        "  (sysctl-name \"hw.memsize\")\n"
        "  (sysctl-name \"hw.ncpu\")\n"
        "  (sysctl-name \"hw.pagesize_compat\")\n"
        "  (sysctl-name \"hw.physicalcpu_max\")\n"
        "  (sysctl-name \"kern.maxfilesperproc\")\n"
        "  (sysctl-name \"kern.osproductversion\")\n"
        "  (sysctl-name \"kern.osrelease\")\n"
        "  (sysctl-name \"kern.ostype\")\n"
        "  (sysctl-name \"kern.osvariant_status\")\n"
        "  (sysctl-name \"kern.osversion\")\n"
        "  (sysctl-name \"kern.usrstack64\")\n"
        "  (sysctl-name \"kern.version\")\n"
        "  (sysctl-name \"sysctl.proc_cputype\"))\n"},
    {EVERY, false,
        "(allow file-write-data (literal \"/dev/null\"))\n"
        "(allow file-read*\n"
        "  (literal \"/dev/null\")\n"
        "  (literal \"/dev/random\")\n"
        "  (literal \"/dev/urandom\")\n"
        "  (subpath \"/System/Cryptexes/OS\")\n"
        "  (subpath \"/System/Library/dyld\")\n"
        "  (subpath \"/System/Volumes/Preboot/Cryptexes/OS\")\n"
        "  (subpath \"/usr/lib\")\n"
        "  (subpath \"/usr/share/i18n\"))\n"},

    /* What a file is, not what it says: fstat(2) of those that the parent opened for a
     * role is asked about as if it had named them. Landlock does not forbid it either. */
    {EVERY, false,
        "(allow file-read-metadata)\n"},

    /* Rings and what the parent sends later, which a role maps and cannot make:
     * base/shm_darwin.c names them so, and takes the name away at once. */
    {EVERY, true,
        "(allow ipc-posix-shm-read-data ipc-posix-shm-write-data\n"
        "  (ipc-posix-name-prefix \"/sightglass.\"))\n"},

    /* Upstream connections and datagrams; flows that are accepted from a socket that
     * the parent bound. Names are not resolved here, so no resolver is asked. */
    {WORKER, true,
        "(allow network-outbound (remote tcp) (remote udp))\n"
        "(allow network-bind (local udp))\n"
        "(allow network-inbound)\n"},

    /* daemon/process_darwin.c asks the kernel about the programs whose flows they are. */
    {WORKER, false,
        "(allow process-info-pidinfo)\n"
        "(if (defined? 'process-info-codesignature)\n"
        "  (allow process-info-codesignature))\n"},
};

static int
check_path(const char *path)
{
	if (path[0] != '/')
		return E_SYNTAX;
	for (; *path != '\0'; path++)
		if ((unsigned char)*path < 0x20 || *path == 0x7f)
			return E_SYNTAX;
	return 0;
}

static int
append_quoted(const char *text, struct buf *out)
{
	int error = buf_puts(out, "\"");

	for (; error == 0 && *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			error = buf_puts(out, "\\");
		if (error == 0)
			error = buf_append(out, text, 1);
	}
	return error != 0 ? error : buf_puts(out, "\"");
}

/* Segments are made, read, renamed and removed there, and given to a group. */
static int
append_directory(const char *directory, struct buf *out)
{
	int error = check_path(directory);

	if (error == 0)
		error = buf_puts(out, "(allow file-read* file-write*\n  (subpath ");
	if (error == 0)
		error = append_quoted(directory, out);
	return error != 0 ? error : buf_puts(out, "))\n");
}

static bool
is_of(size_t rule, enum sandbox_kind kind)
{
	return (rules[rule].roles & 1u << kind) != 0;
}

int
sandbox_profile(enum sandbox_kind kind, const char *directory, unsigned without,
    struct buf *out)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < ARRAY_LENGTH(rules); i++)
		if (is_of(i, kind) && (without & 1u << i) == 0)
			error = buf_puts(out, rules[i].text);
	return error != 0 || directory == NULL ? error
	                                       : append_directory(directory, out);
}

/* Of all that can be left out, this one alone. False: or there is no memory for it. */
static bool
is_understood(enum sandbox_kind kind, size_t rule, sandbox_understood *understood)
{
	unsigned without = 0;
	struct buf out;

	for (size_t i = 0; i < ARRAY_LENGTH(rules); i++)
		if (i != rule && !rules[i].needed)
			without |= 1u << i;
	buf_init(&out, SANDBOX_PROFILE_BYTES_MAX);
	bool is = sandbox_profile(kind, NULL, without, &out) == 0 &&
	    buf_append(&out, "", 1) == 0 && understood((const char *)buf_data(&out));
	buf_free(&out);
	return is;
}

unsigned
sandbox_not_understood(enum sandbox_kind kind, sandbox_understood *understood)
{
	unsigned found = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(rules); i++)
		if (is_of(i, kind) && !rules[i].needed &&
		    !is_understood(kind, i, understood))
			found |= 1u << i;
	return found;
}

const char *
sandbox_rule_text(unsigned rule)
{
	return rule < ARRAY_LENGTH(rules) ? rules[rule].text : NULL;
}
