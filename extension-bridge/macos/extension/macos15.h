/* SPDX-License-Identifier: ISC */
/*
 * What macOS 15 brought to NetworkExtension in place of NWEndpoint objects, declared
 * from Apple's documentation for SDKs that are older. Called under @available only.
 */
#import <NetworkExtension/NetworkExtension.h>

#if !defined(__MAC_15_0) || __MAC_OS_X_VERSION_MAX_ALLOWED < __MAC_15_0

NS_ASSUME_NONNULL_BEGIN

typedef NSArray<nw_endpoint_t> NWEndpointArray;

@interface NEAppProxyFlow (MacOS15)
- (void)openWithLocalFlowEndpoint:(nullable nw_endpoint_t)localEndpoint
                completionHandler:(void (^)(NSError *_Nullable error))handler
    API_AVAILABLE(macos(15.0));
@end

@interface NEAppProxyTCPFlow (MacOS15)
@property (readonly) nw_endpoint_t remoteFlowEndpoint API_AVAILABLE(macos(15.0));
@end

@interface NEAppProxyUDPFlow (MacOS15)
- (void)readDatagramsAndFlowEndpointsWithCompletionHandler:
    (void (^)(NSArray<NSData *> *_Nullable datagrams,
        NWEndpointArray *_Nullable remoteEndpoints, NSError *_Nullable error))handler
    API_AVAILABLE(macos(15.0));
- (void)writeDatagrams:(NSArray<NSData *> *)datagrams
    sentByFlowEndpoints:(NWEndpointArray *)remoteEndpoints
      completionHandler:(void (^)(NSError *_Nullable error))handler
    API_AVAILABLE(macos(15.0));
@property (readonly, nullable) nw_endpoint_t localFlowEndpoint
    API_AVAILABLE(macos(15.0));
@end

@interface NENetworkRule (MacOS15)
- (instancetype)initWithRemoteNetworkEndpoint:(nullable nw_endpoint_t)remoteNetwork
                                 remotePrefix:(NSUInteger)remotePrefix
                         localNetworkEndpoint:(nullable nw_endpoint_t)localNetwork
                                  localPrefix:(NSUInteger)localPrefix
                                     protocol:(NENetworkRuleProtocol)protocol
                                    direction:(NETrafficDirection)direction
    API_AVAILABLE(macos(15.0));
@end

NS_ASSUME_NONNULL_END

#endif
