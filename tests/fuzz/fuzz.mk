# libFuzzer targets, linked with the product's own objects: see tests/fuzz/README.md. Included by the
# top Makefile.
#
#   make check-fuzz           replays the committed corpora
#   make fuzz FUZZ_SECONDS=60 fuzzes each target that long; what crashes is kept in build/fuzz/
#   make fuzz-merge           rewrites the corpora, with what fuzzing has found since
#
# FUZZ=NAME.. picks targets.

FUZZ_CC      ?= clang
FUZZ         ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SAN     := address,undefined,fuzzer-no-link
FUZZ_O       := $(B)/obj-$(subst $(comma),-,$(FUZZ_SAN))
FUZZ_BIN     := $(FUZZ:%=$(FUZZ_O)/tests/fuzz/fuzz_%)
FUZZ_LIB_SRC := $(filter-out tests/fuzz/fuzz_%.c tests/fuzz/seeds%.c,$(wildcard tests/fuzz/*.c))

# A build of its own, whatever this one is: another compiler, and objects that count their edges.
fuzz-bin: $(GEN)
	$(Q)$(MAKE) --no-print-directory $(jobs) CC=$(FUZZ_CC) SAN=$(FUZZ_SAN) fuzz-bin-now
fuzz-bin-now: $(FUZZ_BIN)
	@:

$(O)/libfuzz.a: $(call obj,$(FUZZ_LIB_SRC))
$(O)/tests/fuzz/fuzz_%: $(O)/tests/fuzz/fuzz_%.o $(O)/libfuzz.a $(O)/libfake.a $(O)/libctl.a $(O)/libback.a \
			$(O)/libbase.a $(O)/libfront.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) -fsanitize=fuzzer $(LIBS_BACK) -ljson-c -lm
$(O)/tests/fuzz/seeds: $(call obj,$(wildcard tests/fuzz/seeds*.c))
	$(call say,LD,$@)
	$(link)

fuzz fuzz-merge: fuzz%: deps
	$(Q)$(MAKE) --no-print-directory fuzz$*-now
fuzz-now: fuzz-bin
	$(Q)tests/fuzz/run $(FUZZ_BIN)
fuzz-merge-now: fuzz-bin $(O)/tests/fuzz/seeds
	$(Q)tests/fuzz/merge $(O)/tests/fuzz/seeds $(FUZZ_BIN)

.PHONY: fuzz fuzz-bin fuzz-bin-now fuzz-merge fuzz-merge-now fuzz-now
