/* SPDX-License-Identifier: ISC */
/*
 * Between NetworkExtension's endpoints, of which there are two kinds (objects of
 * Network.framework from macOS 15 on, NWHostEndpoint before), and socket addresses;
 * and the header of a flow. Extension (macOS).
 */
#import <NetworkExtension/NetworkExtension.h>

#import "extension-bridge/provider.h"

NS_ASSUME_NONNULL_BEGIN

/* NO: it is no IP address, as where an application asked by name for what the
 * system would have resolved. Of either kind; nil is no address. */
BOOL endpoint_address(id _Nullable endpoint, struct sockaddr_storage *out);

/* Of the kind that the system speaks. Nil: not IP. */
id _Nullable endpoint_make(const struct sockaddr_storage *address);

/* Fills what the system says of a flow of that provider, to `remote`. NO: it has no IP
 * address, and so cannot be handed over. No process is looked up: handleNewFlow has
 * to be quick, and the daemon finds out more from the process identifier. */
BOOL endpoint_header(NEAppProxyFlow *flow, id _Nullable remote, enum provider_kind kind,
    struct flow_header *out);

/* Where a flow goes that is an NEAppProxyTCPFlow. */
id _Nullable endpoint_of_stream(NEAppProxyFlow *flow);

NS_ASSUME_NONNULL_END
