# A guest of bad will, and the benches that use it: see tests/hostile/README.md. Included by the top
# Makefile.

HOSTILE_SRC := $(wildcard tests/hostile/*.c)
HOSTILE_OBJ := $(call obj,$(HOSTILE_SRC) backend/sched/rng.c)

$(O)/dmvl-hostile: $(HOSTILE_OBJ) $(O)/libfront.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_FRONT)

hostile_dir := $(if $(SAN),$(O),$(B))
check-now: $(hostile_dir)/dmvl-hostile
bench-hostile bench-attach soak: %: $(addprefix $(hostile_dir)/,dmvl-back dmvl-front dmvlctl dmvl-hostile) xensim
	$(Q)DMVL_PRODUCT=$(abspath $(hostile_dir)) tests/hostile/bench $(subst bench-,,$@)

.PHONY: bench-hostile bench-attach soak
