# One Check suite a pure module: t/unit/NAME.c is built as t/unit/NAME-suite.
UNIT_LIBS = $(CHECK_LIBS)
