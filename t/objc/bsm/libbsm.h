/* SPDX-License-Identifier: ISC */
/* What is used of libbsm. See t/objc/README.md. */
#ifndef SIGHTGLASS_T_OBJC_BSM_LIBBSM_H
#define SIGHTGLASS_T_OBJC_BSM_LIBBSM_H

#include <mach/message.h>
#include <sys/types.h>

extern pid_t audit_token_to_pid(audit_token_t token);
extern uid_t audit_token_to_euid(audit_token_t token);

#endif
