{{/* What `helm test` needs. */}}

{{/*
Non-empty if the release has a test. It reads the decision from the API, or else from the log, which must
have a line for each decision then.
*/}}
{{- define "sluice.isTested" -}}
{{- $logging := (include "sluice.document" . | fromJson).logging | default dict -}}
{{- $decisions := .Values.logging.decisions | default $logging.decisions | default "changes" -}}
{{- $level := .Values.logging.level | default $logging.level | default "info" -}}
{{- $isLogged := and (has $decisions (list "changes" "all")) (has $level (list "info" "debug")) -}}
{{- if and .Values.tests.enabled (or .Values.api.expose $isLogged) }}yes{{ end -}}
{{- end }}

{{/* The namespace of the test's Event: a watched one. */}}
{{- define "sluice.testNamespace" -}}
{{- $watched := include "sluice.watched" . | fromJsonArray | first -}}
{{- .Values.tests.namespace | default (ternary .Release.Namespace $watched (eq $watched "*")) -}}
{{- end }}
