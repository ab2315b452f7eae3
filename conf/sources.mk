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

# Installed: the annotated settings, never over those of the machine; the list
# of what is known to break, always; on Linux the unit and its users, which
# systemd-sysusers makes.
INSTALLED_PATHS = sed -e 's|@statedir[@]|$(statedir)|g' -e 's|@logdir[@]|$(logdir)|g' \
	-e 's|@rundir[@]|$(rundir)|g' -e 's|@confdir[@]|$(confdir)|g' \
	-e 's|@sbindir[@]|$(sbindir)|g'
EXTRA_DIST += conf/sightglass.yaml conf/splice.list conf/sightglassd.service.in \
	conf/sightglass.sysusers

install-data-hook: install-settings
uninstall-hook: uninstall-settings

install-settings:
	$(MKDIR_P) '$(DESTDIR)$(confdir)'
	$(INSTALLED_PATHS) $(srcdir)/conf/sightglass.yaml \
	    > '$(DESTDIR)$(confdir)/sightglass.yaml.new'
	chmod 644 '$(DESTDIR)$(confdir)/sightglass.yaml.new'
	if test -e '$(DESTDIR)$(confdir)/sightglass.yaml'; then \
	    mv '$(DESTDIR)$(confdir)/sightglass.yaml.new' \
	       '$(DESTDIR)$(confdir)/sightglass.yaml.example'; \
	else \
	    mv '$(DESTDIR)$(confdir)/sightglass.yaml.new' \
	       '$(DESTDIR)$(confdir)/sightglass.yaml'; \
	fi
	$(INSTALL_DATA) $(srcdir)/conf/splice.list \
	    '$(DESTDIR)$(confdir)/splice.list'
if LINUX
	$(MKDIR_P) '$(DESTDIR)$(systemdunitdir)' '$(DESTDIR)$(sysusersdir)'
	$(INSTALLED_PATHS) $(srcdir)/conf/sightglassd.service.in \
	    > '$(DESTDIR)$(systemdunitdir)/sightglassd.service'
	chmod 644 '$(DESTDIR)$(systemdunitdir)/sightglassd.service'
	$(INSTALL_DATA) $(srcdir)/conf/sightglass.sysusers \
	    '$(DESTDIR)$(sysusersdir)/sightglass.conf'
endif

# Settings that a person may have changed stay.
uninstall-settings:
	rm -f '$(DESTDIR)$(confdir)/sightglass.yaml.example' \
	    '$(DESTDIR)$(confdir)/splice.list' \
	    '$(DESTDIR)$(systemdunitdir)/sightglassd.service' \
	    '$(DESTDIR)$(sysusersdir)/sightglass.conf'

# ... and so distcheck is to overlook them.
distuninstallcheck_listfiles = find . -type f ! -name sightglass.yaml -print

.PHONY: install-settings uninstall-settings
