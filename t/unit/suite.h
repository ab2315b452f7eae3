/* SPDX-License-Identifier: ISC */
/* What is the same in every suite: t/unit/suite.c has main(). */
#ifndef SIGHTGLASS_T_UNIT_SUITE_H
#define SIGHTGLASS_T_UNIT_SUITE_H

#include <check.h>

/* The suite of the program; each file of t/unit that is one has its own. */
Suite *suite(void);

#endif
