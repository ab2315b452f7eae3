# One Check suite a pure module: t/unit/NAME.c is built as t/unit/NAME-suite.
UNIT_LIBS = $(CHECK_LIBS)

check_PROGRAMS += t/unit/flow_header-suite
t_unit_flow_header_suite_SOURCES = t/unit/flow_header.c t/unit/corpus.c \
	t/unit/corpus.h t/fuzz/flow_header.c
t_unit_flow_header_suite_LDADD = libbridge.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += extension-bridge/PROTOCOL.md t/corpus/flow_header
