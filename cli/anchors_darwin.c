/* SPDX-License-Identifier: ISC */
/*
 * macOS: since version 11 no program can make a root trusted, not as root either;
 * device management can, or a person who gives a password. So this says how. CLI.
 */
#include <stdio.h>

#include "base/diag.h"
#include "cli/anchors.h"

void
anchors_add_to_system(const struct anchors *a UNUSED, struct anchors_report *report)
{
	diag_error("macOS lets no program add a root: give the Macs what 'sightglass "
	    "profile' writes by device management; or, on one Mac, write it with "
	    "'sightglass ca export -o ca.pem' and, as an administrator at its screen, "
	    "run 'sudo security add-trusted-cert -d -r trustRoot -k "
	    "/Library/Keychains/System.keychain ca.pem', which asks for a password");
	report->failed++;
}

void
anchors_remove_from_system(const struct anchors *a UNUSED,
    struct anchors_report *report)
{
	diag_error("macOS: remove the profile by device management; or, where it was "
	    "added by hand, 'sudo security remove-trusted-cert -d ca.pem' with the "
	    "file of 'sightglass ca export'");
	report->failed++;
}
