#!/bin/sh
# Makes the virtual environment $1 with Mainstay in it; with "dev" as $2 also what the tests and checks need.
set -eu
venv=$1 group=${2:-}
python=${PYTHON:-python3}

fail() { echo "set-up: $*" >&2; exit 1; }

command -v "$python" >/dev/null || fail "no $python here; install Python 3.11 or newer, or say PYTHON=/path/to/python3"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
	fail "$("$python" --version) is too old; Mainstay needs Python 3.11 or newer (say PYTHON=/path/to/python3.11)"

if ! [ -x "$venv/bin/pip" ]; then
	if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
		if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
			echo "set-up: installing the Debian package python3-venv"
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
		else
			fail "this Python has no venv; install it first (Debian: apt-get install python3-venv)"
		fi
	fi
	echo "set-up: making $venv with $("$python" --version)"
	"$python" -m venv "$venv" || fail "the virtual environment could not be made"
	"$venv/bin/python" -m pip install --quiet --upgrade pip 2>/dev/null || true
fi

if [ "$group" = dev ]; then
	echo "set-up: installing into $venv what tests and checks need (pyproject.toml, group dev)"
	"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --group dev 2>"$venv/pip.log" ||
		{ cat "$venv/pip.log" >&2; fail "pip could not install them; is a package index reachable?"; }
	# For the one file axe.min.js in it: the browser that it would bring is not needed.
	"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "axe-playwright-python==0.1.8" 2>"$venv/pip.log" ||
		{ cat "$venv/pip.log" >&2; fail "pip could not install axe-core; is a package index reachable?"; }
	# It asks for other versions of what Mainstay stands on, so it lives apart.
	[ -x "$venv/openapi/bin/python" ] || "$python" -m venv "$venv/openapi" || fail "the virtual environment could not be made"
	"$venv/openapi/bin/python" -m pip install --quiet --disable-pip-version-check "openapi-python-client>=0.29,<0.30" 2>"$venv/pip.log" ||
		{ cat "$venv/pip.log" >&2; fail "pip could not install the generator of API clients; is a package index reachable?"; }
else
	echo "set-up: installing Mainstay and its libraries into $venv (pyproject.toml)"
	"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable . 2>"$venv/pip.log" ||
		{ cat "$venv/pip.log" >&2; fail "pip could not install them; is a package index reachable?"; }
fi

# The libraries that PDF is printed with, and a font with Chinese; without them everything but the PDF works.
missing=""
/sbin/ldconfig -p 2>/dev/null | grep -q libharfbuzz-subset.so.0 || missing="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
[ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || missing="$missing fonts-noto-cjk"
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "set-up: installing the Debian packages $missing (for PDF)"
	# shellcheck disable=SC2086
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
		echo "set-up: they could not be installed; inspection sheets cannot be printed as PDF"
elif [ -n "$missing" ]; then
	echo "set-up: not here and not installed (needs root on Debian): $missing; without them no PDF can be printed"
fi
