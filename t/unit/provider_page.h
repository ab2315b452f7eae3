/* SPDX-License-Identifier: ISC */
/*
 * extension-bridge/macos/README.md, as far as it is made: the diagrams of the
 * provider's state machines, drawn from their rows, and how many orders of events
 * were gone through. Unit suites only.
 */
#ifndef SIGHTGLASS_T_UNIT_PROVIDER_PAGE_H
#define SIGHTGLASS_T_UNIT_PROVIDER_PAGE_H

/* Aborts the test unless the page has the diagrams as they are. With WRITE_TABLE in
 * the environment it is written instead. */
void page_has_machines(void);

/* Likewise the line that tells how many orders were found of this set of events. */
void page_has_count(const char *events, unsigned long orders);

#endif
