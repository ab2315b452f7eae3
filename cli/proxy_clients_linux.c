/* SPDX-License-Identifier: ISC */
/* proxy_clients.h by sock_diag(7) and /proc. CLI. */
#include "cli/proxy_clients.h"

#include "extension-bridge/linux/client.h"

static void
identify(void *context, const struct sockaddr_storage *client,
    const struct sockaddr_storage *proxy, struct flow_header *h)
{
	clients_identify(context, client, proxy, h);
}

void
proxy_clients_tell(struct proxy_options *options)
{
	options->client_facts_context = clients_new();
	options->client_facts = options->client_facts_context == NULL ? NULL : identify;
}
