# dmvl: fair and stable network bandwidth for Xen guests
#
#   make                 build/dmvl-back build/dmvl-front build/dmvlctl build/dmvl-exporter
#   make demo            the main job on real Xen in an emulator (does its own set-up, as root)
#   make check           the tests (does its own set-up, as root)
#   make check-xen-rest  what else runs on real Xen: credits, a hostile guest, the emulator's own tests
#   make check-xen-other a few tests on the Xen of the other supported Debian release, beside PVH guests
#   make check-san       unit tests and those over xensim once more, under sanitizers
#   make check-one T=05-local    one test, on xensim and on real Xen; ON=xensim or ON=xen picks one;
#                        or one unit program: T=test_gso
#   make check-oxenstored    some of both machines' tests with Xen's xenstored in OCaml
#   make check-long      what takes long and CI leaves out: soak, valgrind, fuzzing, a thousand cycles
#   make bench           all benches, one after the other; bench-NAME: one (tests/README.md)
#
#   make install         what Dom0, guests and readers need: below DESTDIR and PREFIX (/usr/local);
#                        install-backend, install-guest, install-doc: a part of it; uninstall
#   make deb, make rpm   the same as packages, in build/deb and build/rpm
#   make check-packages  the packages: install, upgrade, purge (tests/packages/run)
#
#   make SAN=address,undefined check-unit check-xensim    all of both under sanitizers; SAN=thread too
#   make VALGRIND=1 check-unit check-xensim               or valgrind's memcheck
#   make SUITE=trixie all check-unit check-xen demo    on another Debian release than this machine's:
#                        also check-xen-main, check-xen-rest, check-one ON=xen; below build/trixie
#   make coverage   both once more, and a table of what they did not reach
#
# V=1 shows commands. SAN and COVERAGE build into trees of their own.

# Another Debian release than this machine's: tests/in-release builds in a root of it.
OWN    := $(shell . /etc/os-release && echo $$VERSION_CODENAME)
OTHER  := $(filter-out $(OWN),$(SUITE))
B      ?= build$(OTHER:%=/%)
PREFIX ?= /usr/local

CC       ?= cc
CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
	    -Wimplicit-fallthrough
HARDEN   := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
LDHARDEN := -pie -Wl,-z,relro,-z,now
comma    := ,
# Where the programs are: the plain ones in build/, those of a variant in its own tree.
ifdef SAN
HARDEN   := -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
# The run-time in the program itself: so its calls come before the hooks of xensim, which come before
# libc, and programs that are not ours have none of it. clang has it so by itself.
LDHARDEN := -fsanitize=$(SAN) $(if $(findstring clang,$(CC)),,-static-libasan -static-libubsan -static-libtsan)
O        := $(B)/obj-$(subst $(comma),-,$(SAN))
P        := $(O)
else ifdef COVERAGE
CFLAGS   := -O0 -g
HARDEN   := --coverage -fprofile-update=atomic
LDHARDEN := --coverage
O        := $(B)/obj-coverage
P        := $(O)
else
O        := $(B)/obj
P        := $(B)
endif
PKGS_COMMON := libevent_core xenvchan xengnttab xenevtchn xenstore libsystemd
PKGS        := $(PKGS_COMMON) libevent_extra xencontrol xentoollog json-c libmnl inih libpcap ncursesw
# Deferred, so that `make demo` on a bare machine may install pkg-config first.
PKG_CFLAGS   = $(shell pkg-config --cflags $(PKGS))
LIBS_FRONT   = $(shell pkg-config --libs $(PKGS_COMMON))
LIBS_BACK    = $(shell pkg-config --libs $(PKGS_COMMON) xencontrol xentoollog libmnl inih)
LIBS_EXPORTER = $(shell pkg-config --libs libevent_core libevent_extra libsystemd)
LIBS_CTL     = $(shell pkg-config --libs xenstore xencontrol xentoollog json-c libmnl inih libpcap ncursesw libsystemd) -lm
ifdef WERROR
WARN += -Werror
endif
VERSION  := 0.1.0
# The commit, where this is a git checkout. Without --exclude it would begin with a tag's version.
COMMIT   := $(shell git describe --always --dirty --exclude='*' 2>/dev/null)
CPPFLAGS += -D_GNU_SOURCE -I. -I$(B)/gen
ALL_CFLAGS = -std=c11 $(WARN) $(HARDEN) $(CFLAGS) $(CPPFLAGS) $(PKG_CFLAGS) -pthread

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' '$(1)' '$(2)')

