# The scheduler simulator: its tables and plots, its figures as JSON, and the property tests.
# Included by the top Makefile.

SIM_LIB_SRC := tests/sim/world.c tests/sim/gps.c tests/sim/cases.c tests/sim/peers.c \
	       tests/sim/wf2q.c tests/sim/tree.c tests/sim/rules.c tests/sim/groups.c \
	       tests/sim/windows.c tests/sim/subject_dmvl.c \
	       tests/sim/lender.c tests/sim/gaming.c
SIM_SRC     := $(SIM_LIB_SRC) $(filter-out $(SIM_LIB_SRC),$(wildcard tests/sim/*.c))
SCHED_SRC   := $(wildcard backend/sched/*.c)
CREDIT_SRC  := $(filter-out backend/credit/logfile.c,$(wildcard backend/credit/*.c))

$(O)/tests/sim/sim: $(call obj,$(SIM_SRC) $(SCHED_SRC) $(CREDIT_SRC))
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(LDHARDEN) -o $@ $^ -lm

# Unit tests that need the simulator's world.
SIM_TESTS := $(addprefix $(O)/tests/unit/,test_sched_prop test_sched_group_prop test_sched_shares)
$(SIM_TESTS): $(O)/tests/unit/%: $(O)/tests/unit/%.o $(call obj,$(SIM_LIB_SRC) $(SCHED_SRC) $(CREDIT_SRC))
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
