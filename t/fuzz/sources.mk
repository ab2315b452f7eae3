# One fuzz target a pure module: t/fuzz/NAME.c, which the module's suite feeds the
# corpus too, is built as t/fuzz/NAME-fuzz after ./configure --enable-fuzz CC=clang.
EXTRA_DIST += t/fuzz-all t/fuzz/target.h
if FUZZ
WITH_FUZZER = $(AM_LDFLAGS) -fsanitize=fuzzer

noinst_PROGRAMS += t/fuzz/bundle-fuzz
t_fuzz_bundle_fuzz_SOURCES = t/fuzz/bundle.c cli/bundle.c cli/bundle.h
t_fuzz_bundle_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_bundle_fuzz_LDADD = libbase.a

noinst_PROGRAMS += t/fuzz/bypass-fuzz
t_fuzz_bypass_fuzz_SOURCES = t/fuzz/bypass.c
t_fuzz_bypass_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_bypass_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/capture_rules-fuzz
t_fuzz_capture_rules_fuzz_SOURCES = t/fuzz/capture_rules.c $(CONVERSATION)
t_fuzz_capture_rules_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_capture_rules_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/charset-fuzz
t_fuzz_charset_fuzz_SOURCES = t/fuzz/charset.c t/fuzz/charset_all.c \
	t/fuzz/charset_all.h
t_fuzz_charset_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_charset_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/content-fuzz
t_fuzz_content_fuzz_SOURCES = t/fuzz/content.c
t_fuzz_content_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_content_fuzz_LDADD = libmitm.a libbase.a $(CONTENT_LIBS)

noinst_PROGRAMS += t/fuzz/decode-fuzz
t_fuzz_decode_fuzz_SOURCES = t/fuzz/decode.c t/fuzz/decode_all.c \
	t/fuzz/decode_all.h
t_fuzz_decode_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_decode_fuzz_LDADD = libmitm.a libbase.a $(CONTENT_LIBS)

noinst_PROGRAMS += t/fuzz/dns-fuzz
t_fuzz_dns_fuzz_SOURCES = t/fuzz/dns.c
t_fuzz_dns_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_dns_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/dns_http-fuzz
t_fuzz_dns_http_fuzz_SOURCES = t/fuzz/dns_http.c
t_fuzz_dns_http_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_dns_http_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/dns_message-fuzz
t_fuzz_dns_message_fuzz_SOURCES = t/fuzz/dns_message.c
t_fuzz_dns_message_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_dns_message_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/dns_ech-fuzz
t_fuzz_dns_ech_fuzz_SOURCES = t/fuzz/dns_ech.c
t_fuzz_dns_ech_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_dns_ech_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/ech_hold-fuzz
t_fuzz_ech_hold_fuzz_SOURCES = t/fuzz/ech_hold.c
t_fuzz_ech_hold_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_ech_hold_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/dns_json-fuzz
t_fuzz_dns_json_fuzz_SOURCES = t/fuzz/dns_json.c
t_fuzz_dns_json_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_dns_json_fuzz_LDADD = libmitm.a libbase.a $(YYJSON_LIBS)

noinst_PROGRAMS += t/fuzz/dns_names-fuzz
t_fuzz_dns_names_fuzz_SOURCES = t/fuzz/dns_names.c
t_fuzz_dns_names_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_dns_names_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/dns_resolved-fuzz
t_fuzz_dns_resolved_fuzz_SOURCES = t/fuzz/dns_resolved.c
t_fuzz_dns_resolved_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_dns_resolved_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/doctor_text-fuzz
t_fuzz_doctor_text_fuzz_SOURCES = t/fuzz/doctor_text.c cli/doctor_text.c \
	cli/doctor_text.h
t_fuzz_doctor_text_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_doctor_text_fuzz_LDADD = libbase.a

noinst_PROGRAMS += t/fuzz/early_data-fuzz
t_fuzz_early_data_fuzz_SOURCES = t/fuzz/early_data.c
t_fuzz_early_data_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_early_data_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/filter-fuzz
t_fuzz_filter_fuzz_SOURCES = t/fuzz/filter.c
t_fuzz_filter_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_filter_fuzz_LDADD = liblog.a libbase.a $(PCRE2_LIBS) $(YYJSON_LIBS)

