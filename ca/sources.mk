noinst_LIBRARIES += libca.a
libca_a_SOURCES =
