/* SPDX-License-Identifier: ISC */
/*
 * The system's DNS proxy: every query of the machine comes here, those of its own
 * resolver too, over UDP and TCP. Extension (macOS). Info.plist names this class.
 */
#import <NetworkExtension/NetworkExtension.h>

@interface DNSProxyProvider : NEDNSProxyProvider
@end