noinst_PROGRAMS += t/fuzz/fingerprint-fuzz
t_fuzz_fingerprint_fuzz_SOURCES = t/fuzz/fingerprint.c
t_fuzz_fingerprint_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_fingerprint_fuzz_LDADD = libmitm.a libbase.a $(MBEDTLS_LIBS)

noinst_PROGRAMS += t/fuzz/formats-fuzz
t_fuzz_formats_fuzz_SOURCES = t/fuzz/formats.c $(FORMATS)
t_fuzz_formats_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_formats_fuzz_LDADD = $(FORMATS_LIBS)

noinst_PROGRAMS += t/fuzz/flow_header-fuzz
t_fuzz_flow_header_fuzz_SOURCES = t/fuzz/flow_header.c
t_fuzz_flow_header_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_flow_header_fuzz_LDADD = libbridge.a libbase.a

noinst_PROGRAMS += t/fuzz/ftp_data-fuzz
t_fuzz_ftp_data_fuzz_SOURCES = t/fuzz/ftp_data.c
t_fuzz_ftp_data_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_ftp_data_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/greeting-fuzz
t_fuzz_greeting_fuzz_SOURCES = t/fuzz/greeting.c
t_fuzz_greeting_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_greeting_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/grpc-fuzz
t_fuzz_grpc_fuzz_SOURCES = t/fuzz/grpc.c $(CONVERSATION)
t_fuzz_grpc_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_grpc_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/h1-fuzz
t_fuzz_h1_fuzz_SOURCES = t/fuzz/h1.c t/fuzz/h1_play.c t/fuzz/h1_play.h \
	$(CONVERSATION)
t_fuzz_h1_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_h1_fuzz_LDADD = libmitm.a libbase.a $(TAP_LIBS)

noinst_PROGRAMS += t/fuzz/h2-fuzz
t_fuzz_h2_fuzz_SOURCES = t/fuzz/h2.c t/fuzz/tap_play.c t/fuzz/tap_play.h \
	$(CONVERSATION)
t_fuzz_h2_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_h2_fuzz_LDADD = libmitm.a libbase.a $(TAP_LIBS)

noinst_PROGRAMS += t/fuzz/hello-fuzz
t_fuzz_hello_fuzz_SOURCES = t/fuzz/hello.c
t_fuzz_hello_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_hello_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/names-fuzz
t_fuzz_names_fuzz_SOURCES = t/fuzz/names.c
t_fuzz_names_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_names_fuzz_LDADD = libca.a libbase.a $(MBEDTLS_LIBS)

noinst_PROGRAMS += t/fuzz/one_request-fuzz
t_fuzz_one_request_fuzz_SOURCES = t/fuzz/one_request.c
t_fuzz_one_request_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_one_request_fuzz_LDADD = libbridge.a libbase.a $(LLHTTP_LIBS)

noinst_PROGRAMS += t/fuzz/policy-fuzz
t_fuzz_policy_fuzz_SOURCES = t/fuzz/policy.c
t_fuzz_policy_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_policy_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/policy_list-fuzz
t_fuzz_policy_list_fuzz_SOURCES = t/fuzz/policy_list.c
t_fuzz_policy_list_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_policy_list_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/pretty-fuzz
t_fuzz_pretty_fuzz_SOURCES = t/fuzz/pretty.c cli/pretty.c cli/pretty.h cli/amount.c cli/amount.h \
	cli/colour.h cli/safe.c cli/safe.h
t_fuzz_pretty_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_pretty_fuzz_LDADD = libbase.a $(YYJSON_LIBS)

noinst_PROGRAMS += t/fuzz/provider-fuzz
t_fuzz_provider_fuzz_SOURCES = t/fuzz/provider.c $(PROVIDER_WORLD)
t_fuzz_provider_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_provider_fuzz_LDADD = libbridge.a libbase.a $(YYJSON_LIBS)

