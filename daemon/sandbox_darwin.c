/* SPDX-License-Identifier: ISC */
/*
 * macOS: privileges are dropped and descriptors are closed; sandbox_init(3) is
 * deprecated and its profile language undocumented, so roles rely on their uid.
 */
#include "daemon/sandbox.h"

void
sandbox_enter(enum sandbox_kind kind UNUSED, const char *directory UNUSED)
{
}
