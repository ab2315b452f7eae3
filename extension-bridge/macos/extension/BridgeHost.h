/* SPDX-License-Identifier: ISC */
/*
 * What both providers of the extension share: the provider core (provider.h) on its
 * one serial queue, with the queue's clock, its sockets, and the completions that
 * NetworkExtension waits for. Extension (macOS). Its methods may be called on any
 * thread.
 */
#import <NetworkExtension/NetworkExtension.h>

#import "extension-bridge/macos/extension/ProviderSettings.h"
#import "extension-bridge/provider.h"

NS_ASSUME_NONNULL_BEGIN

@class AppFlow;

@interface BridgeHost : NSObject

- (instancetype)init NS_UNAVAILABLE;
/* nil: out of memory, or DaemonRequirement cannot be read. */
- (nullable instancetype)initWithSettings:(ProviderSettings *)settings
                                     kind:(enum provider_kind)kind
    NS_DESIGNATED_INITIALIZER;

/* Sets the network settings, and calls `applied` once. nil: there are none to set.
 * To be set before the first start. */
@property (nonatomic, copy, nullable) void (^apply)(void (^applied)(NSError *_Nullable));

/* Each `done` is called once. Nothing starts after a stop: a new host does. */
- (void)start:(void (^)(NSError *_Nullable error))done;
- (void)stop:(void (^)(void))done;
- (void)woke;

/* Whether the flow is claimed. `remote`: where it goes, as the system said. */
- (BOOL)handleFlow:(NEAppProxyFlow *)flow to:(nullable id)remote;

/* How it stands: one JSON object. */
- (NSData *)status;

/* Runs the block on the queue, unless the provider has been freed by then. */
- (void)enter:(void (^)(struct provider *p))block;

/* For AppFlow, on the queue: the provider holds it no longer. */
- (void)forget:(AppFlow *)app;

@end

NS_ASSUME_NONNULL_END
