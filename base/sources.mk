noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	base/arena.c base/arena.h \
	base/attr.h \
	base/buf.c base/buf.h \
	base/clock.c base/clock.h \
	base/diag.c base/diag.h \
	base/err.c base/err.h
