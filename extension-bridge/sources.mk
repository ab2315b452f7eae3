noinst_LIBRARIES += libbridge.a
libbridge_a_SOURCES = \
	extension-bridge/flow_header.c extension-bridge/flow_header.h \
	extension-bridge/handoff.c extension-bridge/handoff.h \
	extension-bridge/provider.c extension-bridge/provider.h \
	extension-bridge/provider_datagrams.c \
	extension-bridge/provider_flow.c \
	extension-bridge/provider_link.c extension-bridge/provider_parts.h \
	extension-bridge/provider_states.c extension-bridge/provider_states.h \
	extension-bridge/networks.c extension-bridge/networks.h \
	extension-bridge/pump.c extension-bridge/pump.h \
	extension-bridge/udp_ports.c extension-bridge/udp_ports.h \
	extension-bridge/proxy/client.c extension-bridge/proxy/client.h \
	extension-bridge/proxy/listen.c \
	extension-bridge/proxy/one_request.c \
	extension-bridge/proxy/one_request.h \
	extension-bridge/proxy/proxy.c extension-bridge/proxy/proxy.h \
	extension-bridge/proxy/refusal.c extension-bridge/proxy/refusal.h \
	extension-bridge/proxy/request.c extension-bridge/proxy/request.h \
	extension-bridge/proxy/resolve.c extension-bridge/proxy/resolve.h \
	extension-bridge/proxy/socks.c extension-bridge/proxy/socks.h \
	extension-bridge/proxy/target.c extension-bridge/proxy/target.h
if LINUX
libbridge_a_SOURCES += \
	extension-bridge/linux/client.c extension-bridge/linux/client.h \
	extension-bridge/linux/sockets.c extension-bridge/linux/sockets.h \
	extension-bridge/linux/forwarder.c extension-bridge/linux/forwarder.h \
	extension-bridge/linux/answers.c extension-bridge/linux/answers.h \
	extension-bridge/linux/datagrams.c \
	extension-bridge/linux/namespace.c extension-bridge/linux/namespace.h \
	extension-bridge/linux/network.c extension-bridge/linux/outside.c
endif
EXTRA_DIST += \
	extension-bridge/linux/client.c extension-bridge/linux/client.h \
	extension-bridge/linux/sockets.c extension-bridge/linux/sockets.h \
	extension-bridge/linux/forwarder.c extension-bridge/linux/forwarder.h \
	extension-bridge/linux/answers.c extension-bridge/linux/answers.h \
	extension-bridge/linux/datagrams.c \
	extension-bridge/linux/namespace.c extension-bridge/linux/namespace.h \
	extension-bridge/linux/network.c extension-bridge/linux/outside.c
