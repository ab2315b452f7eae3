/* SPDX-License-Identifier: ISC */
/*
 * macOS: csops_audittoken(2) and proc_pidpath_audittoken(3), by which the kernel
 * answers for the program that the token names or not at all. Worker. Both answer any
 * user about any process, from what the kernel has in memory; a sandbox has to allow
 * process-info-codesignature and process-info-pidinfo.
 */
#include "daemon/process.h"

#include <dlfcn.h>
#include <errno.h>
#include <libproc.h>
#include <mach/message.h>
#include <string.h>

#include "base/err.h"

/* Apple declares it, and these numbers, in bsd/sys/codesign.h and osfmk/kern/cs_blobs.h
 * of XNU's published sources, and in no header of the SDK; libSystem exports it. */
extern int csops_audittoken(pid_t pid, unsigned int operation, void *out, size_t size,
    audit_token_t *token);
#define CS_OPS_STATUS 0
#define CS_OPS_IDENTITY 11
#define CS_OPS_TEAMID 14
#define CS_VALID 0x1u

#define BLOB_HEAD_BYTES 8u /* in front of a text; XNU's csops_internal() */

_Static_assert(sizeof(audit_token_t) == FLOW_AUDIT_TOKEN_BYTES, "PROTOCOL.md says 32");

/* A text of the signature. None, and one that does not fit, is "". */
static int
ask_text(pid_t pid, unsigned int operation, audit_token_t *token, char *out,
    size_t capacity)
{
	char blob[BLOB_HEAD_BYTES + 1024] = {0};

	out[0] = '\0';
	if (csops_audittoken(pid, operation, blob, sizeof(blob) - 1, token) != 0) {
		bool none = errno == ENOENT || errno == EINVAL || errno == ERANGE;
		return none ? 0 : err_of_errno();
	}
	size_t length = strlen(blob + BLOB_HEAD_BYTES);
	if (length < capacity)
		memcpy(out, blob + BLOB_HEAD_BYTES, length + 1);
	return 0;
}

static int
ask_signature(pid_t pid, audit_token_t *token, struct process_signature *out)
{
	uint32_t flags = 0;

	*out = (struct process_signature){.valid = false};
	if (csops_audittoken(pid, CS_OPS_STATUS, &flags, sizeof(flags), token) != 0)
		return err_of_errno();
	out->valid = (flags & CS_VALID) != 0;
	if (!out->valid)
		return 0;
	int error = ask_text(pid, CS_OPS_IDENTITY, token, out->signing_id,
	    sizeof(out->signing_id));
	if (error == 0)
		error = ask_text(pid, CS_OPS_TEAMID, token, out->team_id,
		    sizeof(out->team_id));
	return error;
}

int
process_signature(uint32_t pid, const uint8_t token[FLOW_AUDIT_TOKEN_BYTES],
    struct process_signature *out)
{
	audit_token_t copy;

	memcpy(&copy, token, sizeof(copy));
	return ask_signature((pid_t)pid, &copy, out);
}

/* A path as libproc gave it, its length or 0. That of a file which is gone, and one that
 * does not fit, is "". */
static int
take_path(const char *path, int length, char *out, size_t capacity)
{
	if (length <= 0)
		return errno == ENOENT ? 0 : err_of_errno();
	if ((size_t)length < capacity)
		memcpy(out, path, (size_t)length + 1);
	return 0;
}

/* Exported by libSystem, and declared nowhere: asked for by its name, so that a system
 * without it lacks no more than what it tells. */
static pid_t
responsible_for(pid_t pid)
{
	typedef pid_t responsible(pid_t);
	void *found = dlsym(RTLD_DEFAULT, "responsibility_get_pid_responsible_for_pid");
	responsible *ask;

	if (found == NULL)
		return 0;
	memcpy(&ask, &found, sizeof(ask)); /* ISO C has no cast for it */
	pid_t answer = ask(pid);
	return answer > 0 && answer != pid ? answer : 0;
}

static void
ask_responsible(pid_t pid, struct process_facts *out)
{
	char path[PROC_PIDPATHINFO_MAXSIZE];
	pid_t other = responsible_for(pid);

	if (other == 0)
		return;
	out->responsible_pid = (uint32_t)other;
	int length = proc_pidpath(other, path, sizeof(path));
	if (take_path(path, length, out->responsible, sizeof(out->responsible)) != 0)
		out->responsible_pid = 0; /* it has ended, or its number is another's */
}

int
process_look_up(uint32_t pid, const uint8_t token[FLOW_AUDIT_TOKEN_BYTES],
    struct process_facts *out)
{
	char path[PROC_PIDPATHINFO_MAXSIZE];
	struct process_signature signature;
	audit_token_t copy;

	memcpy(&copy, token, sizeof(copy));
	*out = (struct process_facts){.responsible_pid = 0};
	int error = ask_signature((pid_t)pid, &copy, &signature);
	if (error != 0)
		return error;
	int length = proc_pidpath_audittoken(&copy, path, sizeof(path));
	error = take_path(path, length, out->executable, sizeof(out->executable));
	if (error != 0)
		return error;
	memcpy(out->signing_id, signature.signing_id, sizeof(out->signing_id));
	memcpy(out->team_id, signature.team_id, sizeof(out->team_id));
	ask_responsible((pid_t)pid, out);
	return 0;
}
