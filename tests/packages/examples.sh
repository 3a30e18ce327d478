# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The examples of init/network and init/openrc, given to the programs that they are for, in a root of Debian.

example_needs()
{
	apt_in "$1" update && apt_in "$1" install cloud-init ifupdown iproute2 kmod openrc systemd
}

# dmvl0 is of no class that is brought up at boot, whether it is there or not; udev brings it up, and then it asks for an address.
ifupdown_takes()
{
	# shellcheck disable=SC2154 # lib.sh sets it
	[ "$(in_root "$1" ifquery -i /srv/network/interfaces.dmvl --allow hotplug --list)" = dmvl0 ] &&
		[ -z "$(in_root "$1" ifquery -i /srv/network/interfaces.dmvl --exclude=lo --list)" ] &&
		in_root "$1" ifup --force -n -v -i /srv/network/interfaces.dmvl dmvl0 >"$tmp/ifup" 2>&1 &&
		grep -E '(dhclient|dhcpcd|udhcpc) .*dmvl0' "$tmp/ifup" || { cat "$tmp/ifup"; return 1; }
}

# With all that it has in comments, such as a fixed address, since there is no server here. Who waits for the network waits
# for dmvl0 by its name alone; dmvl1 has no carrier. The address stays when the carrier is lost. IPv6AcceptRA: there is no router.
networkd_takes()
{
	in_root "$1" unshare --mount --net sh -e -c '
		mount -t sysfs -o ro sysfs /sys
		conf=/run/systemd/network netif=/run/systemd/netif
		mkdir -p $conf/70-dmvl.network.d $netif/links $netif/leases $netif/lldp
		chown -R systemd-network: $netif
		sed "/^DHCP=/d; s/^#\([A-Z[]\)/\1/" /srv/network/70-dmvl.network >$conf/70-dmvl.network
		printf "[Network]\nIPv6AcceptRA=no\n" >$conf/70-dmvl.network.d/here.conf
		printf "[Match]\nName=eth0\n[Network]\nAddress=10.9.9.1/24\nIPv6AcceptRA=no\n" >$conf/50-eth0.network
		cd /lib/systemd
		./systemd-networkd &
		ip link add dmvl1 type veth peer name nobody
		ip link add eth0 type veth peer name world
		ip link set world up
		./systemd-networkd-wait-online --timeout=60
		ip link add dmvl0 type veth peer name back
		ip link set back up
		./systemd-networkd-wait-online --timeout=60 --interface=dmvl0
		ip address show dmvl0 | grep -F 10.0.0.5/24
		ip link set back down
		for _ in $(seq 600); do
			! grep -qx OPER_STATE=no-carrier $netif/links/$(cat /sys/class/net/dmvl0/ifindex) || break
			sleep 0.1
		done
		ip address show dmvl0 | grep -F 10.0.0.5/24'
}

# cloud-init makes a file for systemd-networkd of it, which it gives to that user.
cloud_init_takes()
{
	local made=$tmp/$1/root/srv/made/etc/systemd/network/10-cloud-init-dmvl0.network
	in_root "$1" sh -c 'getent passwd systemd-network || useradd -r systemd-network' &&
		in_root "$1" cloud-init devel net-convert -p /srv/network/cloud-init.yaml -k yaml -D debian -O networkd -d /srv/made &&
		cat "$made" && grep -qx 'Name=dmvl0' "$made" && grep -qx 'DHCP=yes' "$made"
}

# In /etc/cloud, as its comment says: what cloud-init reads of it is the same.
cloud_init_reads()
{
	local root=$tmp/$1/root
	{ echo network: && sed '/^#/d; s/^/  /' init/network/cloud-init.yaml; } >"$root/etc/cloud/cloud.cfg.d/70-dmvl.cfg"
	in_root "$1" python3 -c '
import yaml
from cloudinit.util import read_conf_with_confd
if read_conf_with_confd("/etc/cloud/cloud.cfg")["network"] != yaml.safe_load(open("/srv/network/cloud-init.yaml")):
    raise SystemExit("it reads something else")'
}

# Programs that say how they were called, and stay; the check of a configuration (-t) ends.
openrc_play()
{
	local root=$tmp/$1/root name
	for name in dmvl-back dmvl-front dmvlctl; do
		printf '#!/bin/sh\necho "%s $*" >>/srv/called\n[ "$1" = -t ] || [ %s = dmvlctl ] || exec sleep 1000\n' \
			$name $name >"$root/usr/sbin/$name"
		chmod +x "$root/usr/sbin/$name"
	done
	install "$root"/srv/openrc/* "$root/etc/init.d/"
	ln -s dmvl-back "$root/etc/init.d/dmvl-back.east"
	mkdir -p "$root/run/openrc"
	: >"$root/run/openrc/softlevel"
}

# A signal for a reload ends what is played here, and so it is started again.
openrc_runs()
{
	openrc_play "$1"
	in_root "$1" sh -c '
		called() {
			for _ in $(seq 300); do [ "$(grep -c "^$1" /srv/called)" -lt "$2" ] || return 0; sleep 0.1; done
			return 1
		}
		rc-service -D dmvl-back.east start && called "dmvl-back --name east" 1 &&
		rc-service dmvl-back.east reload && called "dmvl-back --name east" 2 &&
		rc-service dmvl-back.east status && rc-service -D dmvl-back.east stop &&
		rc-service -D dmvl-front start && called dmvl-front 1 && rc-service -D dmvl-front stop'
	cat "$tmp/$1/root/srv/called"
	diff - "$tmp/$1/root/srv/called" <<-END
		dmvl-back -t --name east --config /etc/dmvl/east.conf
		dmvl-back --name east --config /etc/dmvl/east.conf
		dmvl-back --name east --config /etc/dmvl/east.conf
		dmvlctl release-vifs --uplink east
		dmvl-front --id 0
	END
}

# check_examples RELEASE
check_examples()
{
	local root=$1-examples
	root_open "$root" "$PWD/build/packages/$1"
	check "$1 has systemd-networkd, ifupdown, cloud-init and OpenRC" example_needs "$root" && {
		cp -r init/network init/openrc "$tmp/$root/root/srv/"
		check "systemd-networkd of $1 takes the example" networkd_takes "$root"
		check "ifupdown of $1 takes the example" ifupdown_takes "$root"
		check "cloud-init of $1 takes the example" cloud_init_takes "$root"
		check "cloud-init of $1 takes the example in /etc/cloud" cloud_init_reads "$root"
		check "OpenRC of $1 starts, reloads and stops the example's services" openrc_runs "$root"
	}
	root_close "$root"
}
