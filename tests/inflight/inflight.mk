# SPDX-License-Identifier: GPL-2.0-or-later
# Credit as guests and xenstore see it: see docs/latency.md. Included by the top Makefile.

# The agent without the bound on what it has in flight.
$(O)/dmvl-front-unbound: $(O)/tests/inflight/unbound.o $(O)/frontend/main.o $(O)/libfront.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) -Wl,--wrap=tx_room $(LIBS_FRONT)

BENCH_BIN += $(O)/dmvl-front-unbound

bench-inflight bench-announce: bench-%: $(addprefix $(P)/,dmvl-back dmvl-front dmvlctl) \
		$(O)/dmvl-front-unbound xensim
	$(Q)DMVL_PRODUCT=$(abspath $(P)) UNBOUND=$(abspath $(O))/dmvl-front-unbound tests/inflight/bench $*

.PHONY: bench-inflight bench-announce
