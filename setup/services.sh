#!/bin/sh
# Installs, as root on Debian, the real servers and the browser that the tests start for themselves. Elsewhere it
# says what is missing; the tests that need it are then skipped, each with its reason.
set -eu

missing=""
need() { # program, package
	command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || missing="$missing $2"
}
need mariadbd mariadb-server
need mariadb-dump mariadb-client
need mariadb-backup mariadb-backup
need restic restic
need pgbackrest pgbackrest
need nginx nginx-light
need redis-server redis-server
need rabbitmq-server rabbitmq-server
need chronyd chrony
need dnsmasq dnsmasq-base
need sshd openssh-server
need dovecot dovecot-imapd
need haproxy haproxy
need chromium chromium
need promtool prometheus
need prometheus-blackbox-exporter prometheus-blackbox-exporter
need prometheus-node-exporter prometheus-node-exporter
need prometheus-alertmanager prometheus-alertmanager
need faketime faketime
need ip iproute2
need msgfmt gettext
[ -x /usr/lib/nagios/plugins/check_load ] || missing="$missing monitoring-plugins-basic"
[ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || missing="$missing fonts-noto-cjk"
lib() { # library, package
	/sbin/ldconfig -p 2>/dev/null | grep -q "$1" || missing="$missing $2"
}
lib libpango-1.0.so.0 libpango-1.0-0
lib libpangoft2-1.0.so.0 libpangoft2-1.0-0
lib libharfbuzz-subset.so.0 libharfbuzz-subset0
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "set-up: installing the Debian packages$missing"
	# No server is started by its package: the tests start their own, each in a directory of its own.
	guard=/usr/sbin/policy-rc.d
	if ! [ -e "$guard" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$guard" && chmod +x "$guard"
		trap 'rm -f "$guard"' EXIT
	fi
	apt-get update -qq
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
		echo "set-up: some of them could not be installed; the tests that need them will be skipped"
else
	echo "set-up: not here and not installed (needs root on Debian):$missing; the tests that need them will be skipped"
fi
