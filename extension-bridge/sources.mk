noinst_LIBRARIES += libbridge.a
libbridge_a_SOURCES = \
	extension-bridge/flow_header.c extension-bridge/flow_header.h \
	extension-bridge/handoff.c extension-bridge/handoff.h \
	extension-bridge/proxy/request.c extension-bridge/proxy/request.h \
	extension-bridge/proxy/socks.c extension-bridge/proxy/socks.h \
	extension-bridge/proxy/target.c extension-bridge/proxy/target.h
