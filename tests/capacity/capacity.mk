# How well the uplink's capacity is measured: see docs/capacity.md. Included by the top Makefile.

bench-capacity: $(addprefix $(P)/,dmvl-back dmvl-front dmvlctl) xensim
	$(Q)DMVL_PRODUCT=$(abspath $(P)) tests/capacity/bench

.PHONY: bench-capacity
