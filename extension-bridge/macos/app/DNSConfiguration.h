/* SPDX-License-Identifier: ISC */
/*
 * The system's configuration of the DNS proxy, of which there is one for all apps.
 * One that a profile or another app has brought is not ours to write. Host app;
 * main queue only.
 */
#import "extension-bridge/macos/app/ProxyConfiguration.h"

NS_ASSUME_NONNULL_BEGIN

@interface DNSConfiguration : NSObject

- (instancetype)init NS_UNAVAILABLE;
- (instancetype)initWithExtension:(NSString *)identifier
                         settings:(NSDictionary<NSString *, id> *)settings
    NS_DESIGNATED_INITIALIZER;

/* As in ProxyConfiguration. */
- (void)load:(Done)done;
@property (nonatomic, readonly) BOOL exists;  /* for our extension */
@property (nonatomic, readonly) BOOL foreign; /* for another one */
@property (nonatomic, readonly) BOOL managed;
@property (nonatomic, readonly) BOOL enabled;

/* Each looks first. What is foreign or managed is left as it is. */
- (void)write:(Done)done;
- (void)remove:(Done)done;

@end

NS_ASSUME_NONNULL_END
