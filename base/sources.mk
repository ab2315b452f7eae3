noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	base/arena.c base/arena.h \
	base/attr.h \
	base/buf.c base/buf.h \
	base/clock.c base/clock.h \
	base/diag.c base/diag.h \
	base/err.c base/err.h \
	base/json.c base/json.h \
	base/nosignal.h \
	base/ring.c base/ring.h \
	base/shm.h
if LINUX
libbase_a_SOURCES += base/shm_linux.c
endif
if DARWIN
libbase_a_SOURCES += base/shm_darwin.c
endif
EXTRA_DIST += base/shm_linux.c base/shm_darwin.c
