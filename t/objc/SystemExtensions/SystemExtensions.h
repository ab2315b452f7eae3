/* SPDX-License-Identifier: ISC */
/* What is used of SystemExtensions. See t/objc/README.md. */
#ifndef SIGHTGLASS_T_OBJC_SYSTEM_EXTENSIONS_H
#define SIGHTGLASS_T_OBJC_SYSTEM_EXTENSIONS_H

#import <Foundation/Foundation.h>

NS_ASSUME_NONNULL_BEGIN

@protocol OSSystemExtensionRequestDelegate;

typedef NS_ENUM(NSInteger, OSSystemExtensionReplacementAction) {
	OSSystemExtensionReplacementActionCancel,
	OSSystemExtensionReplacementActionReplace
};

typedef NS_ENUM(NSInteger, OSSystemExtensionRequestResult) {
	OSSystemExtensionRequestCompleted,
	OSSystemExtensionRequestWillCompleteAfterReboot
};

API_AVAILABLE(macos(10.15))
@interface OSSystemExtensionRequest : NSObject
+ (instancetype)activationRequestForExtension:(NSString *)identifier
                                        queue:(dispatch_queue_t)queue;
+ (instancetype)deactivationRequestForExtension:(NSString *)identifier
                                          queue:(dispatch_queue_t)queue;
+ (instancetype)propertiesRequestForExtension:(NSString *)identifier
                                        queue:(dispatch_queue_t)queue
    API_AVAILABLE(macos(12.0));
@property (weak, nonatomic) id<OSSystemExtensionRequestDelegate> delegate;
@end

API_AVAILABLE(macos(10.15))
@interface OSSystemExtensionProperties : NSObject
@property (strong, readonly) NSString *bundleIdentifier, *bundleVersion;
@property (strong, readonly) NSString *bundleShortVersion;
@property (readonly) BOOL isEnabled API_AVAILABLE(macos(12.0));
@property (readonly) BOOL isAwaitingUserApproval API_AVAILABLE(macos(12.0));
@property (readonly) BOOL isUninstalling API_AVAILABLE(macos(12.0));
@end

API_AVAILABLE(macos(10.15))
@protocol OSSystemExtensionRequestDelegate <NSObject>
- (OSSystemExtensionReplacementAction)request:(OSSystemExtensionRequest *)request
                  actionForReplacingExtension:(OSSystemExtensionProperties *)existing
                                withExtension:(OSSystemExtensionProperties *)ext;
- (void)requestNeedsUserApproval:(OSSystemExtensionRequest *)request;
- (void)request:(OSSystemExtensionRequest *)request
    didFinishWithResult:(OSSystemExtensionRequestResult)result;
- (void)request:(OSSystemExtensionRequest *)request didFailWithError:(NSError *)error;
@optional
- (void)request:(OSSystemExtensionRequest *)request
    foundProperties:(NSArray<OSSystemExtensionProperties *> *)properties
    API_AVAILABLE(macos(12.0));
@end

API_AVAILABLE(macos(10.15))
@interface OSSystemExtensionManager : NSObject
@property (class, readonly) OSSystemExtensionManager *sharedManager;
- (void)submitRequest:(OSSystemExtensionRequest *)request;
@end

NS_ASSUME_NONNULL_END

#endif
