# The scheduler simulator: its tables and plots, its figures as JSON, and the property tests.
# Included by the top Makefile.

SIM_LIB_SRC := tests/sim/world.c tests/sim/gps.c tests/sim/cases.c tests/sim/peers.c \
	       tests/sim/wf2q.c tests/sim/rules.c tests/sim/windows.c tests/sim/subject_dmvl.c
SIM_SRC     := $(SIM_LIB_SRC) $(filter-out $(SIM_LIB_SRC),$(wildcard tests/sim/*.c))
SCHED_SRC   := $(wildcard backend/sched/*.c)
CREDIT_SRC  := $(filter-out backend/credit/logfile.c,$(wildcard backend/credit/*.c))

$(O)/tests/sim/sim: $(call obj,$(SIM_SRC) $(SCHED_SRC) $(CREDIT_SRC))
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(LDHARDEN) -o $@ $^ -lm

# The property tests are a unit test that needs the simulator's world.
$(O)/tests/unit/test_sched_prop: $(call obj,tests/unit/test_sched_prop.c $(SIM_LIB_SRC) $(SCHED_SRC))
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(LDHARDEN) -o $@ $^ -lm

BENCH_BIN += $(O)/tests/sim/sim

sim: $(O)/tests/sim/sim
	$(Q)mkdir -p $(B)/sim
	$(Q)$< tables $(B)/sim

bench-sched: $(O)/tests/sim/sim
	$(Q)mkdir -p $(B)/bench
	$(Q)$< bench $(B)/bench/sched.json

bench-credits: $(O)/tests/sim/sim
	$(Q)mkdir -p $(B)/bench
	$(Q)$< credits $(B)/bench/credits.json

.PHONY: sim bench-sched bench-credits
