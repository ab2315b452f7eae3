noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	base/arena.c base/arena.h \
	base/attr.h \
	base/be.h \
	base/buf.c base/buf.h \
	base/clock.c base/clock.h \
	base/diag.c base/diag.h \
	base/digits.c base/digits.h \
	base/endpoint.c base/endpoint.h \
	base/err.c base/err.h \
	base/fds.c base/fds.h \
	base/file.c base/file.h \
	base/glob.c base/glob.h \
	base/interface.h \
	base/json.c base/json.h \
	base/mdoc.c base/mdoc.h \
	base/near.c base/near.h \
	base/nosignal.h \
	base/path.c base/path.h \
	base/recent.c base/recent.h \
	base/ring.c base/ring.h \
	base/roots.c base/roots.h \
	base/self.h \
	base/shm.c base/shm.h \
	base/sync.h \
	base/utf8.c base/utf8.h
if LINUX
libbase_a_SOURCES += base/interface_linux.c base/self_linux.c base/shm_linux.c \
	base/sync_linux.c
endif
if DARWIN
libbase_a_SOURCES += base/interface_darwin.c base/self_darwin.c \
	base/shm_darwin.c base/sync_darwin.c
endif
EXTRA_DIST += base/interface_linux.c base/self_linux.c base/shm_linux.c \
	base/sync_linux.c base/interface_darwin.c base/self_darwin.c \
	base/shm_darwin.c base/sync_darwin.c
