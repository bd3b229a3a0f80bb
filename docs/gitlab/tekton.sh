#!/bin/sh
# Starts a pipeline of Tekton from a job of GitLab CI, shows its log in the job's, and passes or fails with the run.
#
#   TRIGGER_URL     where a Tekton EventListener takes the event
#   SERVE_URL       where `tekton-integrations serve` answers
#   SERVICE         what is built; the run is named $SERVICE-run-$EVENT_ID by the TriggerTemplate
#   AUTH_USERNAME, AUTH_PASSWORD    a user of `tekton-integrations serve`, as masked variables of the project
set -eu

EVENT_ID="${EVENT_ID:-$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')}"
RUN="$SERVICE-run-$EVENT_ID"

# The password comes by standard input: on a command line everybody on the machine would see it.
ask() {
    printf 'user = "%s:%s"\n' "$AUTH_USERNAME" "$(printf %s "$AUTH_PASSWORD" | sed 's/[\\"]/\\&/g')" |
        curl --config - --silent --show-error --fail-with-body "$@"
}

echo "Tekton: $RUN"
curl --silent --show-error --fail --output /dev/null --header "Content-Type: application/json" \
    --data "{\"event_id\": \"$EVENT_ID\", \"service\": \"$SERVICE\", \"sha\": \"${CI_COMMIT_SHA:-}\"}" "$TRIGGER_URL"

# The run may not be there yet: the log waits for it. Should the connection break, the status still decides.
ask --no-buffer "$SERVE_URL/logs/$RUN" || echo "the log broke off" >&2
ask --retry 5 "$SERVE_URL/status/$RUN?wait=3600"
