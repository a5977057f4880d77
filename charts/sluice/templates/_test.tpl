{{/* What `helm test` needs. */}}

{{/*
Non-empty if the release has a test. It reads the decision from the API, or else from the log, which must
have a line for each decision then.
*/}}
{{- define "sluice.isTested" -}}
{{- $isLogged := has (include "sluice.loggedDecisions" .) (list "changes" "all") -}}
{{- if and .Values.tests.enabled (or .Values.api.expose $isLogged) }}yes{{ end -}}
{{- end }}

{{/* Which decisions have a line in the log, as `logging.decisions` says it; `none` at a level above info. */}}
{{- define "sluice.loggedDecisions" -}}
{{- $logging := (include "sluice.setting" (dict "root" . "at" "/logging") | fromJson).value | default dict -}}
{{- $level := .Values.logging.level | default $logging.level | default "info" -}}
{{- if has $level (list "info" "debug") -}}
{{- .Values.logging.decisions | default $logging.decisions | default "changes" -}}
{{- else -}}none
{{- end -}}
{{- end }}

{{/* The namespace of the test's Event: a watched one. */}}
{{- define "sluice.testNamespace" -}}
{{- $watched := include "sluice.watched" . | fromJsonArray | first -}}
{{- .Values.tests.namespace | default (ternary .Release.Namespace $watched (eq $watched "*")) -}}
{{- end }}
