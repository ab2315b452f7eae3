noinst_LIBRARIES += libbridge.a
libbridge_a_SOURCES = \
	extension-bridge/flow_header.c extension-bridge/flow_header.h \
	extension-bridge/handoff.c extension-bridge/handoff.h
