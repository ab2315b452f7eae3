/* SPDX-License-Identifier: ISC */
/*
 * Making our CA trusted, and undoing it: the system's store for root, and the NSS
 * stores of whoever runs it. CLI. Touches no store of another user.
 */
#include "cli/ca_trust.h"

#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "cli/anchors.h"
#include "cli/ca_text.h"
#include "cli/command.h"

static int
take(struct anchors *anchors, const mbedtls_x509_crt *certificates)
{
	int error = anchors_take(anchors, certificates);

	if (error == 0)
		return CLI_OK;
	anchors_free(anchors);
	if (error == E_NOTFOUND)
		diag_error("none of the CA's certificates is a root: it is the one above "
		    "them that has to be trusted; ca.chain can name it");
	else
		diag_error("the CA's certificates: %s", err_text(error));
	return CLI_CANNOT_READ;
}

/* The roots of the settings' CA, to be freed. */
static int
load(const struct conf *conf, struct anchors *anchors)
{
	mbedtls_x509_crt certificates;

	int status = ca_text_certificates(conf, &certificates);
	if (status != CLI_OK)
		return status;
	status = take(anchors, &certificates);
	mbedtls_x509_crt_free(&certificates);
	return status;
}

static bool
is_for_system(unsigned stores)
{
	return (stores & CA_TRUST_SYSTEM) != 0 &&
	    (geteuid() == 0 || stores == CA_TRUST_SYSTEM);
}

static int
judge(const struct anchors_report *report, unsigned stores, const char *action)
{
	if (report->failed > 0)
		return CLI_CANNOT_READ;
	if (report->done > 0)
		return CLI_OK;
	if (is_for_system(stores))
		return CLI_OK; /* nothing of ours was there */
	diag_warning("you have no NSS store (Chromium and Firefox make theirs when they "
	    "start)%s%s", (stores & CA_TRUST_SYSTEM) != 0
	        ? ", and the system's is root's: sudo sightglass ca " : "",
	    (stores & CA_TRUST_SYSTEM) != 0 ? action : "");
	return CLI_NO_MATCH;
}

int
ca_trust(const struct conf *conf, unsigned stores)
{
	struct anchors_report report = {0};
	struct anchors anchors;

	int status = load(conf, &anchors);
	if (status != CLI_OK)
		return status;
	if (is_for_system(stores))
		anchors_add_to_system(&anchors, &report);
	if ((stores & CA_TRUST_USER) != 0)
		anchors_add_to_nss(&anchors, &report);
	anchors_free(&anchors);
	return judge(&report, stores, "trust");
}

int
ca_untrust(const struct conf *conf, unsigned stores, bool all)
{
	struct anchors_report report = {0};
	struct anchors anchors = {.count = 0};
	int status = all ? CLI_OK : load(conf, &anchors);

	if (status != CLI_OK)
		return status;
	if (is_for_system(stores))
		anchors_remove_from_system(all ? NULL : &anchors, &report);
	if ((stores & CA_TRUST_USER) != 0)
		anchors_remove_from_nss(all ? NULL : &anchors, &report);
	anchors_free(&anchors);
	return judge(&report, stores, "untrust");
}
