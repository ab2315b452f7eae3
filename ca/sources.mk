noinst_LIBRARIES += libca.a
libca_a_SOURCES = \
	ca/authority.c ca/authority.h \
	ca/cms.c ca/cms.h \
	ca/configured.c \
	ca/der.c ca/der.h \
	ca/issue.c ca/issue.h \
	ca/key.c ca/key.h \
	ca/key_files.c ca/key_files.h \
	ca/leaf.c ca/leaf.h \
	ca/mints.c ca/mints.h \
	ca/names.c ca/names.h \
	ca/renewal.c ca/renewal.h \
	ca/scope.c ca/scope.h \
	ca/signer.c ca/signer.h \
	ca/system_roots.c ca/system_roots.h
if LINUX
libca_a_SOURCES += ca/system_roots_linux.c
endif
if DARWIN
libca_a_SOURCES += ca/system_roots_darwin.c
endif
EXTRA_DIST += ca/system_roots_linux.c ca/system_roots_darwin.c
