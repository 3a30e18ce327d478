# Benches of single parts. Included by the top Makefile.

$(O)/tests/bench/frame_cost: $(O)/tests/bench/frame_cost.o $(O)/libback.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_BACK)

bench-frame-cost: $(O)/tests/bench/frame_cost
	$(Q)mkdir -p $(B)/bench
	$(Q)touch $(B)/bench/frame-cost.json
	$(Q)tests/bench/frame-cost $< $(B)/bench/frame-cost.json

.PHONY: bench-frame-cost
