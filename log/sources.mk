noinst_LIBRARIES += liblog.a
liblog_a_SOURCES = \
	log/frame.c log/frame.h \
	log/segment.c log/segment.h \
	log/segment_index.c log/segment_index.h \
	log/segment_repair.c
