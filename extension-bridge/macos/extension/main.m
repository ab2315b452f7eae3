/* SPDX-License-Identifier: ISC */
/* The system extension: NetworkExtension starts the classes that Info.plist names. */
#import <NetworkExtension/NetworkExtension.h>

int
main(void)
{
	@autoreleasepool {
		[NEProvider startSystemExtensionMode];
	}
	dispatch_main();
}
