/* SPDX-License-Identifier: ISC */
/*
 * The system's transparent proxy: offered the flows of network_rules.h, it claims
 * those that the daemon takes. Extension (macOS). Info.plist names this class.
 */
#import <NetworkExtension/NetworkExtension.h>

@interface TransparentProxyProvider : NETransparentProxyProvider
@end
