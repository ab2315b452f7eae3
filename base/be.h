/* SPDX-License-Identifier: ISC */
/* Numbers in network byte order, the high byte first, as formats and protocols have
 * them in bytes that need not be aligned. Pure. */
#ifndef SIGHTGLASS_BASE_BE_H
#define SIGHTGLASS_BASE_BE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* Of as many bytes as a length or a number may have: at most 8. 0 bytes: 0. */
static inline uint64_t WUNRES
be_dec(const uint8_t *p, size_t count)
{
	uint64_t number = 0;

	for (size_t i = 0; i < count; i++)
		number = number << 8 | p[i];
	return number;
}

static inline uint16_t WUNRES
be16_dec(const uint8_t *p)
{
	unsigned number = (unsigned)p[0] << 8 | p[1];

	return (uint16_t)number;
}

static inline uint32_t WUNRES
be24_dec(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | be16_dec(p + 1);
}

static inline uint32_t WUNRES
be32_dec(const uint8_t *p)
{
	return (uint32_t)be16_dec(p) << 16 | be16_dec(p + 2);
}

static inline void
be16_enc(uint8_t *p, uint16_t number)
{
	p[0] = (uint8_t)(number >> 8);
	p[1] = (uint8_t)number;
}

#endif
