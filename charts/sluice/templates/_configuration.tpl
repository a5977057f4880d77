{{/* What the gateway is configured with: which form, which file, and what can be read out of it. */}}

{{/* The configuration as JSON, whichever value it came from; {} where there is none. */}}
{{- define "sluice.document" -}}
{{- $original := or .Values.project .Values.filters -}}
{{- if and .Values.config $original -}}
{{- fail "values: `config` stands beside `project` or `filters`: use one form" -}}
{{- end -}}
{{- if kindIs "string" .Values.config -}}
{{- $parsed := fromYaml .Values.config -}}
{{- if hasKey $parsed "Error" -}}
{{- fail (printf "values: `config` is no YAML object: %s" $parsed.Error) -}}
{{- end -}}
{{- $parsed | toJson -}}
{{- else if .Values.config -}}
{{- .Values.config | toJson -}}
{{- else if $original -}}
{{- dict "project" (.Values.project | default "" | toString) "filters" (.Values.filters | default list) | toJson -}}
{{- else -}}
{}
{{- end -}}
{{- end }}

{{/* `ours` with any of three keys, else `original`; `none` where there is no configuration. */}}
{{- define "sluice.form" -}}
{{- $document := include "sluice.document" . | fromJson -}}
{{- if not $document -}}none
{{- else if or (hasKey $document "version") (hasKey $document "sources") (hasKey $document "triggers") -}}ours
{{- else -}}original
{{- end -}}
{{- end }}

{{- define "sluice.configFile" -}}
{{- if .Values.config }}config.yaml{{ else }}filters.json{{ end -}}
{{- end }}

{{/* The file's text. */}}
{{- define "sluice.configText" -}}
{{- if kindIs "string" .Values.config -}}
{{- .Values.config -}}
{{- else if .Values.config -}}
{{- .Values.config | toYaml -}}
{{- else -}}
{{- include "sluice.document" . | fromJson | toPrettyJson -}}
{{- end -}}
{{- end }}

{{/* The watched namespaces as a JSON list, without doubles; "*" where a source reads all. */}}
{{- define "sluice.watched" -}}
{{- $own := .Release.Namespace -}}
{{- $document := include "sluice.document" . | fromJson -}}
{{- $namespaces := list -}}
{{- range $name, $source := $document.sources | default dict -}}
{{- if hasKey $source "events" -}}
{{- $written := dig "events" "namespaces" list $source -}}
{{- /* One namespace may be written without a list. */ -}}
{{- if kindIs "string" $written -}}{{- $written = list $written -}}{{- end -}}
{{- $namespaces = concat $namespaces ($written | default (list $own)) -}}
{{- end -}}
{{- end -}}
{{- $namespaces | default (list $own) | uniq | sortAlpha | toJson -}}
{{- end }}

{{/* The triggers as a JSON map from name to { kind, what, namespace }, for kind kubernetes also
{ group, resource }; `what` is for people. */}}
{{- define "sluice.triggers" -}}
{{- $own := .Release.Namespace -}}
{{- $document := include "sluice.document" . | fromJson -}}
{{- $found := dict -}}
{{- range $name, $trigger := $document.triggers | default dict -}}
{{- if hasKey $trigger "brigade" -}}
{{- $namespace := dig "brigade" "namespace" "" $trigger | default $own -}}
{{- $_ := set $found $name (dict "kind" "brigade" "what" (printf "a Brigade build of %v" (dig "brigade" "project" "" $trigger)) "namespace" $namespace) -}}
{{- else if hasKey $trigger "kubernetes" -}}
{{- $manifest := dig "kubernetes" "manifest" dict $trigger -}}
{{- $namespace := dig "metadata" "namespace" "" $manifest | default $own -}}
{{- $kind := $manifest.kind | default "" | toString -}}
{{- $group := regexReplaceAll "/?[^/]*$" ($manifest.apiVersion | default "" | toString) "" -}}
{{- $resource := dig "kubernetes" "resource" "" $trigger | default (include "sluice.plural" $kind) -}}
{{- $_ := set $found $name (dict "kind" "kubernetes" "what" (printf "a %s" $kind) "namespace" $namespace "group" $group "resource" $resource) -}}
{{- else if hasKey $trigger "exec" -}}
{{- fail (printf "trigger %s runs a local command (exec), which this chart does not allow: use a kubernetes trigger" $name) -}}
{{- end -}}
{{- end -}}
{{- if eq (include "sluice.form" .) "original" -}}
{{- $_ := set $found "brigade" (dict "kind" "brigade" "what" (printf "a Brigade build of %s" $document.project) "namespace" $own) -}}
{{- end -}}
{{- $found | toJson -}}
{{- end }}

{{/* The port of the probes listener; empty where it is `off` (false where YAML 1.1 read that). */}}
{{- define "sluice.probesPort" -}}
{{- $document := include "sluice.document" . | fromJson -}}
{{- $address := dig "http" "probes" "0.0.0.0:8080" $document -}}
{{- regexFind "[0-9]+$" (toString $address) -}}
{{- end }}
