# What the service scripts share. A service lives in a folder of its own, $SERVICE_ROOT/NAME, with its process id in pid and its address
# in url. Everything listens on loopback, on a free port. Sourced, never run.
SERVICE_ROOT="${SERVICE_ROOT:-/tmp/winnow-services}"
mkdir -p "$SERVICE_ROOT"; chmod 755 "$SERVICE_ROOT"

# need PROGRAM PACKAGE…: installs Debian packages where the program is missing; exit 77 ("skip") where this machine cannot.
need() {
  local program="$1"; shift
  command -v "$program" >/dev/null 2>&1 || [ -x "$program" ] && return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "$program is missing: install $* (Debian), or run as root" >&2; exit 77
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >"$SERVICE_ROOT/apt.log" 2>&1 ||
    { apt-get update >>"$SERVICE_ROOT/apt.log" 2>&1 &&
      apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >>"$SERVICE_ROOT/apt.log" 2>&1; } ||
    { echo "cannot install $*:" >&2; tail -n 5 "$SERVICE_ROOT/apt.log" >&2; exit 1; }
}

# running PID: there, and no zombie
running() { kill -0 "$1" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }

# alive PIDFILE WORD: its process runs, and its command line holds the word, so that a reused id is not taken for it
alive() {
  local p; p=$(head -n 1 "$1" 2>/dev/null) || return 1
  [ -n "$p" ] && running "$p" && tr '\0' ' ' <"/proc/$p/cmdline" | grep -q -- "$2"
}

# wait_for SECONDS COMMAND…
wait_for() {
  local end=$(( $(date +%s%N) / 1000000 + $1 * 1000 )); shift
  until "$@" >/dev/null 2>&1; do
    [ $(( $(date +%s%N) / 1000000 )) -lt "$end" ] || return 1
    sleep 0.05
  done
}

# stop_pid PIDFILE SIGNAL WORD: asks, waits ten seconds, then kills
stop_pid() {
  if alive "$1" "$3"; then
    local p i; p=$(head -n 1 "$1"); kill "-$2" "$p" 2>/dev/null || true # it may have ended by itself meanwhile
    for i in $(seq 200); do running "$p" || break; sleep 0.05; done
    if running "$p"; then kill -KILL "$p" 2>/dev/null || true; fi
  fi
  rm -f "$1"
}

# free_port WANTED: that port, or the next free one above it
free_port() {
  local p
  for p in $(seq "$1" $(( $1 + 200 ))); do (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }; done
  return 1
}
