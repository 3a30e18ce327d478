#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the picture of Prometheus in docs/fleet.md shows: guests under load over xensim for 45 s, scraped each
# second, with the rules of docs/metrics. The data stay in build/prometheus. The picture was made by hand:
#
#     make check-one T=$PWD/tests/pictures/prometheus.sh ON=xensim
#     prometheus --config.file=/dev/null --storage.tsdb.path=build/prometheus --web.listen-address=127.0.0.1:9099 &
#     chromium --headless --no-sandbox --user-data-dir=$(mktemp -d) --window-size=1000,860 --virtual-time-budget=20000 \
#         --screenshot=prometheus.png "http://127.0.0.1:9099/graph?g0.expr=...&g0.tab=0&g0.range_input=65s&g0.end_input=..."
#
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

data=$SUITE_TOP/build/prometheus

command -v prometheus >/dev/null || skip_all 'there is no prometheus'
rm -rf "$data"
uplink_setup
back_start --tx-capacity 2mbit
ldps 'g1 1 weight=512 tx-min=500kbit' 'g2 2' 'g3 3 weight=128 tx-max=300kbit' 'g4 4'
dmvl-exporter --listen 127.0.0.1:9873 2>exporter.log &
exporter=$!
cat >prometheus.yml <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
scrape_configs:
  - job_name: dmvl
    static_configs: [{targets: ['127.0.0.1:9873'], labels: {instance: xen17}}]
rule_files: [$SUITE_TOP/docs/metrics/dmvl.rules.yml]
END
prometheus --config.file=prometheus.yml --storage.tsdb.path="$data" --web.listen-address=127.0.0.1:9090 2>prometheus.log &
prometheus=$!
check 'Prometheus is ready' wait_for 60 grep -q 'Server is ready' prometheus.log
sink_start
sends g4 udp -b 100000 -l 1400
sends g2 udp -b 4000000 -l 1400
sends g3 udp -b 4000000 -l 1400
sleep 15
sends g1 udp -b 4000000 -l 1400 # more than the others leave
sleep 15
dmvlctl set g2 weight=1024 >&2
sleep 15
kill $prometheus $exporter
wait $prometheus $exporter
check 'Prometheus has samples' test -d "$data/wal"
back_stop
done_testing
