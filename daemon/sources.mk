sbin_PROGRAMS += sightglassd
sightglassd_SOURCES = \
	daemon/board.h \
	daemon/bypass.c daemon/bypass.h \
	daemon/bypass_store.c \
	daemon/children.c daemon/children.h \
	daemon/client_files.c daemon/client_files.h \
	daemon/control.c \
	daemon/forwarders.c daemon/forwarders.h \
	daemon/lists.c daemon/lists.h \
	daemon/logger_role.c \
	daemon/main.c \
	daemon/msg.c daemon/msg.h daemon/msgs.h \
	daemon/notify.c daemon/notify.h \
	daemon/os.h \
	daemon/parent.c daemon/parent.h \
	daemon/places.c daemon/places.h \
	daemon/privileges.c daemon/privileges.h \
	daemon/process.h daemon/process_sockets.h \
	daemon/role.c daemon/role.h \
	daemon/roots.c daemon/roots.h \
	daemon/roots_asker.c daemon/roots_asker.h \
	daemon/roots_role.c \
	daemon/sandbox.h \
	daemon/sandbox_profile.c daemon/sandbox_profile.h \
	daemon/settings.c daemon/settings.h \
	daemon/signer_role.c \
	daemon/signed_by.c daemon/signed_by.h \
	daemon/sink.c daemon/sink.h \
	daemon/source_choice.c daemon/source_choice.h \
	daemon/sources.c daemon/sources.h \
	daemon/wake.c daemon/wake.h \
	daemon/worker.c daemon/worker.h \
	daemon/worker_bypass.c \
	daemon/worker_leafs.c \
	daemon/worker_peers.c \
	daemon/worker_records.c \
	daemon/worker_sources.c \
	daemon/worker_trust.c
if LINUX
sightglassd_SOURCES += daemon/os_linux.c daemon/process_linux.c \
	daemon/process_sockets_linux.c daemon/sandbox_linux.c
endif
if DARWIN
sightglassd_SOURCES += daemon/os_darwin.c daemon/process_darwin.c \
	daemon/process_sockets_darwin.c daemon/sandbox_darwin.c
endif
EXTRA_DIST += daemon/os_linux.c daemon/process_linux.c \
	daemon/process_sockets_linux.c daemon/sandbox_linux.c \
	daemon/os_darwin.c daemon/process_darwin.c \
	daemon/process_sockets_darwin.c daemon/sandbox_darwin.c
sightglassd_LDADD = libmitm.a liblog.a libbridge.a libca.a libconf.a libbase.a \
	$(CONTENT_LIBS) $(EVENT_LIBS) $(LLHTTP_LIBS) $(MBEDTLS_LIBS) $(NGHTTP2_LIBS) \
	$(XXHASH_LIBS) $(YAML_LIBS) $(YYJSON_LIBS)
