noinst_LIBRARIES += libconf.a
libconf_a_SOURCES = \
	conf/annotate.c \
	conf/conf.c conf/conf.h \
	conf/message.c \
	conf/params.h \
	conf/table.h \
	conf/value.c \
	conf/yaml.c

# Prints conf/sightglass.yaml and the list in man/sightglass.yaml.5.
noinst_PROGRAMS += conf/describe
conf_describe_SOURCES = conf/describe.c
conf_describe_LDADD = libconf.a libbase.a $(YAML_LIBS)
