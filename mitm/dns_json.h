/* SPDX-License-Identifier: ISC */
/*
 * Queries of DNS in the JSON form that some resolvers serve to scripts
 * (application/dns-json): name and type are parameters of the target, and the answer is
 * an object with Status, the header's flags, Question and Answer. No RFC has it; what is
 * read here is what Google and Cloudflare document. Pure. Worker.
 */
#ifndef SIGHTGLASS_MITM_DNS_JSON_H
#define SIGHTGLASS_MITM_DNS_JSON_H

#include <stdbool.h>

#include "base/attr.h"
#include "mitm/dns_http.h"

/* As dns_http_read. The messages have no id and no header but what is said; the query
 * no length. An answer that is called application/json only (as Google's is) counts
 * when it looks like one. */
bool dns_json_read(const struct http_exchange *e, struct bytes target,
    struct dns_http *out) WUNRES NONNULL(1, 3);

#endif
