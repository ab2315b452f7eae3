/* SPDX-License-Identifier: ISC */
/* What is used of Network: its endpoints and interfaces. See t/objc/README.md. */
#ifndef SIGHTGLASS_T_OBJC_NETWORK_H
#define SIGHTGLASS_T_OBJC_NETWORK_H

#import <Foundation/Foundation.h>
#include <sys/socket.h>

NS_ASSUME_NONNULL_BEGIN

@protocol OS_nw_endpoint <NSObject>
@end
typedef NSObject<OS_nw_endpoint> *nw_endpoint_t;

@protocol OS_nw_interface <NSObject>
@end
typedef NSObject<OS_nw_interface> *nw_interface_t;
extern uint32_t nw_interface_get_index(nw_interface_t interface);

typedef enum {
	nw_endpoint_type_invalid = 0,
	nw_endpoint_type_address = 1,
	nw_endpoint_type_host = 2
} nw_endpoint_type_t;

#define NW_RETAINED __attribute__((ns_returns_retained))
extern nw_endpoint_type_t nw_endpoint_get_type(nw_endpoint_t endpoint);
extern NW_RETAINED nw_endpoint_t nw_endpoint_create_host(const char *host,
    const char *port);
extern NW_RETAINED nw_endpoint_t nw_endpoint_create_address(const struct sockaddr *address);
extern const char *nw_endpoint_get_hostname(nw_endpoint_t endpoint);
extern char *nw_endpoint_copy_port_string(nw_endpoint_t endpoint);
extern const struct sockaddr *nw_endpoint_get_address(nw_endpoint_t endpoint);
#undef NW_RETAINED

NS_ASSUME_NONNULL_END

#endif
