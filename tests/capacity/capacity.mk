# How well the uplink's capacity is measured: see docs/capacity.md. Included by the top Makefile.

$(O)/tests/capacity/drive: $(O)/tests/capacity/drive.o $(O)/libback.a $(O)/libbase.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_BACK)

BENCH_BIN += $(O)/tests/capacity/drive

bench-capacity: $(addprefix $(P)/,dmvl-back dmvl-front dmvlctl) $(O)/tests/capacity/drive xensim
	$(Q)DMVL_PRODUCT=$(abspath $(P)) DRIVE=$(O)/tests/capacity/drive tests/capacity/bench

.PHONY: bench-capacity
