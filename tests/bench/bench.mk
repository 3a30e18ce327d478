# Benches of single parts. Included by the top Makefile.

$(O)/tests/bench/frame_cost: $(O)/tests/bench/frame_cost.o $(O)/libback.a $(O)/libbase.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_BACK)

BENCH_BIN += $(O)/tests/bench/frame_cost

bench-frame-cost: $(O)/tests/bench/frame_cost
	$(Q)mkdir -p $(B)/bench
	$(Q)touch $(B)/bench/frame-cost.json
	$(Q)tests/bench/frame-cost $< $(B)/bench/frame-cost.json

.PHONY: bench-frame-cost

bench-frame-cap: $(addprefix $(P)/,dmvl-back dmvl-front dmvlctl) xensim
	$(Q)mkdir -p $(B)/bench
	$(Q)rm -f $(B)/bench/frame-cap.json
	$(Q)DMVL_PRODUCT=$(abspath $(P)) BENCH_JSON=$(abspath $(B))/bench/frame-cap.json \
		tests/xensim/suite --guests 3 --timeout 240 --keep tests/bench/frame-cap.sh

.PHONY: bench-frame-cap
