/* SPDX-License-Identifier: ISC */
/*
 * A socket that uses one interface of the machine and no other, whatever the routes
 * say: interface_linux.c and interface_darwin.c. Any process.
 */
#ifndef SIGHTGLASS_BASE_INTERFACE_H
#define SIGHTGLASS_BASE_INTERFACE_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/attr.h"

/* Binds a socket of that family, which is not connected yet, to the interface with
 * that index (if_nametoindex(3)). 0, or -1 with errno: there is none such. */
int interface_bind(int fd, sa_family_t family, uint32_t index) WUNRES;

#endif
