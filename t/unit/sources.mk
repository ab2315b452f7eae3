# One Check suite a pure module: t/unit/NAME.c is built as t/unit/NAME-suite.
UNIT_LIBS = $(CHECK_LIBS)
UNIT_SUITE = t/unit/suite.c t/unit/suite.h
UNIT_CORPUS = t/unit/corpus.c t/unit/corpus.h
TAP_LIBS = $(CONTENT_LIBS) $(LLHTTP_LIBS) $(NGHTTP2_LIBS) $(YYJSON_LIBS)
# What plays written-down conversations to a tap.
CONVERSATION = t/fuzz/conversation.c t/fuzz/conversation.h \
	t/fuzz/exchange_text.c t/fuzz/exchange_text.h
UNIT_FINDING = cli/finding.c cli/finding.h cli/safe.c cli/safe.h
UNIT_LOGGERS = t/unit/loggers.c t/unit/loggers.h
UNIT_CONVERSATIONS = t/unit/conversations.c t/unit/conversations.h

check_PROGRAMS += t/unit/body_parts-suite
t_unit_body_parts_suite_SOURCES = t/unit/body_parts.c $(UNIT_SUITE)
t_unit_body_parts_suite_LDADD = libmitm.a libbase.a $(CONTENT_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/bundle-suite
t_unit_bundle_suite_SOURCES = t/unit/bundle.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/bundle.c cli/bundle.c cli/bundle.h
t_unit_bundle_suite_LDADD = libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/bundle

check_PROGRAMS += t/unit/bypass-suite
t_unit_bypass_suite_SOURCES = t/unit/bypass.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/bypass.c
t_unit_bypass_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/bypass

check_PROGRAMS += t/unit/ca-suite
t_unit_ca_suite_SOURCES = t/unit/ca.c $(UNIT_SUITE) t/unit/cas.c t/unit/cas.h
t_unit_ca_suite_LDADD = libca.a libconf.a libbase.a $(YAML_LIBS) \
	$(MBEDTLS_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/capture_rules-suite
t_unit_capture_rules_suite_SOURCES = t/unit/capture_rules.c $(UNIT_SUITE) \
	$(UNIT_CORPUS) t/fuzz/capture_rules.c $(CONVERSATION)
t_unit_capture_rules_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/capture_rules

check_PROGRAMS += t/unit/client_certificates-suite
t_unit_client_certificates_suite_SOURCES = t/unit/client_certificates.c \
	$(UNIT_SUITE)
t_unit_client_certificates_suite_LDADD = libmitm.a libca.a libbase.a \
	$(MBEDTLS_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/channel-suite
t_unit_channel_suite_SOURCES = t/unit/channel.c $(UNIT_SUITE) daemon/msg.c \
	daemon/msg.h daemon/msgs.h
t_unit_channel_suite_LDADD = libbase.a $(EVENT_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/charset-suite
t_unit_charset_suite_SOURCES = t/unit/charset.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/charset.c t/fuzz/charset_all.c t/fuzz/charset_all.h
t_unit_charset_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/charset

check_PROGRAMS += t/unit/content-suite
t_unit_content_suite_SOURCES = t/unit/content.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/content.c t/fuzz/redact_all.c t/fuzz/redact_all.h
t_unit_content_suite_LDADD = libmitm.a libbase.a $(CONTENT_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/content

check_PROGRAMS += t/unit/crash-suite
t_unit_crash_suite_SOURCES = t/unit/crash.c $(UNIT_SUITE) $(UNIT_LOGGERS)
t_unit_crash_suite_LDADD = liblog.a libbase.a $(ZSTD_LIBS) $(XXHASH_LIBS) \
	$(YYJSON_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/decode-suite
t_unit_decode_suite_SOURCES = t/unit/decode.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/decode.c t/fuzz/decode_all.c t/fuzz/decode_all.h
t_unit_decode_suite_LDADD = libmitm.a libbase.a $(CONTENT_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/decode

check_PROGRAMS += t/unit/dns-suite
t_unit_dns_suite_SOURCES = t/unit/dns.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/dns.c
t_unit_dns_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/dns

check_PROGRAMS += t/unit/dns_http-suite
t_unit_dns_http_suite_SOURCES = t/unit/dns_http.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/dns_http.c
t_unit_dns_http_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/dns_http

check_PROGRAMS += t/unit/dns_message-suite
t_unit_dns_message_suite_SOURCES = t/unit/dns_message.c $(UNIT_SUITE) \
	$(UNIT_CORPUS) t/fuzz/dns_message.c
t_unit_dns_message_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/dns_message

check_PROGRAMS += t/unit/dns_ech-suite
t_unit_dns_ech_suite_SOURCES = t/unit/dns_ech.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/dns_ech.c
t_unit_dns_ech_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/dns_ech

check_PROGRAMS += t/unit/ech_hold-suite
t_unit_ech_hold_suite_SOURCES = t/unit/ech_hold.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/ech_hold.c
t_unit_ech_hold_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/ech_hold

check_PROGRAMS += t/unit/dns_json-suite
t_unit_dns_json_suite_SOURCES = t/unit/dns_json.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/dns_json.c
t_unit_dns_json_suite_LDADD = libmitm.a libbase.a $(YYJSON_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/dns_json

check_PROGRAMS += t/unit/dns_names-suite
t_unit_dns_names_suite_SOURCES = t/unit/dns_names.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/dns_names.c
t_unit_dns_names_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/dns_names

check_PROGRAMS += t/unit/dns_resolved-suite
t_unit_dns_resolved_suite_SOURCES = t/unit/dns_resolved.c $(UNIT_SUITE) \
	$(UNIT_CORPUS) t/fuzz/dns_resolved.c
t_unit_dns_resolved_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/dns_resolved

# Beside a foreign reader; where that is not there, it is not built.
EXTRA_DIST += t/unit/dns_reference.c t/unit/dns_lines.h
if LDNS
check_PROGRAMS += t/unit/dns_reference-suite
t_unit_dns_reference_suite_SOURCES = t/unit/dns_reference.c $(UNIT_SUITE) \
	t/unit/dns_lines.h
t_unit_dns_reference_suite_CFLAGS = $(AM_CFLAGS) $(LDNS_CFLAGS)
t_unit_dns_reference_suite_LDADD = libmitm.a libbase.a $(LDNS_LIBS) $(UNIT_LIBS)
endif

check_PROGRAMS += t/unit/doctor_bridge-suite
t_unit_doctor_bridge_suite_SOURCES = t/unit/doctor_bridge.c $(UNIT_SUITE) \
	cli/bridge.c cli/bridge.h cli/doctor_bridge.c cli/doctor.h $(UNIT_FINDING)
t_unit_doctor_bridge_suite_LDADD = liblog.a libbase.a $(YYJSON_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/doctor_macos-suite
t_unit_doctor_macos_suite_SOURCES = t/unit/doctor_macos.c $(UNIT_SUITE) \
	cli/doctor_macos.c cli/doctor_macos.h cli/doctor_text.c cli/doctor_text.h \
	$(UNIT_FINDING)
t_unit_doctor_macos_suite_LDADD = liblog.a libbase.a $(YYJSON_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/doctor_text-suite
t_unit_doctor_text_suite_SOURCES = t/unit/doctor_text.c $(UNIT_SUITE) \
	$(UNIT_CORPUS) t/fuzz/doctor_text.c cli/doctor_text.c cli/doctor_text.h
t_unit_doctor_text_suite_LDADD = libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/doctor_text

check_PROGRAMS += t/unit/early_data-suite
t_unit_early_data_suite_SOURCES = t/unit/early_data.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/early_data.c
t_unit_early_data_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/early_data

check_PROGRAMS += t/unit/endpoint-suite
t_unit_endpoint_suite_SOURCES = t/unit/endpoint.c $(UNIT_SUITE)
t_unit_endpoint_suite_LDADD = libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/fds-suite
t_unit_fds_suite_SOURCES = t/unit/fds.c $(UNIT_SUITE)
t_unit_fds_suite_LDADD = libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/filter-suite
t_unit_filter_suite_SOURCES = t/unit/filter.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/filter.c
t_unit_filter_suite_LDADD = liblog.a libbase.a $(PCRE2_LIBS) $(YYJSON_LIBS) \
	$(UNIT_LIBS)
EXTRA_DIST += t/corpus/filter

check_PROGRAMS += t/unit/fields-suite
t_unit_fields_suite_SOURCES = t/unit/fields.c $(UNIT_SUITE)
t_unit_fields_suite_LDADD = liblog.a libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/finding-suite
t_unit_finding_suite_SOURCES = t/unit/finding.c $(UNIT_SUITE) $(UNIT_FINDING)
t_unit_finding_suite_LDADD = libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/fingerprint-suite
t_unit_fingerprint_suite_SOURCES = t/unit/fingerprint.c $(UNIT_SUITE) \
	$(UNIT_CORPUS) t/fuzz/fingerprint.c
t_unit_fingerprint_suite_LDADD = libmitm.a libbase.a $(MBEDTLS_LIBS) \
	$(UNIT_LIBS)
EXTRA_DIST += t/corpus/fingerprint

# What writes the log for other programs, and what that needs of the rest.
FORMATS = cli/amount.c cli/amount.h cli/colour.h cli/csv.c cli/curl.c \
	cli/exchanges.c cli/exchanges.h cli/field.c cli/field.h cli/formats.c cli/formats.h cli/har.c cli/har_lists.c \
	cli/har_lists.h cli/heads.c cli/heads.h cli/message.c cli/pretty.c \
	cli/pretty.h cli/safe.c cli/safe.h cli/shell.c cli/shell.h cli/spool.c \
	cli/spool.h cli/view.c cli/view.h
FORMATS_LIBS = liblog.a libbase.a $(YYJSON_LIBS) $(PCRE2_LIBS) $(ZSTD_LIBS) \
	$(XXHASH_LIBS)

check_PROGRAMS += t/unit/forwarders-suite
t_unit_forwarders_suite_SOURCES = t/unit/forwarders.c $(UNIT_SUITE) \
	daemon/board.h daemon/forwarders.c daemon/forwarders.h
t_unit_forwarders_suite_LDADD = libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/formats-suite
t_unit_formats_suite_SOURCES = t/unit/formats.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/formats.c $(FORMATS)
t_unit_formats_suite_LDADD = $(FORMATS_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/formats

check_PROGRAMS += t/unit/flow_header-suite
t_unit_flow_header_suite_SOURCES = t/unit/flow_header.c $(UNIT_SUITE) \
	$(UNIT_CORPUS) t/fuzz/flow_header.c
t_unit_flow_header_suite_LDADD = libbridge.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += extension-bridge/PROTOCOL.md t/corpus/flow_header

check_PROGRAMS += t/unit/ftp_data-suite
t_unit_ftp_data_suite_SOURCES = t/unit/ftp_data.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/ftp_data.c
t_unit_ftp_data_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/ftp_data

check_PROGRAMS += t/unit/greeting-suite
t_unit_greeting_suite_SOURCES = t/unit/greeting.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/greeting.c
t_unit_greeting_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/greeting

check_PROGRAMS += t/unit/groups-suite
t_unit_groups_suite_SOURCES = t/unit/groups.c $(UNIT_SUITE) cli/groups.c \
	cli/groups.h cli/histogram.c cli/histogram.h
t_unit_groups_suite_LDADD = libbase.a $(XXHASH_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/grpc-suite
t_unit_grpc_suite_SOURCES = t/unit/grpc.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/grpc.c $(CONVERSATION)
t_unit_grpc_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/grpc

check_PROGRAMS += t/unit/handoff-suite
t_unit_handoff_suite_SOURCES = t/unit/handoff.c $(UNIT_SUITE) \
	t/unit/receiver.c t/unit/receiver.h
t_unit_handoff_suite_LDADD = libbridge.a libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/h1-suite
t_unit_h1_suite_SOURCES = t/unit/h1.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	$(UNIT_CONVERSATIONS) t/fuzz/h1.c t/fuzz/h1_play.c t/fuzz/h1_play.h \
	$(CONVERSATION)
t_unit_h1_suite_LDADD = libmitm.a libbase.a $(TAP_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/h1

check_PROGRAMS += t/unit/h2-suite
t_unit_h2_suite_SOURCES = t/unit/h2.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	$(UNIT_CONVERSATIONS) t/fuzz/h2.c t/fuzz/h2_write.c t/fuzz/h2_write.h \
	t/fuzz/tap_play.c t/fuzz/tap_play.h $(CONVERSATION)
t_unit_h2_suite_LDADD = libmitm.a libbase.a $(TAP_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/h2 t/corpus/h2-conversations

check_PROGRAMS += t/unit/h2_frames-suite
t_unit_h2_frames_suite_SOURCES = t/unit/h2_frames.c $(UNIT_SUITE)
t_unit_h2_frames_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/h2_streams-suite
t_unit_h2_streams_suite_SOURCES = t/unit/h2_streams.c $(UNIT_SUITE)
t_unit_h2_streams_suite_LDADD = libmitm.a libbase.a $(TAP_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/hello-suite
t_unit_hello_suite_SOURCES = t/unit/hello.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/hello.c
t_unit_hello_suite_LDADD = libmitm.a libbase.a $(MBEDTLS_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/hello t/corpus/capture-hello

check_PROGRAMS += t/unit/histogram-suite
t_unit_histogram_suite_SOURCES = t/unit/histogram.c $(UNIT_SUITE) \
	cli/histogram.c cli/histogram.h
t_unit_histogram_suite_LDADD = libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/host_rules-suite
t_unit_host_rules_suite_SOURCES = t/unit/host_rules.c $(UNIT_SUITE)
t_unit_host_rules_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/leafs-suite
t_unit_leafs_suite_SOURCES = t/unit/leafs.c $(UNIT_SUITE)
t_unit_leafs_suite_LDADD = libmitm.a libca.a libbase.a $(MBEDTLS_LIBS) \
	$(UNIT_LIBS)

check_PROGRAMS += t/unit/keylog-suite
t_unit_keylog_suite_SOURCES = t/unit/keylog.c $(UNIT_SUITE)
t_unit_keylog_suite_LDADD = libmitm.a libbase.a $(MBEDTLS_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/logger-suite
t_unit_logger_suite_SOURCES = t/unit/logger.c $(UNIT_SUITE) $(UNIT_LOGGERS)
t_unit_logger_suite_LDADD = liblog.a libbase.a $(ZSTD_LIBS) $(XXHASH_LIBS) \
	$(YYJSON_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/macos_app-suite
t_unit_macos_app_suite_SOURCES = t/unit/macos_app.c $(UNIT_SUITE) \
	$(MACOS_APP_C)
t_unit_macos_app_suite_LDADD = libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/networks-suite
t_unit_networks_suite_SOURCES = t/unit/networks.c $(UNIT_SUITE)
t_unit_networks_suite_LDADD = libbridge.a libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/mdoc-suite
t_unit_mdoc_suite_SOURCES = t/unit/mdoc.c $(UNIT_SUITE)
t_unit_mdoc_suite_LDADD = libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/names-suite
t_unit_names_suite_SOURCES = t/unit/names.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/names.c
t_unit_names_suite_LDADD = libca.a libbase.a $(MBEDTLS_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/names

check_PROGRAMS += t/unit/offer-suite
t_unit_offer_suite_SOURCES = t/unit/offer.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/fingerprint.c
t_unit_offer_suite_LDADD = libmitm.a libbase.a $(MBEDTLS_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/one_request-suite
t_unit_one_request_suite_SOURCES = t/unit/one_request.c $(UNIT_SUITE) \
	$(UNIT_CORPUS) t/fuzz/one_request.c
t_unit_one_request_suite_LDADD = libbridge.a libbase.a $(LLHTTP_LIBS) \
	$(UNIT_LIBS)
EXTRA_DIST += t/corpus/one_request

check_PROGRAMS += t/unit/plist-suite
t_unit_plist_suite_SOURCES = t/unit/plist.c $(UNIT_SUITE) cli/plist.c cli/plist.h
t_unit_plist_suite_LDADD = libbase.a $(MBEDTLS_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/policy-suite
t_unit_policy_suite_SOURCES = t/unit/policy.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/policy.c
t_unit_policy_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/policy

check_PROGRAMS += t/unit/policy_list-suite
t_unit_policy_list_suite_SOURCES = t/unit/policy_list.c $(UNIT_SUITE) \
	$(UNIT_CORPUS) t/fuzz/policy_list.c
t_unit_policy_list_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/policy_list

check_PROGRAMS += t/unit/processes-suite
t_unit_processes_suite_SOURCES = t/unit/processes.c $(UNIT_SUITE)
t_unit_processes_suite_LDADD = libmitm.a liblog.a libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/pretty-suite
t_unit_pretty_suite_SOURCES = t/unit/pretty.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/pretty.c cli/pretty.c cli/pretty.h cli/amount.c cli/amount.h \
	cli/colour.h cli/safe.c cli/safe.h
t_unit_pretty_suite_LDADD = libbase.a $(YYJSON_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/pretty

# The world of the macOS extension's core: applications, a clock and a daemon.
PROVIDER_WORLD = t/fuzz/provider_world.c t/fuzz/provider_world.h \
	t/fuzz/provider_world_parts.h t/fuzz/provider_apps.c \
	t/fuzz/provider_peers.c

check_PROGRAMS += t/unit/provider-suite
t_unit_provider_suite_SOURCES = t/unit/provider.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/unit/provider_page.c t/unit/provider_page.h t/fuzz/provider.c \
	$(PROVIDER_WORLD)
t_unit_provider_suite_LDADD = libbridge.a libbase.a $(YYJSON_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/provider extension-bridge/macos/README.md

# The command line with macOS's half of the doctor, which runs tools and is plain C:
# t/e2e/test_doctor_macos.py gives it the tools.
if LINUX
noinst_PROGRAMS += t/unit/doctor-of-macos
t_unit_doctor_of_macos_SOURCES = $(CLI_SOURCES) cli/anchors_linux.c \
	cli/doctor_darwin.c cli/exec_linux.c cli/proxy_clients_linux.c
t_unit_doctor_of_macos_LDADD = $(sightglass_LDADD)
endif

# The same world with a daemon that runs: t/e2e/test_provider.py starts it.
noinst_PROGRAMS += t/unit/provider-drive
t_unit_provider_drive_SOURCES = t/unit/provider_drive.c $(PROVIDER_WORLD)
t_unit_provider_drive_LDADD = libbridge.a libbase.a $(YYJSON_LIBS)

check_PROGRAMS += t/unit/proxy-suite
t_unit_proxy_suite_SOURCES = t/unit/proxy.c $(UNIT_SUITE) t/unit/receiver.c \
	t/unit/receiver.h
t_unit_proxy_suite_LDADD = libbridge.a libbase.a $(EVENT_LIBS) \
	$(LLHTTP_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/reader-suite
t_unit_reader_suite_SOURCES = t/unit/reader.c $(UNIT_SUITE)
t_unit_reader_suite_LDADD = liblog.a libbase.a $(ZSTD_LIBS) $(XXHASH_LIBS) \
	$(YYJSON_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/recent-suite
t_unit_recent_suite_SOURCES = t/unit/recent.c $(UNIT_SUITE)
t_unit_recent_suite_LDADD = libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/record-suite
t_unit_record_suite_SOURCES = t/unit/record.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/unit/records.c t/unit/records.h t/fuzz/record.c
t_unit_record_suite_LDADD = liblog.a libbase.a $(YYJSON_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/record

check_PROGRAMS += t/unit/record_dns-suite
t_unit_record_dns_suite_SOURCES = t/unit/record_dns.c $(UNIT_SUITE) \
	t/unit/records.c t/unit/records.h
t_unit_record_dns_suite_LDADD = liblog.a libbase.a $(YYJSON_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/record_http-suite
t_unit_record_http_suite_SOURCES = t/unit/record_http.c $(UNIT_SUITE) \
	t/unit/records.c t/unit/records.h
t_unit_record_http_suite_LDADD = liblog.a libbase.a $(YYJSON_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/redact-suite
t_unit_redact_suite_SOURCES = t/unit/redact.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/redact.c t/fuzz/redact_all.c t/fuzz/redact_all.h
t_unit_redact_suite_LDADD = libmitm.a libbase.a $(PCRE2_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/redact

check_PROGRAMS += t/unit/redact_patterns-suite
t_unit_redact_patterns_suite_SOURCES = t/unit/redact_patterns.c $(UNIT_SUITE) \
	$(UNIT_CORPUS) t/fuzz/redact_patterns.c
t_unit_redact_patterns_suite_LDADD = libmitm.a libbase.a $(PCRE2_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/redact_patterns

check_PROGRAMS += t/unit/redact_head-suite
t_unit_redact_head_suite_SOURCES = t/unit/redact_head.c $(UNIT_SUITE) \
	$(UNIT_CORPUS) t/fuzz/redact_head.c
t_unit_redact_head_suite_LDADD = libmitm.a libbase.a $(PCRE2_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/redact_head

check_PROGRAMS += t/unit/request-suite
t_unit_request_suite_SOURCES = t/unit/request.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/request.c
t_unit_request_suite_LDADD = libbridge.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/request

check_PROGRAMS += t/unit/retention-suite
t_unit_retention_suite_SOURCES = t/unit/retention.c $(UNIT_SUITE)
t_unit_retention_suite_LDADD = liblog.a libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/ring-suite
t_unit_ring_suite_SOURCES = t/unit/ring.c $(UNIT_SUITE)
t_unit_ring_suite_LDADD = libbase.a $(UNIT_LIBS)

# The system is one that has to be asked, whichever this is: t/unit/roots.c says so.
if LINUX
check_PROGRAMS += t/unit/roots-suite
t_unit_roots_suite_SOURCES = t/unit/roots.c $(UNIT_SUITE) \
	daemon/os_linux.c daemon/os.h daemon/roots.c daemon/roots.h \
	daemon/roots_asker.c daemon/roots_asker.h
t_unit_roots_suite_LDADD = liblog.a libconf.a libbase.a $(YAML_LIBS) \
	$(EVENT_LIBS) $(UNIT_LIBS)
endif

check_PROGRAMS += t/unit/sample-suite
t_unit_sample_suite_SOURCES = t/unit/sample.c $(UNIT_SUITE)
t_unit_sample_suite_LDADD = libmitm.a libbase.a $(MBEDTLS_LIBS) $(UNIT_LIBS)

if LINUX
check_PROGRAMS += t/unit/sandbox-suite
t_unit_sandbox_suite_SOURCES = t/unit/sandbox.c $(UNIT_SUITE) \
	daemon/sandbox_linux.c daemon/sandbox.h
t_unit_sandbox_suite_LDADD = libbase.a $(UNIT_LIBS)
endif

check_PROGRAMS += t/unit/sandbox_profile-suite
t_unit_sandbox_profile_suite_SOURCES = t/unit/sandbox_profile.c $(UNIT_SUITE) \
	daemon/sandbox_profile.c daemon/sandbox_profile.h
t_unit_sandbox_profile_suite_LDADD = libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/sandbox_profile

check_PROGRAMS += t/unit/scope-suite
t_unit_scope_suite_SOURCES = t/unit/scope.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/scope.c
t_unit_scope_suite_LDADD = libca.a libbase.a $(MBEDTLS_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/scope

check_PROGRAMS += t/unit/segment-suite
t_unit_segment_suite_SOURCES = t/unit/segment.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/segment.c
t_unit_segment_suite_LDADD = liblog.a libbase.a $(ZSTD_LIBS) $(XXHASH_LIBS) \
	$(YYJSON_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/segment

check_PROGRAMS += t/unit/server_hello-suite
t_unit_server_hello_suite_SOURCES = t/unit/server_hello.c $(UNIT_SUITE) \
	$(UNIT_CORPUS) t/fuzz/server_hello.c
t_unit_server_hello_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/server_hello t/corpus/capture-server-hello

check_PROGRAMS += t/unit/sessions-suite
t_unit_sessions_suite_SOURCES = t/unit/sessions.c $(UNIT_SUITE)
t_unit_sessions_suite_LDADD = libmitm.a libca.a libbase.a $(MBEDTLS_LIBS) \
	$(UNIT_LIBS)

check_PROGRAMS += t/unit/shell-suite
t_unit_shell_suite_SOURCES = t/unit/shell.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/shell.c cli/safe.c cli/safe.h cli/shell.c cli/shell.h
t_unit_shell_suite_LDADD = libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/shell

check_PROGRAMS += t/unit/side-suite
t_unit_side_suite_SOURCES = t/unit/side.c $(UNIT_SUITE)
t_unit_side_suite_LDADD = libmitm.a libca.a libbase.a $(MBEDTLS_LIBS) \
	$(UNIT_LIBS)

check_PROGRAMS += t/unit/signed_by-suite
t_unit_signed_by_suite_SOURCES = t/unit/signed_by.c $(UNIT_SUITE) \
	daemon/signed_by.c daemon/signed_by.h daemon/process.h
t_unit_signed_by_suite_LDADD = $(UNIT_LIBS)

check_PROGRAMS += t/unit/signer-suite
t_unit_signer_suite_SOURCES = t/unit/signer.c $(UNIT_SUITE) t/unit/cas.c \
	t/unit/cas.h
t_unit_signer_suite_LDADD = libca.a libbase.a $(MBEDTLS_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/socks-suite
t_unit_socks_suite_SOURCES = t/unit/socks.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/socks.c
t_unit_socks_suite_LDADD = libbridge.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/socks

check_PROGRAMS += t/unit/source_choice-suite
t_unit_source_choice_suite_SOURCES = t/unit/source_choice.c $(UNIT_SUITE) \
	daemon/source_choice.c daemon/source_choice.h daemon/process_sockets.h
t_unit_source_choice_suite_LDADD = libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/starttls-suite
t_unit_starttls_suite_SOURCES = t/unit/starttls.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	$(UNIT_CONVERSATIONS) t/fuzz/starttls.c t/fuzz/starttls_play.c \
	t/fuzz/starttls_play.h $(CONVERSATION)
t_unit_starttls_suite_LDADD = libmitm.a libbase.a $(UNIT_LIBS)
EXTRA_DIST += t/corpus/starttls

# What sums records up, from a line to a page.
SUMMARY = cli/amount.c cli/amount.h \
	cli/colour.h cli/field.c cli/field.h cli/groups.c cli/groups.h \
	cli/histogram.c cli/histogram.h cli/safe.c cli/safe.h cli/summary.c \
	cli/summary.h cli/summary_json.c cli/summary_text.c cli/traffic.c \
	cli/traffic.h

check_PROGRAMS += t/unit/summary-suite
t_unit_summary_suite_SOURCES = t/unit/summary.c $(UNIT_SUITE) $(UNIT_CORPUS) \
	t/fuzz/summary.c $(SUMMARY)
t_unit_summary_suite_LDADD = liblog.a libbase.a $(XXHASH_LIBS) $(YYJSON_LIBS) \
	$(UNIT_LIBS)
EXTRA_DIST += t/corpus/summary

check_PROGRAMS += t/unit/system_roots-suite
t_unit_system_roots_suite_SOURCES = t/unit/system_roots.c $(UNIT_SUITE)
t_unit_system_roots_suite_LDADD = libca.a libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/tap-suite
t_unit_tap_suite_SOURCES = t/unit/tap.c $(UNIT_SUITE)
t_unit_tap_suite_LDADD = libmitm.a libbase.a $(TAP_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/tickets-suite
t_unit_tickets_suite_SOURCES = t/unit/tickets.c $(UNIT_SUITE)
t_unit_tickets_suite_LDADD = libmitm.a libbase.a $(MBEDTLS_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/verdicts-suite
t_unit_verdicts_suite_SOURCES = t/unit/verdicts.c $(UNIT_SUITE) \
	t/unit/chains.c t/unit/chains.h
t_unit_verdicts_suite_LDADD = libmitm.a libca.a libbase.a $(MBEDTLS_LIBS) \
	$(UNIT_LIBS)

check_PROGRAMS += t/unit/verify-suite
t_unit_verify_suite_SOURCES = t/unit/verify.c $(UNIT_SUITE) t/unit/chains.c \
	t/unit/chains.h
t_unit_verify_suite_LDADD = libmitm.a libca.a libbase.a $(MBEDTLS_LIBS) \
	$(UNIT_LIBS)

check_PROGRAMS += t/unit/verify_extensions-suite
t_unit_verify_extensions_suite_SOURCES = t/unit/verify_extensions.c \
	$(UNIT_SUITE) t/unit/chains.c t/unit/chains.h $(UNIT_CORPUS) t/fuzz/verify.c
t_unit_verify_extensions_suite_LDADD = libmitm.a libca.a libbase.a \
	$(MBEDTLS_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/verify

check_PROGRAMS += t/unit/verify_trust-suite
t_unit_verify_trust_suite_SOURCES = t/unit/verify_trust.c $(UNIT_SUITE) \
	t/unit/chains.c t/unit/chains.h
t_unit_verify_trust_suite_LDADD = libmitm.a libca.a libbase.a \
	$(MBEDTLS_LIBS) $(UNIT_LIBS)

check_PROGRAMS += t/unit/when-suite
t_unit_when_suite_SOURCES = t/unit/when.c $(UNIT_SUITE)
t_unit_when_suite_LDADD = liblog.a libbase.a $(UNIT_LIBS)

check_PROGRAMS += t/unit/ws-suite
t_unit_ws_suite_SOURCES = t/unit/ws.c $(UNIT_SUITE) $(UNIT_CORPUS) t/fuzz/ws.c
t_unit_ws_suite_LDADD = libmitm.a libbase.a $(ZLIB_LIBS) $(UNIT_LIBS)
EXTRA_DIST += t/corpus/ws
