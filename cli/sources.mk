bin_PROGRAMS += sightglass
CLI_SOURCES = \
	cli/amount.c cli/amount.h \
	cli/anchors.c cli/anchors.h \
	cli/anchors_nss.c \
	cli/body.c \
	cli/bridge.c cli/bridge.h \
	cli/bundle.c cli/bundle.h \
	cli/bypass.c cli/bypass.h \
	cli/ca.c \
	cli/ca_text.c cli/ca_text.h \
	cli/ca_trust.c cli/ca_trust.h \
	cli/colour.h \
	cli/command.h \
	cli/completion.c cli/completion.h \
	cli/completion_bash.c \
	cli/completion_fish.c \
	cli/completion_zsh.c \
	cli/conf.c \
	cli/control.c cli/control.h \
	cli/csv.c \
	cli/curl.c \
	cli/exchanges.c cli/exchanges.h \
	cli/doctor.c cli/doctor.h \
	cli/doctor_alerts.c \
	cli/doctor_bridge.c \
	cli/doctor_ca.c \
	cli/doctor_connect.c \
	cli/doctor_daemon.c \
	cli/doctor_log.c \
	cli/doctor_macos.c cli/doctor_macos.h \
	cli/doctor_record.c \
	cli/doctor_text.c cli/doctor_text.h \
	cli/doctor_trust.c \
	cli/exec.c cli/exec.h \
	cli/exec_fork.c \
	cli/exec_places.c \
	cli/export.c \
	cli/field.c cli/field.h \
	cli/fields.c \
	cli/formats.c cli/formats.h \
	cli/finding.c cli/finding.h \
	cli/get.c \
	cli/groups.c cli/groups.h \
	cli/har.c \
	cli/har_lists.c cli/har_lists.h \
	cli/heads.c cli/heads.h \
	cli/histogram.c cli/histogram.h \
	cli/live.c \
	cli/main.c \
	cli/message.c \
	cli/options.c cli/options.h \
	cli/pager.c cli/pager.h \
	cli/plist.c cli/plist.h \
	cli/pretty.c cli/pretty.h \
	cli/private_daemon.c \
	cli/profile.c \
	cli/profile_payloads.c cli/profile_payloads.h \
	cli/proxy.c cli/proxy_clients.h \
	cli/query.c cli/query.h \
	cli/safe.c cli/safe.h \
	cli/segments.c \
	cli/shell.c cli/shell.h \
	cli/show.c \
	cli/spool.c cli/spool.h \
	cli/stats.c \
	cli/status.c \
	cli/summary.c cli/summary.h \
	cli/summary_json.c \
	cli/summary_text.c \
	cli/tool.c cli/tool.h \
	cli/traffic.c cli/traffic.h \
	cli/trust.c \
	cli/verify.c \
	cli/view.c cli/view.h
sightglass_SOURCES = $(CLI_SOURCES)
if LINUX
sightglass_SOURCES += cli/anchors_linux.c cli/doctor_linux.c cli/exec_linux.c \
	cli/proxy_clients_linux.c
endif
if DARWIN
sightglass_SOURCES += cli/anchors_darwin.c cli/doctor_darwin.c cli/exec_darwin.c \
	cli/proxy_clients_darwin.c
endif
EXTRA_DIST += cli/anchors_linux.c cli/anchors_darwin.c cli/doctor_linux.c \
	cli/doctor_darwin.c cli/exec_linux.c cli/exec_darwin.c \
	cli/proxy_clients_linux.c cli/proxy_clients_darwin.c
sightglass_LDADD = liblog.a libmitm.a libbridge.a libca.a libconf.a libbase.a \
	$(EVENT_LIBS) $(LLHTTP_LIBS) $(MBEDTLS_LIBS) $(NFTABLES_LIBS) \
	$(PCRE2_LIBS) $(XXHASH_LIBS) $(YAML_LIBS) $(YYJSON_LIBS) $(ZSTD_LIBS)

# What completes it in shells, under the names by which they look for it.
bashcompletion_DATA = completion/bash/sightglass
zshcompletion_DATA = completion/zsh/_sightglass
fishcompletion_DATA = completion/fish/sightglass.fish
COMPLETIONS = $(bashcompletion_DATA) $(zshcompletion_DATA) $(fishcompletion_DATA)
CLEANFILES += $(COMPLETIONS)
$(COMPLETIONS): sightglass$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && shell=$(@D) && \
	    ./sightglass completion $${shell##*/} > $@.new && mv $@.new $@
