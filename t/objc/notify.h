/* SPDX-License-Identifier: ISC */
/* What is used of notify(3). See README.md. */
#ifndef SIGHTGLASS_T_OBJC_NOTIFY_H
#define SIGHTGLASS_T_OBJC_NOTIFY_H

#include <stdint.h>

#define NOTIFY_STATUS_OK 0

extern uint32_t notify_register_file_descriptor(const char *name, int *fd, int flags,
    int *token);
extern uint32_t notify_cancel(int token);

#endif
