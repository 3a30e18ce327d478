# What is installed, where, and the packages of it.

SBINDIR   ?= $(PREFIX)/sbin
DATADIR   ?= $(PREFIX)/share
MANDIR    ?= $(DATADIR)/man
DOCDIR    ?= $(DATADIR)/doc/dmvl
# systemd's units, and the rules and options that udev and modprobe read.
LIBDIR    ?= $(PREFIX)/lib

# The files FILE.. go to the directory DIR: "FILE:DIR/NAME FILE:DIR/NAME".
to = $(foreach file,$(2),$(file):$(1)/$(notdir $(file)))

# Files of init/ say in their names for which part they are: dmvl-WORD.
init_dirs  := systemd:$(LIBDIR)/systemd/system udev:$(LIBDIR)/udev/rules.d modprobe.d:$(LIBDIR)/modprobe.d \
	      $(foreach d,modules-load.d sysusers.d tmpfiles.d,$(d):$(PREFIX)/lib/$(d))
init_files  = $(foreach dir,$(init_dirs),$(call to,$(word 2,$(subst :, ,$(dir))),\
	      $(wildcard $(1:%=init/$(word 1,$(subst :, ,$(dir)))/*dmvl-%*))))
# One that is for both parts has a name in each, as two packages cannot have the same file.
both_files  = $(foreach rules,$(wildcard init/udev/*-dmvl-net.rules),\
	      $(rules):$(LIBDIR)/udev/rules.d/$(patsubst %-net.rules,%-$(1)-net.rules,$(notdir $(rules))))

backend_files = $(call to,$(SBINDIR),$(P)/dmvl-back $(P)/dmvlctl $(P)/dmvl-exporter) \
		$(call to,$(MANDIR)/man5,docs/man/dmvl-policy.5 docs/man/dmvl.conf.5) \
		$(call to,$(MANDIR)/man7,docs/man/dmvl-xenstore.7 docs/man/dmvl-protocol.7) \
		$(call to,$(MANDIR)/man8,docs/man/dmvl-back.8 docs/man/dmvlctl.8 docs/man/dmvl-exporter.8) \
		backend/ctl/completion.bash:$(DATADIR)/bash-completion/completions/dmvlctl \
		$(call init_files,back exporter) $(call both_files,backend)
guest_files   = $(call to,$(SBINDIR),$(P)/dmvl-front) \
		$(call to,$(MANDIR)/man8,docs/man/dmvl-front.8) \
		frontend/completion.bash:$(DATADIR)/bash-completion/completions/dmvl-front \
		$(call init_files,front guest) $(call both_files,guest)
# As in the tree, so that links lead to what they name.
doc_files     = $(foreach file,README.md $(wildcard docs/*.md docs/pictures/* docs/metrics/*) docs/policy.conf.example \
		docs/dmvlctl.schema.json \
		$(wildcard init/network/* init/openrc/*),$(file):$(DOCDIR)/$(file))
PARTS := backend guest doc

# Programs are copied. Other files may name a program: by the path that it gets here.
install_file = { mkdir -p $(dir $(2)) && \
	$(if $(filter $(PROGRAMS),$(1)),install -m 755 $(1) $(2),\
	sed 's,/usr/sbin/dmvl,$(SBINDIR)/dmvl,g' $(1) >$(2) && chmod 644 $(2)); } || exit 1;

install: $(PARTS:%=install-%)
install-backend: $(P)/dmvl-back $(P)/dmvlctl $(P)/dmvl-exporter install-etc
install-guest: $(P)/dmvl-front
$(PARTS:%=install-%): install-%:
	$(call say,INST,$* below $(DESTDIR)$(PREFIX))
	$(Q)$(foreach pair,$($*_files),$(call install_file,$(word 1,$(subst :, ,$(pair))),$(DESTDIR)$(word 2,$(subst :, ,$(pair)))))

# Operators' files. Packages make the directory when they are configured.
install-etc:
	$(Q)[ -n "$(DESTDIR)" ] || mkdir -p /etc/dmvl

# Where the files of a part are then, one a line.
$(PARTS:%=list-%): list-%:
	@printf '%s\n' $(foreach pair,$($*_files),$(word 2,$(subst :, ,$(pair))))

# What was written by daemons or operators stays: /etc/dmvl, /var/lib/dmvl.
uninstall:
	$(call say,RM,what is installed below $(DESTDIR)$(PREFIX))
	$(Q)rm -f $(foreach part,$(PARTS),$(foreach pair,$($(part)_files),$(DESTDIR)$(word 2,$(subst :, ,$(pair)))))
	$(Q)rm -rf $(DESTDIR)$(DOCDIR)

# The source as it is here, without what was built.
dist := $(B)/dist/dmvl-$(VERSION)
dist:
	$(Q)rm -rf $(B)/dist && mkdir -p $(dist)
	$(Q)tar -c --exclude=./build --exclude=./$(B) --exclude=./.git --no-wildcards-match-slash --exclude='./*.log' . | tar -x -C $(dist)
	$(Q)tar -czf $(dist).tar.gz -C $(B)/dist dmvl-$(VERSION) && rm -rf $(dist)

# None of what this make was told holds for those.
afresh = env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL
# run COMMAND FILE: what it says goes to the file; the end of it is shown if it fails.
logged = $(afresh) $(1) >$(2) 2>&1 || { tail -n 30 $(2) >&2; exit 1; }

deb: dist
	$(Q)tests/deps build
	$(call say,DEB,$(B)/deb)
	$(Q)rm -rf $(B)/deb && mkdir -p $(B)/deb && tar -xzf $(dist).tar.gz -C $(B)/deb
	$(Q)cd $(B)/deb/dmvl-$(VERSION) && $(call logged,DEB_BUILD_OPTIONS=nocheck dpkg-buildpackage -us -uc -b -Pnocheck,../build.log)
	$(Q)rm -rf $(B)/deb/dmvl-$(VERSION) && ls $(B)/deb/*.deb

# Debian's rpmbuild has no database that knows what is installed.
rpm: dist
	$(call say,RPM,$(B)/rpm)
	$(Q)rm -rf $(B)/rpm && mkdir -p $(B)/rpm/SOURCES && cp $(dist).tar.gz $(B)/rpm/SOURCES
	$(Q)$(call logged,rpmbuild -bb $(if $(wildcard /etc/debian_version),--nodeps) \
		--define '_topdir $(abspath $(B)/rpm)' debian/dmvl.spec,$(B)/rpm/build.log)
	$(Q)ls $(B)/rpm/RPMS/*/*.rpm

.PHONY: install install-etc uninstall dist deb rpm $(PARTS:%=install-%) $(PARTS:%=list-%)
