/* SPDX-License-Identifier: ISC */
/*
 * An application's flow as the provider asks for it (struct provider_flow_ops): reads,
 * writes and ends of NEAppProxyFlow, whose completions come back on the host's queue.
 * Extension (macOS).
 */
#import <NetworkExtension/NetworkExtension.h>

#import "extension-bridge/provider.h"

NS_ASSUME_NONNULL_BEGIN

@class BridgeHost;

@interface AppFlow : NSObject

- (instancetype)init NS_UNAVAILABLE;
- (instancetype)initWithFlow:(NEAppProxyFlow *)flow
                        host:(BridgeHost *)host NS_DESIGNATED_INITIALIZER;

/* The table, whose `app` is an AppFlow that the host keeps until release(). */
+ (const struct provider_flow_ops *)operations;

@end

NS_ASSUME_NONNULL_END
