# A guest of bad will: see tests/hostile/README.md. Included by the top Makefile.

HOSTILE_SRC := $(wildcard tests/hostile/*.c)
HOSTILE_OBJ := $(call obj,$(HOSTILE_SRC) backend/sched/rng.c)

$(O)/dmvl-hostile: $(HOSTILE_OBJ) $(O)/libfront.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_FRONT)

ifeq ($(OTHER),)
check-built tree: $(P)/dmvl-hostile
endif
