# dmvl: fair and stable network bandwidth for Xen guests
#
#   make            build/dmvl-back build/dmvl-front build/dmvlctl
#   make demo       the main job on real Xen in an emulator (does its own set-up, as root)
#   make check      all tests (does its own set-up, as root)
#
# V=1 shows commands; SAN=address,undefined builds with sanitizers into a tree of its own.

B      := build
PREFIX ?= /usr/local

CC       ?= cc
CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
	    -Wimplicit-fallthrough
HARDEN   := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
LDHARDEN := -pie -Wl,-z,relro,-z,now
comma    := ,
ifdef SAN
HARDEN   := -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
LDHARDEN := -fsanitize=$(SAN)
O        := $(B)/obj-$(subst $(comma),-,$(SAN))
else
O        := $(B)/obj
endif
PKGS_COMMON := libevent_core xenvchan xengnttab xenevtchn xenstore libsystemd
PKGS        := $(PKGS_COMMON) xencontrol json-c
# Deferred, so that `make demo` on a bare machine may install pkg-config first.
PKG_CFLAGS   = $(shell pkg-config --cflags $(PKGS))
LIBS_FRONT   = $(shell pkg-config --libs $(PKGS_COMMON))
LIBS_BACK    = $(shell pkg-config --libs $(PKGS_COMMON) xencontrol)
LIBS_CTL     = $(shell pkg-config --libs xenstore xencontrol json-c)
ifdef WERROR
WARN += -Werror
endif
VERSION  := 0.1.0
CPPFLAGS += -D_GNU_SOURCE -DDMVL_VERSION='"$(VERSION)"' -I. -I$(B)/gen
ALL_CFLAGS = -std=c11 $(WARN) $(HARDEN) $(CFLAGS) $(CPPFLAGS) $(PKG_CFLAGS) -pthread

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' '$(1)' '$(2)')

obj = $(patsubst %.c,$(O)/%.o,$(1))
COMMON_SRC := $(wildcard common/*.c) $(wildcard xenstore-schema/*.c)
BACK_SRC   := $(filter-out backend/main.c,$(wildcard backend/*.c backend/sched/*.c))
FRONT_SRC  := $(filter-out frontend/main.c,$(wildcard frontend/*.c))
CTL_SRC    := $(filter-out backend/ctl/main.c,$(wildcard backend/ctl/*.c))
UNIT_SRC   := $(wildcard tests/unit/test_*.c)
UNIT_BIN   := $(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(UNIT_SRC))

PROGRAMS := $(B)/dmvl-back $(B)/dmvl-front $(B)/dmvlctl
all: $(PROGRAMS)

# --- xenstore-schema: one table, three products ---------------------------------------------------
GEN   := $(B)/gen/schema_keys.h $(B)/gen/schema_table.inc
schema = awk -v out=$(1) -f xenstore-schema/gen.awk xenstore-schema/keys.txt
$(B)/gen/schema_keys.h: what := schema_keys.h
$(B)/gen/schema_table.inc: what := schema_table.inc
$(GEN): xenstore-schema/keys.txt xenstore-schema/gen.awk
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(call schema,$(what)) > $@
docs/xenstore.md: xenstore-schema/keys.txt xenstore-schema/gen.awk
	$(call say,GEN,$@)
	$(Q)$(call schema,xenstore.md) > $@

# --- objects, programs ------------------------------------------------------------------------------
$(O)/%.o: %.c | $(GEN)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# <xenctrl.h> is written in GNU C.
$(O)/backend/dom.o: ALL_CFLAGS += -std=gnu11

$(O)/libdmvl.a: $(call obj,$(COMMON_SRC))
$(O)/libback.a: $(call obj,$(BACK_SRC))
$(O)/libfront.a: $(call obj,$(FRONT_SRC))
$(O)/libctl.a: $(call obj,$(CTL_SRC))
$(O)/%.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

link = $(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(LDHARDEN) -o $@ $(filter %.o,$^) $(filter %.a,$^)
$(O)/dmvl-back: $(O)/backend/main.o $(O)/libback.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_BACK)
$(O)/dmvl-front: $(O)/frontend/main.o $(O)/libfront.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_FRONT)
$(O)/dmvlctl: $(O)/backend/ctl/main.o $(O)/libctl.a $(O)/libback.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_CTL)
ifndef SAN
$(B)/%: $(O)/%
	$(Q)cp $< $@
endif

# --- tests ------------------------------------------------------------------------------------------
$(O)/tests/unit/%: $(O)/tests/unit/%.o $(O)/libctl.a $(O)/libback.a $(O)/libfront.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_BACK) -ljson-c -lm

-include tests/xensim/xensim.mk
-include tests/sim/sim.mk
-include tests/fuzz/fuzz.mk

# The set-up comes first: what make reads of pkg-config is only there behind it.
demo: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/xen/run --raw --guests 3 tests/xen/demo/demo.sh

suites := lint unit fuzz xensim xen
check: deps
	$(Q)$(MAKE) --no-print-directory check-now CHECK="$(suites)"
$(suites:%=check-%): check-%: deps
	$(Q)$(MAKE) --no-print-directory check-now CHECK="$*"
check-now: all $(if $(filter unit,$(CHECK)),$(UNIT_BIN)) $(if $(filter fuzz,$(CHECK)),fuzz-bin) \
	   $(if $(filter xensim,$(CHECK)),xensim $(XS_TESTS))
	$(Q)UNIT_BIN="$(UNIT_BIN)" FUZZ_BIN="$(FUZZ_BIN)" tests/check $(CHECK)

deps:
	$(Q)tests/deps

# --- the rest ---------------------------------------------------------------------------------------
install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/sbin
	install -m 644 docs/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf $(B)

-include $(shell find $(O) -type f -name '*.d' 2>/dev/null)
.PHONY: all demo check check-now $(suites:%=check-%) deps install format clean
.DEFAULT_GOAL := all
.SECONDARY:
.DELETE_ON_ERROR:
