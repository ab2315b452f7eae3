/* SPDX-License-Identifier: ISC */
/*
 * What a profile (VendorConfig, ProviderConfiguration) or the host app tells the
 * extension, with a default for each. A value of the wrong type is said in the log
 * and is as if it were not there. Extension (macOS).
 *
 *   FlowSocket, ControlSocket  text  flow.sock and control.sock of the app group's
 *                                    container; at most 104 bytes
 *   DaemonRequirement          text  code requirement of sightglassd: its identifier
 *                                    and our own team
 *   ExcludedNetworks           list  networks_default (networks.h)
 *   FailClosed, ClaimDNS       bool  no
 *   ClaimQUIC                  bool  yes
 *   FlowsMax                   number  as many as descriptors allow
 */
#import <Foundation/Foundation.h>
#import <os/log.h>

NS_ASSUME_NONNULL_BEGIN

os_log_t settings_log(void);

@interface ProviderSettings : NSObject

- (instancetype)init NS_UNAVAILABLE;
- (instancetype)initWithDictionary:(nullable NSDictionary<NSString *, id> *)dictionary
    NS_DESIGNATED_INITIALIZER;

@property (nonatomic, readonly, copy) NSString *flowSocket, *controlSocket;
@property (nonatomic, readonly, copy) NSString *daemonRequirement;
/* nil: the default ones */
@property (nonatomic, readonly, copy, nullable) NSArray<NSString *> *excludedNetworks;
@property (nonatomic, readonly) BOOL failClosed, claimDNS, claimQUIC;
@property (nonatomic, readonly) NSUInteger flowsMax; /* 0: no other limit */
@property (nonatomic, readonly, copy) NSString *build;

@end

NS_ASSUME_NONNULL_END