noinst_PROGRAMS += t/fuzz/record-fuzz
t_fuzz_record_fuzz_SOURCES = t/fuzz/record.c
t_fuzz_record_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_record_fuzz_LDADD = liblog.a libbase.a $(YYJSON_LIBS)

noinst_PROGRAMS += t/fuzz/redact-fuzz
t_fuzz_redact_fuzz_SOURCES = t/fuzz/redact.c t/fuzz/redact_all.c \
	t/fuzz/redact_all.h
t_fuzz_redact_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_redact_fuzz_LDADD = libmitm.a libbase.a $(PCRE2_LIBS)

noinst_PROGRAMS += t/fuzz/redact_patterns-fuzz
t_fuzz_redact_patterns_fuzz_SOURCES = t/fuzz/redact_patterns.c
t_fuzz_redact_patterns_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_redact_patterns_fuzz_LDADD = libmitm.a libbase.a $(PCRE2_LIBS)

noinst_PROGRAMS += t/fuzz/redact_head-fuzz
t_fuzz_redact_head_fuzz_SOURCES = t/fuzz/redact_head.c
t_fuzz_redact_head_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_redact_head_fuzz_LDADD = libmitm.a libbase.a $(PCRE2_LIBS)

noinst_PROGRAMS += t/fuzz/request-fuzz
t_fuzz_request_fuzz_SOURCES = t/fuzz/request.c
t_fuzz_request_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_request_fuzz_LDADD = libbridge.a libbase.a

noinst_PROGRAMS += t/fuzz/segment-fuzz
t_fuzz_segment_fuzz_SOURCES = t/fuzz/segment.c
t_fuzz_segment_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_segment_fuzz_LDADD = liblog.a libbase.a $(ZSTD_LIBS) $(XXHASH_LIBS) \
	$(YYJSON_LIBS)

noinst_PROGRAMS += t/fuzz/scope-fuzz
t_fuzz_scope_fuzz_SOURCES = t/fuzz/scope.c
t_fuzz_scope_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_scope_fuzz_LDADD = libca.a libbase.a $(MBEDTLS_LIBS)

noinst_PROGRAMS += t/fuzz/server_hello-fuzz
t_fuzz_server_hello_fuzz_SOURCES = t/fuzz/server_hello.c
t_fuzz_server_hello_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_server_hello_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/shell-fuzz
t_fuzz_shell_fuzz_SOURCES = t/fuzz/shell.c cli/safe.c cli/safe.h cli/shell.c \
	cli/shell.h
t_fuzz_shell_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_shell_fuzz_LDADD = libbase.a

noinst_PROGRAMS += t/fuzz/socks-fuzz
t_fuzz_socks_fuzz_SOURCES = t/fuzz/socks.c
t_fuzz_socks_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_socks_fuzz_LDADD = libbridge.a libbase.a

noinst_PROGRAMS += t/fuzz/starttls-fuzz
t_fuzz_starttls_fuzz_SOURCES = t/fuzz/starttls.c t/fuzz/starttls_play.c \
	t/fuzz/starttls_play.h $(CONVERSATION)
t_fuzz_starttls_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_starttls_fuzz_LDADD = libmitm.a libbase.a

noinst_PROGRAMS += t/fuzz/summary-fuzz
t_fuzz_summary_fuzz_SOURCES = t/fuzz/summary.c $(SUMMARY)
t_fuzz_summary_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_summary_fuzz_LDADD = liblog.a libbase.a $(XXHASH_LIBS) $(YYJSON_LIBS)

noinst_PROGRAMS += t/fuzz/verify-fuzz
t_fuzz_verify_fuzz_SOURCES = t/fuzz/verify.c
t_fuzz_verify_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_verify_fuzz_LDADD = libmitm.a libca.a libbase.a $(MBEDTLS_LIBS)

noinst_PROGRAMS += t/fuzz/ws-fuzz
t_fuzz_ws_fuzz_SOURCES = t/fuzz/ws.c
t_fuzz_ws_fuzz_LDFLAGS = $(WITH_FUZZER)
t_fuzz_ws_fuzz_LDADD = libmitm.a libbase.a $(ZLIB_LIBS)
endif
