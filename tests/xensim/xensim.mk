# Xen's interfaces on plain Linux: see tests/xensim/README.md. Included by the top Makefile, or by
# tests/xensim/Makefile alone; make runs at the top of the source tree.
#
#   make xensim          builds build/xensim
#   make check-xensim-self its own tests

XS_SRC := tests/xensim
XS     := build/xensim
XS_CC  ?= $(CC)

# Never with sanitizers: these go into processes of every kind, a plain xenstored among them.
XS_CFLAGS := -std=gnu11 -O2 -g -fPIC -pthread -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wvla -Wformat=2 \
	     -Wstrict-prototypes -Wmissing-prototypes -Wimplicit-fallthrough $(if $(WERROR),-Werror)

# libxenctrl's names carry Xen's release.
XS_XEN_VERSION = $(or $(shell pkg-config --modversion xencontrol),4.17.0)
XS_XEN_RELEASE = $(basename $(XS_XEN_VERSION))
XS_XENSTORED  ?= $(XS)/xen-utils/usr/lib/xen-$(XS_XEN_RELEASE)/bin/xenstored

xs_obj = $(patsubst $(XS_SRC)/%.c,$(XS)/obj/%.o,$(wildcard $(addprefix $(XS_SRC)/,$(1))))
XS_TOOL_OBJ := $(call xs_obj,tool/*.c broker/*.c guest/*.c) \
	       $(call xs_obj,lib/client.c lib/mapping.c lib/evtchn.c)
XS_LIBS	    := $(XS)/lib/libxensim.so $(XS)/lib/libxengnttab.so.1 $(XS)/lib/libxenevtchn.so.1 \
	       $(XS)/lib/libxenctrl.stamp
# What tests use in Dom0 and guests, here as on real Xen.
XS_TOOLS    := $(patsubst tests/xen/tools/%.c,$(XS)/tools/%,$(wildcard tests/xen/tools/dmvl-*.c))

xensim: $(XS)/xensim $(XS)/bin/in-guest $(XS)/bin/guest $(XS_LIBS) $(XS)/xenstored $(XS)/oxenstored \
	$(XS)/tools/xenstore-control $(XS_TOOLS)
check-xensim-self: xensim
	$(XS_SRC)/t/all
.PHONY: xensim check-xensim-self

$(XS)/obj/lib/ctrl.o: XS_CFLAGS += -DXEN_MINOR=$(lastword $(subst ., ,$(XS_XEN_RELEASE)))
$(XS)/obj/%.o: $(XS_SRC)/%.c
	@mkdir -p $(@D)
	$(XS_CC) $(XS_CFLAGS) -MMD -MP -c -o $@ $<
-include $(wildcard $(XS)/obj/*/*.d)

$(XS)/xensim: $(XS_TOOL_OBJ)
	$(XS_CC) -pthread -o $@ $^ -lxenstore

$(XS)/bin/in-guest $(XS)/bin/guest: $(XS)/xensim
	@mkdir -p $(@D)
	ln -sf ../xensim $@
	ln -sf ../xensim $(@D)/xensim

$(XS)/lib/libxensim.so: $(call xs_obj,lib/client.c lib/mapping.c lib/hooks.c)
	@mkdir -p $(@D)
	$(XS_CC) -shared -pthread -o $@ -Wl,-soname,libxensim.so $^

$(XS)/lib/libxengnttab.so.1: $(XS)/obj/lib/gnttab.o $(XS)/lib/libxensim.so $(XS_SRC)/lib/gnttab.map
	$(XS_CC) -shared -pthread -o $@ -Wl,-soname,$(@F) -Wl,--version-script=$(XS_SRC)/lib/gnttab.map \
		$< -L$(@D) -l:libxensim.so

$(XS)/lib/libxenevtchn.so.1: $(XS)/obj/lib/evtchn.o $(XS)/lib/libxensim.so $(XS_SRC)/lib/evtchn.map
	$(XS_CC) -shared -pthread -o $@ -Wl,-soname,$(@F) -Wl,--version-script=$(XS_SRC)/lib/evtchn.map \
		$< -L$(@D) -l:libxensim.so

$(XS)/lib/libxenctrl.stamp: $(XS)/obj/lib/ctrl.o $(XS)/obj/lib/sched.o $(XS)/obj/lib/ctrl_none.o $(XS)/obj/lib/guest_none.o \
			    $(XS)/lib/libxengnttab.so.1 $(XS_SRC)/lib/ctrl.map.in
	sed 's/@VERSION@/$(XS_XEN_VERSION)/' $(XS_SRC)/lib/ctrl.map.in >$(XS)/lib/ctrl.map
	$(XS_CC) -shared -pthread -o $(XS)/lib/libxenctrl.so.$(XS_XEN_RELEASE) \
		-Wl,-soname,libxenctrl.so.$(XS_XEN_RELEASE) -Wl,--version-script=$(XS)/lib/ctrl.map \
		$< $(XS)/obj/lib/sched.o $(XS)/obj/lib/ctrl_none.o -L$(@D) -l:libxensim.so -l:libxengnttab.so.1
	$(XS_CC) -shared -o $(XS)/lib/libxenguest.so.$(XS_XEN_RELEASE) \
		-Wl,-soname,libxenguest.so.$(XS_XEN_RELEASE) $(XS)/obj/lib/guest_none.o
	touch $@

# Debian's xenstored, unpacked and never installed: its package would make this machine a Xen host.
$(XS)/xenstored:
	@mkdir -p $(XS)/xen-utils
	test -x $(XS_XENSTORED) || { cd $(XS) && apt-get download -qq -o APT::Sandbox::User=root \
		xen-utils-$(XS_XEN_RELEASE) && dpkg -x xen-utils-$(XS_XEN_RELEASE)_*.deb xen-utils; }
	ln -sf $(abspath $(XS_XENSTORED)) $@

$(XS)/oxenstored: $(XS)/xenstored
	ln -sf $(abspath $(dir $(XS_XENSTORED))/oxenstored) $@

# It needs the libraries that ours stand in for.
$(XS)/tools/xenstore-control: $(XS)/xenstored
	@mkdir -p $(@D)
	printf '#!/bin/sh\nexec env -u LD_PRELOAD -u LD_LIBRARY_PATH %s "$$@"\n' \
		$(abspath $(dir $(XS_XENSTORED)))/xenstore-control >$@
	chmod +x $@

$(XS)/tools/%: tests/xen/tools/%.c $(wildcard tests/xen/tools/*.h)
	@mkdir -p $(@D)
	$(XS_CC) $(XS_CFLAGS) -o $@ $< -Wl,--as-needed -lxenvchan -lxenstore -lxengnttab -lxenevtchn -lm
