#!/bin/sh
# A sample pipeline: says what a real one would do with an accepted Event. Sluice hands over the facts
# as SLUICE_* variables and the whole document as JSON on standard input, and prefixes each line that
# is written here with the delivery's id.
#
# Whoever may write Events chose these values, so they are only ever data here: each expansion is
# quoted, nothing is evaluated, printf takes them as arguments and never as its format.
set -eu

# Exit 0: delivered. 75: try again later (retryOn in the configuration). Anything else: refused.
document=$(cat) || exit 75

say() { printf '%s: %s\n' "$1" "$2"; }

object="${SLUICE_KIND:-object} ${SLUICE_NAMESPACE:-cluster}/${SLUICE_NAME:-unnamed}"
say "pipeline" "$object, ${SLUICE_REASON:-no reason} x${SLUICE_COUNT:-1}, attempt ${SLUICE_ATTEMPT:-1}"

case "${SLUICE_REASON:-}" in
  BackOff | Failed | Unhealthy | Evicted)
    say "diagnose" "would collect the logs and the last state of $object" ;;
  FailedMount | FailedAttachVolume)
    say "storage" "would check the volumes and Secrets that $object asks for" ;;
  FailedScheduling)
    say "capacity" "would compare the requests of $object with the free room on the nodes" ;;
  Completed)
    say "promote" "would start the stage after $object" ;;
  *)
    say "notify" "would tell the owners of $object" ;;
esac

say "message" "${SLUICE_MESSAGE:-}"
say "document" "$(printf '%s' "$document" | wc -c | tr -d ' ') bytes on standard input"
