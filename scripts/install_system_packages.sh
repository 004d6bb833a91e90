#!/usr/bin/env bash
# Installs the Debian packages that the project needs and this machine lacks; says which.
#   libcairo2-dev, libpango1.0-dev, pkg-config, build-essential, python3-dev: Manim's text and painting build from source
#   fonts-dejavu-core, fontconfig: a font to write with
#   python3-venv: to make environments
set -euo pipefail
needed=(build-essential fontconfig fonts-dejavu-core git libcairo2-dev libpango1.0-dev pkg-config python3 python3-dev python3-venv)

command -v dpkg-query >/dev/null || {
  echo "This is not a Debian machine: install the counterparts of ${needed[*]}." >&2
  exit 1
}
missing=()
for package in "${needed[@]}"; do
  dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' || missing+=("$package")
done
if ((${#missing[@]})); then
  echo "── installing Debian packages: ${missing[*]}"
  sudo=()
  if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null || { echo "Run as root once: apt-get install ${missing[*]}" >&2; exit 1; }
    sudo=(sudo)
  fi
  log=$(mktemp)
  if ! { "${sudo[@]}" apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
  fi
  rm -f "$log"
fi
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Python 3.11 or newer is needed; this is $(python3 --version)." >&2
  exit 1
}
