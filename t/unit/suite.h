/* SPDX-License-Identifier: ISC */
/* What is the same in every suite: t/unit/suite.c has main(). */
#ifndef SIGHTGLASS_T_UNIT_SUITE_H
#define SIGHTGLASS_T_UNIT_SUITE_H

#include <check.h>

/* Room for a directory's path, behind which a socket's name still fits (sun_path). */
#define SUITE_DIRECTORY_BYTES 80

/* The suite of the program; each file of t/unit that is one has its own. */
Suite *suite(void);

/* Makes a directory of a test's own and writes its path. It lies below TMPDIR, which
 * t/run removes whatever became of the test; below /tmp where there is none, or one that
 * is too long. Aborts the test when it cannot. */
void suite_make_directory(char path[SUITE_DIRECTORY_BYTES], const char *name);

#endif
