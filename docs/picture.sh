#!/usr/bin/env bash
# Draws docs/plan.svg: a plan of the example app after an admin and an engineer both made changes.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
mkdir "$work/spec"
cp "$root/spec/myapp.yaml" "$work/spec/"
cd "$work"
export CLUSTER_API_KEY=demo-key

penguin-compile sandbox --port 0 --json > sandbox.json &
sandbox=$!
trap 'kill "$sandbox" 2>/dev/null; wait "$sandbox" 2>/dev/null || true; rm -rf "$work"' EXIT
until [ -s sandbox.json ]; do sleep 0.1; done
url=$(python -c 'import json; print(json.load(open("sandbox.json"))["url"])')
sed -i "s#http://127.0.0.1:8000#$url#" spec/myapp.yaml
penguin-compile apply --env dev --yes > /dev/null

python - <<'PY'
import sqlite3

with sqlite3.connect(".penguin/dev.db") as database:
    for key, value in (("theme", "dark"), ("session_minutes", "45")):
        database.execute(
            "UPDATE config SET config_value = ?, updated_by = 'admin@example.com' "
            "WHERE config_key = ?",
            (value, key),
        )
PY
sed -i '/^  session_minutes:/,/default:/ s/default: 30/default: 60/
        /^  smtp_host:/,/default:/ s/default: localhost/default: smtp.example.com/
        s/port: 8080/port: 8081/
        /^  webui-access:/,/path_prefix/ d' spec/myapp.yaml
python "$root/docs/picture.py" "$root/docs/plan.svg" -- penguin-compile plan --env dev