obj = $(patsubst %.c,$(O)/%.o,$(1))
COMMON_SRC := $(wildcard common/*.c) $(wildcard xenstore-schema/*.c)
# What dmvlctl shares with the daemon, and what is the daemon's alone.
BASE_SRC   := $(wildcard $(addsuffix /*.c,$(addprefix backend/,capture credit frame kept policy rerun sched stats uplink vif xen)))
BACK_SRC   := $(filter-out backend/main.c,$(wildcard $(addsuffix /*.c,backend $(addprefix backend/,control datapath msg))))
FRONT_SRC  := $(filter-out frontend/main.c,$(wildcard frontend/*.c))
CTL_SRC    := $(filter-out backend/ctl/main.c,$(wildcard backend/ctl/*.c backend/ctl/check/*.c backend/ctl/plot/*.c backend/ctl/record/*.c))
EXPORTER_SRC := $(filter-out backend/exporter/main.c,$(wildcard backend/exporter/*.c))
UNIT_SRC   := $(wildcard tests/unit/test_*.c)
UNIT_BIN   := $(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(UNIT_SRC))

PROGRAMS := $(P)/dmvl-back $(P)/dmvl-front $(P)/dmvlctl $(P)/dmvl-exporter
ifeq ($(OTHER),)
all: $(PROGRAMS)
else
in_release = $(Q)SUITE=$(OTHER) tests/in-release $(MAKE) --no-print-directory -j$(JOBS) SUITE= DEPS=no B=$(B) WERROR=$(WERROR)
all:
	$(in_release) all $(P)/dmvl-hostile
endif

# --- xenstore-schema: one table, three products ---------------------------------------------------
GEN   := $(B)/gen/schema_keys.h $(B)/gen/schema_table.inc
schema = awk -v out=$(1) -f xenstore-schema/gen.awk xenstore-schema/keys.txt
$(B)/gen/schema_keys.h: what := schema_keys.h
$(B)/gen/schema_table.inc: what := schema_table.inc
$(GEN): xenstore-schema/keys.txt xenstore-schema/gen.awk
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(call schema,$(what)) > $@
docs/scenarios.md: docs/scenarios.json tests/bench/scenarios.awk
	$(call say,GEN,$@)
	$(Q)awk -f tests/bench/scenarios.awk $< > $@
docs/fairness.md: docs/fairness.json tests/bench/fair.awk
	$(call say,GEN,$@)
	$(Q)awk -f tests/bench/fair.awk $< > $@
docs/installed.md: docs/installed.txt tests/installed/page.awk
	$(call say,GEN,$@)
	$(Q)awk -f tests/installed/page.awk $< > $@
docs/xenstore.md docs/man/dmvl-xenstore.7 docs/dmvlctl.schema.json: xenstore-schema/keys.txt xenstore-schema/gen.awk
	$(call say,GEN,$@)
	$(Q)$(call schema,$(notdir $@)) > $@

# --- the version: a header that changes only when its text does, for one object ---------------------
$(B)/gen/version_text.h: always
	$(Q)mkdir -p $(@D)
	$(Q)echo '#define DMVL_VERSION_TEXT "$(VERSION)$(COMMIT:%=+%)"' >$@.$$$$ && \
		{ cmp -s $@.$$$$ $@ && rm $@.$$$$ || mv $@.$$$$ $@; }
$(O)/common/version.o: $(B)/gen/version_text.h

# Each time: a missing header says less than the name of a package.
libraries:
	$(Q)debian/missing "$(CC)" $(PKGS)

# --- objects, programs ------------------------------------------------------------------------------
$(O)/%.o: %.c | $(GEN) libraries
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# <xenctrl.h> is written in GNU C.
$(O)/backend/xen/dom.o: ALL_CFLAGS += -std=gnu11

$(O)/libdmvl.a: $(call obj,$(COMMON_SRC))
$(O)/libbase.a: $(call obj,$(BASE_SRC))
$(O)/libback.a: $(call obj,$(BACK_SRC))
$(O)/libfront.a: $(call obj,$(FRONT_SRC))
$(O)/libctl.a: $(call obj,$(CTL_SRC))
$(O)/libexporter.a: $(call obj,$(EXPORTER_SRC))
$(O)/%.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

link = $(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(LDHARDEN) -o $@ $(filter %.o,$^) $(filter %.a,$^)
$(O)/dmvl-back: $(O)/backend/main.o $(O)/libback.a $(O)/libbase.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_BACK)
$(O)/dmvl-front: $(O)/frontend/main.o $(O)/libfront.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_FRONT)
$(O)/dmvlctl: $(O)/backend/ctl/main.o $(O)/libctl.a $(O)/libbase.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_CTL)
$(O)/dmvl-exporter: $(O)/backend/exporter/main.o $(O)/libexporter.a $(O)/libbase.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_EXPORTER)
ifneq ($(P),$(O))
$(B)/%: $(O)/%
	$(Q)cp $< $@
endif

# --- tests ------------------------------------------------------------------------------------------
# What stands in for Xen. In front of the product's libraries: what it defines of libxenvchan, libxenstore
# and the hypervisor takes the place of the real ones in each program that uses it.
$(O)/libfake.a: $(call obj,$(wildcard tests/fake/*.c))
$(O)/tests/unit/%: $(O)/tests/unit/%.o $(O)/libfake.a $(O)/libctl.a $(O)/libexporter.a $(O)/libback.a $(O)/libbase.a \
		 $(O)/libfront.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_BACK) -levent_extra -ljson-c -lpcap -lm

-include tests/xensim/xensim.mk
-include tests/sim/sim.mk
-include tests/bench/bench.mk
-include tests/hostile/hostile.mk
-include tests/fuzz/fuzz.mk

# What runs under it ends with make, whatever ends that.
mortal := setpriv --pdeathsig TERM

ifneq ($(OTHER),)
checks_there := unit xen xen-main xen-rest xen-other
ifneq ($(filter-out $(checks_there),$(CHECK)),)
$(error SUITE=$(OTHER): only check-unit, check-one, what runs on real Xen, and demo)
endif
endif

# The set-up comes first: what make reads of pkg-config is only there behind it.
JOBS := $(shell nproc)
# For a make that is called, unless this one gives it a share of its own.
jobs = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))
demo: deps
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all
	$(Q)SUITE=$(SUITE) exec $(mortal) tests/xen/run --raw --guests 3 tests/xen/demo/demo.sh

suites := lint unit fuzz xensim xen-main
check: deps
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) tree
	$(Q)exec $(mortal) $(MAKE) --no-print-directory check-now CHECK="$(suites)"
XEN := xen
checks := $(suites:%=check-%) check-packages check-xen check-xen-rest check-san
$(checks): check-%: deps
	$(Q)exec $(mortal) $(MAKE) --no-print-directory check-now CHECK="$(if $(filter xen,$*),$(XEN),$*)"
check_env = TREE=$(O) DMVL_PRODUCT=$(or $(DMVL_PRODUCT),$(abspath $(P))) SAN=$(SAN) VALGRIND=$(VALGRIND) \
	    COVERAGE=$(COVERAGE) RELEASES="$(RELEASES)" FUZZ_BIN="$(FUZZ_BIN)" XENSTORED=$(XENSTORED) SUITE=$(SUITE) DOMU=$(DOMU)
check-now:
	$(Q)$(MAKE) --no-print-directory $(if $(OTHER),,$(jobs)) check-built CHECK="$(CHECK)"
	$(Q)$(check_env) exec $(mortal) tests/check $(CHECK)
check-built: all $(if $(filter unit,$(CHECK)),units) $(if $(filter fuzz,$(CHECK)),fuzz-bin) \
	   $(if $(filter san,$(CHECK)),san-tree) $(if $(filter xensim san,$(CHECK)),xensim)
check-xen-other:
	$(Q)exec $(mortal) $(MAKE) --no-print-directory check-xen SUITE=$(or $(SUITE),$(if $(filter trixie,$(OWN)),bookworm,trixie)) XEN=xen-other
# A test of the suite may need every program, a unit program only itself.
check-one: deps
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) one-tree
	$(Q)$(check_env) ON=$(ON) exec $(mortal) tests/check-one $(T)
ifeq ($(OTHER),)
one-tree: $(patsubst %,$(O)/tests/unit/%,$(filter test_%,$(T))) $(if $(filter-out test_%,$(T)),all $(P)/dmvl-hostile xensim)
	@:
else
one-tree: all
	$(in_release) $(patsubst %,$(O)/tests/unit/%,$(filter test_%,$(T)))
endif
check-long: deps
	$(Q)exec $(mortal) tests/check-long
# A little on both machines with Xen's xenstored in OCaml, which Debian's init script prefers; check-long
# has all of it.
OXENSTORED_TESTS := 01-basic 23-attach 30-resume 60-access
check-oxenstored: deps
	$(Q)exec $(mortal) $(MAKE) --no-print-directory check-now CHECK="xensim xen" \
		ONLY="$(OXENSTORED_TESTS)" XENSTORED=oxenstored
# The benches' programs too: what is not built breaks unseen.
ifeq ($(OTHER),)
units: $(UNIT_BIN) $(BENCH_BIN)
else
units:
	$(in_release) units
endif
# All that the suites unit and xensim need of an object tree.
tree: all units
san-tree: $(GEN)
	$(Q)$(MAKE) --no-print-directory $(jobs) SAN=address,undefined tree

# The table comes even when a test fails, and then this fails too.
COVERAGE_MIN := 85
coverage: deps
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) COVERAGE=1 tree
	$(Q)tests/coverage clear
	$(Q)$(MAKE) --no-print-directory COVERAGE=1 check-now CHECK="unit xensim"; status=$$?; \
		tests/coverage report $(COVERAGE_MIN) && exit $$status

deps:
	$(Q)tests/deps

include debian/install.mk

# The pictures in README.md and docs/plot.md, drawn again.
picture-top picture-plot: picture-%: deps
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) check-one T=$(abspath tests/pictures/$*.sh) ON=xensim

# --- the rest ---------------------------------------------------------------------------------------
format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf $(B)

-include $(shell find $(O) -type f -name '*.d' 2>/dev/null)
.PHONY: always all demo picture-top picture-plot check check-now check-built check-xen-other check-one check-long check-oxenstored one-tree units tree san-tree $(checks) coverage deps libraries format clean
.DEFAULT_GOAL := all
.SECONDARY:
.DELETE_ON_ERROR:
