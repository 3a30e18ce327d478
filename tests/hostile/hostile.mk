# A guest of bad will, and the benches that use it: see tests/hostile/README.md. Included by the top
# Makefile.

HOSTILE_SRC := $(wildcard tests/hostile/*.c)
HOSTILE_OBJ := $(call obj,$(HOSTILE_SRC) backend/sched/rng.c)

$(O)/dmvl-hostile: $(HOSTILE_OBJ) $(O)/libfront.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_FRONT)

check-now tree: $(P)/dmvl-hostile
bench-hostile bench-attach soak: %: $(addprefix $(P)/,dmvl-back dmvl-front dmvlctl dmvl-hostile) xensim
	$(Q)DMVL_PRODUCT=$(abspath $(P)) tests/hostile/bench $(subst bench-,,$@)

.PHONY: bench-hostile bench-attach soak
