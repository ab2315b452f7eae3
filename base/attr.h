/* SPDX-License-Identifier: ISC */
/*
 * Compiler attributes, under short names. Every process includes it; it
 * declares nothing else.
 */
#ifndef SIGHTGLASS_BASE_ATTR_H
#define SIGHTGLASS_BASE_ATTR_H

#define WUNRES __attribute__((warn_unused_result))
#define NONNULL(...) __attribute__((nonnull(__VA_ARGS__)))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))

#define ARRAY_LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#endif
