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
MACOS_H = \
	extension-bridge/macos/app/DNSConfiguration.h \
	extension-bridge/macos/app/ExtensionRequest.h \
	extension-bridge/macos/app/ProxyConfiguration.h \
	extension-bridge/macos/app/Verbs.h \
	extension-bridge/macos/app/arguments.h \
	extension-bridge/macos/app/explain.h \
	extension-bridge/macos/app/system_errors.h
MACOS_TEMPLATES = \
	extension-bridge/macos/app/Info.plist.in \
	extension-bridge/macos/app/entitlements.plist.in
