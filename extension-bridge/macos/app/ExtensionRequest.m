/* SPDX-License-Identifier: ISC */
/* ExtensionRequest.h. Host app. */
#import "extension-bridge/macos/app/ExtensionRequest.h"

@implementation ExtensionRequest {
	NSString *_identifier;
	void (^_answer)(BOOL, NSError *);
	NSArray<OSSystemExtensionProperties *> *_found;
}

- (instancetype)initWithIdentifier:(NSString *)identifier
{
	self = [super init];
	if (self != nil) {
		_identifier = [identifier copy];
		_found = @[];
	}
	return self;
}

- (void)submit:(OSSystemExtensionRequest *)request
        answer:(void (^)(BOOL, NSError *))answer
{
	_answer = [answer copy];
	request.delegate = self;
	[OSSystemExtensionManager.sharedManager submitRequest:request];
}

- (void)activate:(void (^)(BOOL, NSError *))answer
{
	[self submit:[OSSystemExtensionRequest
	                 activationRequestForExtension:_identifier
	                                         queue:dispatch_get_main_queue()]
	      answer:answer];
}

- (void)deactivate:(void (^)(BOOL, NSError *))answer
{
	[self submit:[OSSystemExtensionRequest
	                 deactivationRequestForExtension:_identifier
	                                           queue:dispatch_get_main_queue()]
	      answer:answer];
}

- (void)properties:(void (^)(NSArray<OSSystemExtensionProperties *> *, NSError *))answer
{
	[self submit:[OSSystemExtensionRequest
	                 propertiesRequestForExtension:_identifier
	                                         queue:dispatch_get_main_queue()]
	      answer:^(BOOL restart, NSError *error) {
		      (void)restart;
		      answer(self->_found, error);
	      }];
}

/* The answer is given once; after it the request refers to nobody. */
- (void)answer:(BOOL)restart error:(NSError *)error
{
	void (^answer)(BOOL, NSError *) = _answer;

	_answer = nil;
	if (answer != nil)
		answer(restart, error);
}

/* --- OSSystemExtensionRequestDelegate --- */

/* Asked whenever the versions differ, downwards too: who activates an app means the
 * extension that lies in it. */
- (OSSystemExtensionReplacementAction)request:(OSSystemExtensionRequest *)request
                  actionForReplacingExtension:(OSSystemExtensionProperties *)existing
                                withExtension:(OSSystemExtensionProperties *)extension
{
	(void)request;
	NSLog(@"replacing %@ %@ (%@) by %@ (%@)", existing.bundleIdentifier,
	    existing.bundleShortVersion, existing.bundleVersion,
	    extension.bundleShortVersion, extension.bundleVersion);
	return OSSystemExtensionReplacementActionReplace;
}

- (void)requestNeedsUserApproval:(OSSystemExtensionRequest *)request
{
	(void)request;
	if (self.needsApproval != nil)
		self.needsApproval();
}

- (void)request:(OSSystemExtensionRequest *)request
    foundProperties:(NSArray<OSSystemExtensionProperties *> *)properties
{
	(void)request;
	_found = [properties copy];
}

- (void)request:(OSSystemExtensionRequest *)request
    didFinishWithResult:(OSSystemExtensionRequestResult)result
{
	(void)request;
	[self answer:result == OSSystemExtensionRequestWillCompleteAfterReboot error:nil];
}

- (void)request:(OSSystemExtensionRequest *)request didFailWithError:(NSError *)error
{
	(void)request;
	[self answer:NO error:error];
}

@end
