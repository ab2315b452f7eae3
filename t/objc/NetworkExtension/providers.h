/* SPDX-License-Identifier: ISC */
/*
 * NetworkExtension's providers, flows and rules: what the extension uses, as before
 * macOS 15 (macos15.h of the extension declares the rest). See t/objc/README.md.
 */
#ifndef SIGHTGLASS_T_OBJC_NE_PROVIDERS_H
#define SIGHTGLASS_T_OBJC_NE_PROVIDERS_H

#import <Network/Network.h>
#import <NetworkExtension/managers.h>

NS_ASSUME_NONNULL_BEGIN

/* --- endpoints, rules --- */

@interface NWEndpoint : NSObject <NSCopying>
@end

@interface NWHostEndpoint : NWEndpoint
+ (instancetype)endpointWithHostname:(NSString *)hostname port:(NSString *)port;
@property (nonatomic, readonly) NSString *hostname, *port;
@end

typedef NS_ENUM(NSInteger, NENetworkRuleProtocol) {
	NENetworkRuleProtocolAny = 0,
	NENetworkRuleProtocolTCP = 1,
	NENetworkRuleProtocolUDP = 2
};

typedef NS_ENUM(NSInteger, NETrafficDirection) {
	NETrafficDirectionAny = 0,
	NETrafficDirectionInbound = 1,
	NETrafficDirectionOutbound = 2
};

@interface NENetworkRule : NSObject <NSCopying>
- (instancetype)initWithRemoteNetwork:(nullable NWHostEndpoint *)remoteNetwork
                         remotePrefix:(NSUInteger)remotePrefix
                         localNetwork:(nullable NWHostEndpoint *)localNetwork
                          localPrefix:(NSUInteger)localPrefix
                             protocol:(NENetworkRuleProtocol)protocol
                            direction:(NETrafficDirection)direction;
@end

@interface NETunnelNetworkSettings : NSObject <NSCopying>
- (instancetype)initWithTunnelRemoteAddress:(NSString *)address;
@end

API_AVAILABLE(macos(10.15))
@interface NETransparentProxyNetworkSettings : NETunnelNetworkSettings
@property (copy, nullable) NSArray<NENetworkRule *> *includedNetworkRules;
@property (copy, nullable) NSArray<NENetworkRule *> *excludedNetworkRules;
@end

/* --- flows --- */

extern NSString *const NEAppProxyErrorDomain;
typedef NS_ENUM(NSInteger, NEAppProxyFlowError) {
	NEAppProxyFlowErrorNotConnected = 1,
	NEAppProxyFlowErrorPeerReset = 2,
	NEAppProxyFlowErrorHostUnreachable = 3,
	NEAppProxyFlowErrorInvalidArgument = 4,
	NEAppProxyFlowErrorAborted = 5,
	NEAppProxyFlowErrorRefused = 6,
	NEAppProxyFlowErrorTimedOut = 7,
	NEAppProxyFlowErrorInternal = 8,
	NEAppProxyFlowErrorDatagramTooLarge = 9,
	NEAppProxyFlowErrorReadAlreadyPending = 10
};

@interface NEFlowMetaData : NSObject <NSCopying>
@property (readonly) NSString *sourceAppSigningIdentifier;
@property (readonly, nullable) NSData *sourceAppAuditToken API_AVAILABLE(macos(10.15));
@property (readonly, nullable) NSUUID *filterFlowIdentifier
    API_AVAILABLE(macos(10.15.4));
@end

@interface NEAppProxyFlow : NSObject
- (void)openWithLocalEndpoint:(nullable NWHostEndpoint *)localEndpoint
            completionHandler:(void (^)(NSError *_Nullable error))handler;
- (void)closeReadWithError:(nullable NSError *)error;
- (void)closeWriteWithError:(nullable NSError *)error;
@property (readonly) NEFlowMetaData *metaData;
@property (copy, nullable) nw_interface_t networkInterface
    API_AVAILABLE(macos(10.15.4));
@property (readonly, nullable) NSString *remoteHostname API_AVAILABLE(macos(11.0));
@property (readonly) BOOL isBound API_AVAILABLE(macos(11.1));
@end

@interface NEAppProxyTCPFlow : NEAppProxyFlow
- (void)readDataWithCompletionHandler:
    (void (^)(NSData *_Nullable data, NSError *_Nullable error))handler;
- (void)writeData:(NSData *)data
    withCompletionHandler:(void (^)(NSError *_Nullable error))handler;
@property (readonly) NWEndpoint *remoteEndpoint;
@end

@interface NEAppProxyUDPFlow : NEAppProxyFlow
- (void)readDatagramsWithCompletionHandler:
    (void (^)(NSArray<NSData *> *_Nullable datagrams,
        NSArray<NWEndpoint *> *_Nullable remoteEndpoints,
        NSError *_Nullable error))handler;
- (void)writeDatagrams:(NSArray<NSData *> *)datagrams
       sentByEndpoints:(NSArray<NWEndpoint *> *)remoteEndpoints
     completionHandler:(void (^)(NSError *_Nullable error))handler;
@property (readonly, nullable) NWEndpoint *localEndpoint;
@end

/* --- providers --- */

typedef NS_ENUM(NSInteger, NEProviderStopReason) { NEProviderStopReasonNone = 0 };

@interface NEProvider : NSObject
+ (void)startSystemExtensionMode API_AVAILABLE(macos(10.15));
- (void)sleepWithCompletionHandler:(void (^)(void))handler;
- (void)wake;
@end

@interface NETunnelProvider : NEProvider
- (void)handleAppMessage:(NSData *)message
       completionHandler:(nullable void (^)(NSData *_Nullable response))handler;
- (void)setTunnelNetworkSettings:(nullable NETunnelNetworkSettings *)settings
               completionHandler:(nullable void (^)(NSError *_Nullable error))handler;
@property (readonly) NEVPNProtocol *protocolConfiguration;
@end

@interface NEAppProxyProvider : NETunnelProvider
- (void)startProxyWithOptions:(nullable NSDictionary<NSString *, id> *)options
            completionHandler:(void (^)(NSError *_Nullable error))handler;
- (void)stopProxyWithReason:(NEProviderStopReason)reason
          completionHandler:(void (^)(void))handler;
- (BOOL)handleNewFlow:(NEAppProxyFlow *)flow;
- (BOOL)handleNewUDPFlow:(NEAppProxyUDPFlow *)flow
    initialRemoteEndpoint:(NWEndpoint *)remoteEndpoint;
@end

API_AVAILABLE(macos(11.0))
@interface NETransparentProxyProvider : NEAppProxyProvider
@end

extern NSString *const NEDNSProxyErrorDomain;
typedef NS_ENUM(NSInteger, NEDNSProxyManagerError) {
	NEDNSProxyManagerErrorConfigurationInvalid = 1
};

API_AVAILABLE(macos(10.15))
@interface NEDNSProxyProvider : NEProvider
- (void)startProxyWithOptions:(nullable NSDictionary<NSString *, id> *)options
            completionHandler:(void (^)(NSError *_Nullable error))handler;
- (void)stopProxyWithReason:(NEProviderStopReason)reason
          completionHandler:(void (^)(void))handler;
- (BOOL)handleNewFlow:(NEAppProxyFlow *)flow;
- (BOOL)handleNewUDPFlow:(NEAppProxyUDPFlow *)flow
    initialRemoteEndpoint:(NWEndpoint *)remoteEndpoint;
@end

NS_ASSUME_NONNULL_END

#endif
