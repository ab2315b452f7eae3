/* SPDX-License-Identifier: ISC */
/*
 * One request to the system about the extension that lies in this app: to activate
 * it, in place of an older one; to deactivate it; or what is known of it. Host app;
 * main queue only.
 */
#import <SystemExtensions/SystemExtensions.h>

NS_ASSUME_NONNULL_BEGIN

@interface ExtensionRequest : NSObject <OSSystemExtensionRequestDelegate>

- (instancetype)init NS_UNAVAILABLE;
- (instancetype)initWithIdentifier:(NSString *)identifier NS_DESIGNATED_INITIALIZER;

/* Called whenever a person has to allow the extension first. */
@property (nonatomic, copy, nullable) void (^needsApproval)(void);

/* One of these, once. Whoever asks keeps the request until it has answered.
 * `restart`: what was asked for is so when the machine has been restarted. */
- (void)activate:(void (^)(BOOL restart, NSError *_Nullable error))answer;
- (void)deactivate:(void (^)(BOOL restart, NSError *_Nullable error))answer;
- (void)properties:(void (^)(NSArray<OSSystemExtensionProperties *> *found,
                       NSError *_Nullable error))answer;

@end

NS_ASSUME_NONNULL_END
