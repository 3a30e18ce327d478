#!/bin/sh
. /bench/lib.sh
like "$(xl info)" "*xen_version*4.17*" 'xl info tells of Xen'
is "$(guest g1 'echo hello; exit 3')" hello 'g1 answers'
done_testing
