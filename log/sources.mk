noinst_LIBRARIES += liblog.a
liblog_a_SOURCES = \
	log/field_values.h \
	log/fields.c log/fields.h log/fields_dns.h log/fields_every.h \
	log/fields_flow.h log/fields_http.h log/fields_tls.h \
	log/filter.c log/filter.h log/filter_letters.c log/filter_need.c \
	log/filter_test.c log/filter_tree.h log/filter_where.c \
	log/frame.c log/frame.h \
	log/inputs.c log/inputs.h \
	log/ledger.c log/ledger.h \
	log/logger.c log/logger.h log/logger_segment.c log/logger_state.h \
	log/logger_retention.c log/logger_trouble.c \
	log/member.h \
	log/pattern.c log/pattern.h log/pattern_literal.c \
	log/payload.c log/payload.h \
	log/reader.c log/reader.h \
	log/record.c log/record.h \
	log/record_body.c log/record_content.c log/record_dns.c \
	log/record_grpc.c log/record_http.c log/record_line.h \
	log/record_websocket.c \
	log/retention.c log/retention.h \
	log/segment.c log/segment.h \
	log/segment_index.c log/segment_index.h log/segment_index_read.c \
	log/segment_repair.c \
	log/source.c log/source.h log/source_back.c \
	log/store.c log/store.h \
	log/store_census.c log/store_repair.c \
	log/watch.h \
	log/when.c log/when.h

# Prints the lists of fields in man/sightglass-log.5.
noinst_PROGRAMS += log/describe
log_describe_SOURCES = log/describe.c
log_describe_LDADD = liblog.a libbase.a

if LINUX
liblog_a_SOURCES += log/watch_linux.c
endif
if DARWIN
liblog_a_SOURCES += log/watch_darwin.c
endif
EXTRA_DIST += log/watch_linux.c log/watch_darwin.c
