# What app and extension are made of, named from the top of the tree. For make -C
# extension-bridge/macos, and for the checks that need no Mac (Makefile.am).
MACOS_APP_OBJC = \
	extension-bridge/macos/app/DNSConfiguration.m \
	extension-bridge/macos/app/ExtensionRequest.m \
	extension-bridge/macos/app/ProxyConfiguration.m \
	extension-bridge/macos/app/Verbs.m \
	extension-bridge/macos/app/explain.m \
	extension-bridge/macos/app/main.m
MACOS_APP_C = \
	extension-bridge/macos/app/arguments.c \
	extension-bridge/macos/app/system_errors.c
MACOS_EXTENSION_OBJC = \
	extension-bridge/macos/extension/AppFlow.m \
	extension-bridge/macos/extension/BridgeHost.m \
	extension-bridge/macos/extension/DNSProxyProvider.m \
	extension-bridge/macos/extension/DaemonIdentity.m \
	extension-bridge/macos/extension/HostKeeper.m \
	extension-bridge/macos/extension/ProviderSettings.m \
	extension-bridge/macos/extension/SocketWatch.m \
	extension-bridge/macos/extension/TransparentProxyProvider.m \
	extension-bridge/macos/extension/endpoints.m \
	extension-bridge/macos/extension/main.m \
	extension-bridge/macos/extension/network_rules.m
# What the extension has of the rest of the tree.
MACOS_EXTENSION_SHARED = \
	base/buf.c base/clock.c base/endpoint.c base/err.c base/interface_darwin.c \
	base/json.c base/utf8.c \
	extension-bridge/flow_header.c extension-bridge/handoff.c \
	extension-bridge/networks.c \
	extension-bridge/provider.c extension-bridge/provider_datagrams.c \
	extension-bridge/provider_flow.c extension-bridge/provider_link.c \
	extension-bridge/provider_states.c
MACOS_APP_LIBS = -framework CoreFoundation -framework Foundation \
	-framework NetworkExtension -framework SystemExtensions -lobjc
MACOS_EXTENSION_LIBS = -framework CoreFoundation -framework Foundation \
	-framework Network -framework NetworkExtension -framework Security -lobjc -lbsm
MACOS_H = \
	extension-bridge/macos/app/DNSConfiguration.h \
	extension-bridge/macos/app/ExtensionRequest.h \
	extension-bridge/macos/app/ProxyConfiguration.h \
	extension-bridge/macos/app/Verbs.h \
	extension-bridge/macos/app/arguments.h \
	extension-bridge/macos/app/explain.h \
	extension-bridge/macos/app/system_errors.h \
	extension-bridge/macos/extension/AppFlow.h \
	extension-bridge/macos/extension/BridgeHost.h \
	extension-bridge/macos/extension/DNSProxyProvider.h \
	extension-bridge/macos/extension/DaemonIdentity.h \
	extension-bridge/macos/extension/HostKeeper.h \
	extension-bridge/macos/extension/ProviderSettings.h \
	extension-bridge/macos/extension/SocketWatch.h \
	extension-bridge/macos/extension/TransparentProxyProvider.h \
	extension-bridge/macos/extension/endpoints.h \
	extension-bridge/macos/extension/macos15.h \
	extension-bridge/macos/extension/network_rules.h
MACOS_TEMPLATES = \
	extension-bridge/macos/app/Info.plist.in \
	extension-bridge/macos/app/entitlements.plist.in \
	extension-bridge/macos/extension/Info.plist.in \
	extension-bridge/macos/extension/entitlements.plist.in
