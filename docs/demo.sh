#!/usr/bin/env bash
# The main job on the example app, for real: every line that follows a `$` is run as it stands.
# Works in .demo/, with a SQLite database and a local gateway that is started here. DEMO_PAUSE: seconds
# to wait behind each command.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work="$root/.demo"
rm -rf "$work"
mkdir -p "$work/spec"
cp "$root/spec/myapp.yaml" "$work/spec/"
cd "$work"

export CLUSTER_API_KEY=demo-key

say() { printf '\n\033[1m# %s\033[0m\n' "$*"; }
run() {
  printf '\n\033[36m$ %s\033[0m\n' "$*"
  "$@"
  sleep "${DEMO_PAUSE:-0}" # time to read, when it is recorded
}

penguin-compile sandbox --port 0 --json --database gateway.db > sandbox.json &
sandbox=$!
trap 'kill "$sandbox" 2>/dev/null; wait "$sandbox" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
  [ -s sandbox.json ] && break
  sleep 0.1
done
url=$(python -c 'import json; print(json.load(open("sandbox.json"))["url"])')
sed -i "s#http://127.0.0.1:8000#$url#" spec/myapp.yaml

say "1. Check the spec of the example app, in all its environments."
run penguin-compile validate

say "2. Compile what its gateway, database and containers read."
run penguin-compile compile

say "3. What would be changed in dev? A SQLite database and a local gateway, both empty."
run penguin-compile plan --env dev

say "4. Do it."
run penguin-compile apply --env dev --yes

say "5. An admin turns the theme dark, live. The plan names the edit and keeps it."
python - <<'PY'
import sqlite3

with sqlite3.connect(".penguin/dev.db") as database:
    database.execute(
        "UPDATE config SET config_value = 'dark', updated_by = 'admin@example.com' "
        "WHERE config_key = 'theme'"
    )
PY
run penguin-compile plan --env dev

say "6. Somebody edits the spec: sessions end after 60 minutes. Only that is rolled out."
sed -i '/^  session_minutes:/,/default:/ s/default: 30/default: 60/' spec/myapp.yaml
run penguin-compile compile --diff --env dev --target env
run penguin-compile apply --env dev --yes

say "7. Nothing is left to do."
run penguin-compile plan --env dev --detailed-exitcode
printf '\nEverything is in .demo/: the spec, generated/, the database and the gateway.\n'
