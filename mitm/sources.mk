noinst_LIBRARIES += libmitm.a
libmitm_a_SOURCES = \
	mitm/certificate.c \
	mitm/certificate.h \
	mitm/datagrams.c \
	mitm/downstream.c \
	mitm/event.h \
	mitm/flow.c \
	mitm/flow.h \
	mitm/h1.c \
	mitm/h1.h \
	mitm/h1_message.c \
	mitm/h1_message.h \
	mitm/hello.c \
	mitm/hello.h \
	mitm/intake.c \
	mitm/leafs.c \
	mitm/leafs.h \
	mitm/policy.c \
	mitm/policy.h \
	mitm/relay.c \
	mitm/side.c \
	mitm/side.h \
	mitm/side_tls.c \
	mitm/side_tls.h \
	mitm/upstream.c \
	mitm/verify.c \
	mitm/verify.h
