/* SPDX-License-Identifier: ISC */
/* What Linux says of itself: its roots, and whether somebody sets its clock. CLI. */
#include <string.h>
#include <sys/timex.h>

#include "cli/doctor.h"

const char *const doctor_forwarder = NULL;

void
doctor_system_store(struct doctor *d)
{
	doctor_root_files(d);
}

/* The kernel knows, whichever daemon it is. */
void
doctor_system(struct doctor *d)
{
	struct timex t;

	memset(&t, 0, sizeof(t));
	if (adjtimex(&t) < 0)
		return;
	if ((t.status & STA_UNSYNC) == 0) {
		finding_ok(&d->found, FINDING_CLOCK, "is kept right");
		return;
	}
	finding_warning(&d->found, FINDING_CLOCK, "nobody keeps it right: certificates "
	    "and records depend on it");
	finding_remedy(&d->found, "start systemd-timesyncd, chrony or ntpd");
}
