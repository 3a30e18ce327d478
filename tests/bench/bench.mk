# The benches: see tests/README.md. Included by the top Makefile.
#
#   make bench         all of them, one after the other
#   make bench-NAME    one; figures go to build/bench/NAME.json
#   make bench-fair    dmvl beside HTB and others on the same guests, for hours; not one of "all of them"
#   make bench-churn   an hour of changes of a healthy host; not one of "all of them" either
#   make bench-installed    docs/tutorial.md followed on real Xen, with systemd in Dom0 and guest
#   make soak          hostility for $SOAK seconds: make soak SAN=address,undefined
#   make soak-faults   $FAULTS faults of guests, daemons, xenstore, disk and policy
#
# bench-sched and bench-credits are the simulator's: tests/sim/sim.mk.

# What tests/bench/run runs.
BENCH_RUN := churn frame-cost queue-cost rx-memory frame-cap hostile attach capacity measured inflight announce agentless rings crowd sizes scenarios scrape upgrade agent-restart fair
BENCHES   := sched credits $(filter-out fair churn,$(BENCH_RUN))

$(O)/tests/bench/frame_cost $(O)/tests/bench/rx_memory $(O)/tests/bench/drive: %: %.o $(O)/libfake.a $(O)/libback.a $(O)/libbase.a \
		$(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_BACK)
$(O)/tests/bench/queue_cost: %: %.o $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link)
$(O)/tests/bench/scrape: %: %.o $(O)/libexporter.a $(O)/libfake.a $(O)/libback.a $(O)/libbase.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) $(LIBS_BACK)
# The agent without the bound on what it has in flight.
$(O)/dmvl-front-unbound: $(O)/tests/bench/unbound.o $(O)/frontend/main.o $(O)/libfront.a $(O)/libdmvl.a
	$(call say,LD,$@)
	$(link) -Wl,--wrap=tx_room $(LIBS_FRONT)

BENCH_BIN += $(O)/tests/bench/frame_cost $(O)/tests/bench/queue_cost $(O)/tests/bench/rx_memory $(O)/tests/bench/drive $(O)/tests/bench/scrape $(O)/dmvl-front-unbound

bench: deps
	$(Q)status=0; for name in $(BENCHES); do \
		$(MAKE) --no-print-directory bench-$$name || status=1; \
	done; exit $$status

$(BENCH_RUN:%=bench-%) soak soak-faults: deps
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) bench-tree
	$(Q)TREE=$(O) DMVL_PRODUCT=$(abspath $(P)) exec $(mortal) tests/bench/run $(@:bench-%=%)
# Of the packages that people install.
bench-upgrade: deb
# The tutorial on real Xen, with systemd in Dom0 and guest: a quarter of an hour on an idle machine.
deps-release:
	$(Q)tests/deps release
ifeq ($(OTHER),)
installed-debs: deb
else
installed-debs: deps-release dist
	$(Q)tests/packages/build $(OTHER) $(B)/dist/dmvl-$(VERSION).tar.gz $(B)/deb
endif
bench-installed: deps-release installed-debs
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all
	$(Q)SUITE=$(SUITE) exec $(mortal) tests/installed/run $(B)/deb
bench-tree: all $(P)/dmvl-hostile $(BENCH_BIN) xensim
	@:

.PHONY: bench bench-installed deps-release installed-debs bench-tree soak soak-faults $(BENCH_RUN:%=bench-%)
