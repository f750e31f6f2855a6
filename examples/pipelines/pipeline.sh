#!/usr/bin/env bash
# A pipeline in any CI system: `pipeline.sh check`, `pipeline.sh plan prod`, `pipeline.sh apply prod`.
# plan leaves plan.json and plan.html to be kept and read; apply takes that plan.json and no other.
set -euo pipefail

case "${1-} ${2-}" in
  "check ")
    penguin-compile fmt --check
    penguin-compile validate --strict
    penguin-compile compile --check
    ;;
  "plan "?*)
    # 2: it changes something. 3: a person must decide. 4: a limit or a protection refuses it.
    penguin-compile plan --env "$2" --out plan.json --detailed-exitcode && code=0 || code=$?
    [[ $code == [0234] ]] && penguin-compile show plan.json --format html > plan.html
    [[ $code == [02] ]] || exit "$code"
    ;;
  "apply "?*)
    # 5: something changed since the plan; nothing was written: plan again, and have it approved.
    # 7: applied in part; the same command finishes it.
    penguin-compile apply plan.json --yes
    ;;
  *)
    echo "usage: pipeline.sh check | plan ENVIRONMENT | apply ENVIRONMENT" >&2
    exit 64
    ;;
esac
