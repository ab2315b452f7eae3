noinst_LIBRARIES += libmitm.a
libmitm_a_SOURCES =
