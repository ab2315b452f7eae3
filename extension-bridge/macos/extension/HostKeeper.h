/* SPDX-License-Identifier: ISC */
/*
 * The host that a provider has between a start and a stop. The system may start a
 * provider twice in one process, or stop it while it starts, on any thread: there is
 * one host for all starts, and every completion is called once. Extension (macOS).
 */
#import <NetworkExtension/NetworkExtension.h>

#import "extension-bridge/macos/extension/BridgeHost.h"

NS_ASSUME_NONNULL_BEGIN

@interface HostKeeper : NSObject

/* nil: stopped. */
@property (nonatomic, readonly, nullable) BridgeHost *host;

/* Starts the host, which `make` makes if there is none. `done` is given `unable` where
 * it makes none. */
- (void)start:(BridgeHost *_Nullable (^)(void))make
       unable:(NSError *)unable
         done:(void (^)(NSError *_Nullable error))done;

/* Stops it, for the system's reason. */
- (void)stopFor:(NEProviderStopReason)reason done:(void (^)(void))done;

@end

NS_ASSUME_NONNULL_END
