/* SPDX-License-Identifier: ISC */
/*
 * Which flows the system offers to the transparent proxy. A rule of an address
 * without a port has port 0; one of no particular address needs a port, unless it
 * has no endpoint at all, which is every address but this machine's. Port 53 cannot
 * stand in such a rule. Extension (macOS).
 */
#import <NetworkExtension/NetworkExtension.h>

#import "extension-bridge/macos/extension/ProviderSettings.h"

NS_ASSUME_NONNULL_BEGIN

NETransparentProxyNetworkSettings *network_rules(ProviderSettings *settings);

NS_ASSUME_NONNULL_END
