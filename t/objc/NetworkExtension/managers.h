/* SPDX-License-Identifier: ISC */
/* NetworkExtension's managers: what the host app uses. See t/objc/README.md. */
#ifndef SIGHTGLASS_T_OBJC_NE_MANAGERS_H
#define SIGHTGLASS_T_OBJC_NE_MANAGERS_H

#import <Foundation/Foundation.h>

NS_ASSUME_NONNULL_BEGIN

extern NSString *const NEVPNErrorDomain;
typedef NS_ENUM(NSInteger, NEVPNError) { NEVPNErrorConfigurationInvalid = 1 };

typedef NS_ENUM(NSInteger, NEVPNStatus) {
	NEVPNStatusInvalid = 0,
	NEVPNStatusDisconnected = 1,
	NEVPNStatusConnecting = 2,
	NEVPNStatusConnected = 3,
	NEVPNStatusReasserting = 4,
	NEVPNStatusDisconnecting = 5
};

@interface NEVPNConnection : NSObject
- (BOOL)startVPNTunnelAndReturnError:(NSError *_Nullable *)error;
- (void)stopVPNTunnel;
@property (readonly) NEVPNStatus status;
@end

@interface NETunnelProviderSession : NEVPNConnection
- (BOOL)sendProviderMessage:(NSData *)message
                returnError:(NSError *_Nullable *)error
            responseHandler:(nullable void (^)(NSData *_Nullable response))handler;
@end

@interface NEVPNProtocol : NSObject <NSCopying>
@property (copy, nullable) NSString *serverAddress;
@end

@interface NETunnelProviderProtocol : NEVPNProtocol
@property (copy, nullable) NSDictionary<NSString *, id> *providerConfiguration;
@property (copy, nullable) NSString *providerBundleIdentifier;
@end

@interface NEDNSProxyProviderProtocol : NEVPNProtocol
@property (copy, nullable) NSDictionary<NSString *, id> *providerConfiguration;
@property (copy, nullable) NSString *providerBundleIdentifier;
@end

@interface NEOnDemandRule : NSObject <NSCopying>
@end
@interface NEOnDemandRuleConnect : NEOnDemandRule
@end

@interface NEVPNManager : NSObject
- (void)removeFromPreferencesWithCompletionHandler:
    (nullable void (^)(NSError *_Nullable error))handler;
- (void)saveToPreferencesWithCompletionHandler:
    (nullable void (^)(NSError *_Nullable error))handler;
@property (copy, nullable) NSArray<NEOnDemandRule *> *onDemandRules;
@property (getter=isOnDemandEnabled) BOOL onDemandEnabled;
@property (copy, nullable) NSString *localizedDescription;
@property (strong, nullable) NEVPNProtocol *protocolConfiguration;
@property (readonly) NEVPNConnection *connection;
@property (getter=isEnabled) BOOL enabled;
@end

API_AVAILABLE(macos(10.15))
@interface NETransparentProxyManager : NEVPNManager
+ (void)loadAllFromPreferencesWithCompletionHandler:
    (void (^)(NSArray<NETransparentProxyManager *> *_Nullable managers,
        NSError *_Nullable error))handler;
@end

API_AVAILABLE(macos(10.15))
@interface NEDNSProxyManager : NSObject
+ (NEDNSProxyManager *)sharedManager;
- (void)loadFromPreferencesWithCompletionHandler:
    (void (^)(NSError *_Nullable error))handler;
- (void)removeFromPreferencesWithCompletionHandler:
    (void (^)(NSError *_Nullable error))handler;
- (void)saveToPreferencesWithCompletionHandler:
    (void (^)(NSError *_Nullable error))handler;
@property (copy, nullable) NSString *localizedDescription;
@property (strong, nullable) NEDNSProxyProviderProtocol *providerProtocol;
@property (getter=isEnabled) BOOL enabled;
@end

NS_ASSUME_NONNULL_END

#endif
