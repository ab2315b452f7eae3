/* SPDX-License-Identifier: ISC */
/*
 * The system's configuration of the transparent proxy: found, written, removed, and
 * the proxy it stands for started and stopped. What a profile has brought is the
 * profile's: it is told apart by the mark that ours has, and never written. Host
 * app; main queue only.
 */
#import <NetworkExtension/NetworkExtension.h>

NS_ASSUME_NONNULL_BEGIN

typedef void (^Done)(NSError *_Nullable error);

/* The mark in a configuration's dictionary: the app that wrote it. */
extern NSString *const ConfigurationWriter;

@interface ProxyConfiguration : NSObject

- (instancetype)init NS_UNAVAILABLE;
- (instancetype)initWithExtension:(NSString *)identifier
                         settings:(NSDictionary<NSString *, id> *)settings
    NS_DESIGNATED_INITIALIZER;

/* Looks; the properties below are so afterwards. */
- (void)load:(Done)done;
@property (nonatomic, readonly) BOOL exists;
@property (nonatomic, readonly) BOOL managed; /* a profile's */
@property (nonatomic, readonly) BOOL enabled;
@property (nonatomic, readonly) NEVPNStatus status;

/* Each looks first. What is managed is left as it is, without an error. */
- (void)write:(Done)done;
- (void)remove:(Done)done;

/* NEVPNErrorConfigurationInvalid where there is no configuration. One that is stopped
 * stays so until it is started; a profile's comes back with the next flow, since only
 * the profile could say otherwise. */
- (void)start:(Done)done;
- (void)stop:(Done)done;

/* The extension's own word on its bridge, JSON; nil: it gives none. */
- (void)ask:(void (^)(NSString *_Nullable answer))done;

@end

NS_ASSUME_NONNULL_END
