# Manual pages. In those that name places, "make install" says where they are on
# this machine; the settings' page has its list from conf/describe, and a test
# holds the two together.
MAN_PAGES = man/sightglass-log.5 man/sightglass.1 man/sightglass.yaml.5 \
	man/sightglassd.8
EXTRA_DIST += $(MAN_PAGES)

install-data-local:
	for page in $(MAN_PAGES); do \
	    name=$${page#man/}; \
	    folder='$(DESTDIR)$(mandir)'/man$${name##*.}; \
	    $(MKDIR_P) "$$folder" && \
	    $(INSTALLED_PATHS) $(srcdir)/$$page > "$$folder/$$name" && \
	    chmod 644 "$$folder/$$name" || exit 1; \
	done

uninstall-local:
	for page in $(MAN_PAGES); do \
	    name=$${page#man/}; \
	    rm -f '$(DESTDIR)$(mandir)'/man$${name##*.}/$$name; \
	done
