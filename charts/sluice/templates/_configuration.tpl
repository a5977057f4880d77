{{/* What the gateway is configured with: which form, which file, and what can be read out of it. */}}

{{/*
The configuration as JSON, whichever value it came from; {} if there is none, or if it is in a
ConfigMap that the chart does not see.
*/}}
{{- define "sluice.document" -}}
{{- $original := or .Values.project .Values.filters -}}
{{- if and .Values.config $original -}}
{{- fail "values: `config` stands beside `project` or `filters`: use one form" -}}
{{- end -}}
{{- if and (include "sluice.isUnseen" .) (or .Values.config $original) -}}
{{- fail "values: `existingConfigMap` stands beside `config`, `project` or `filters`: use one form" -}}
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

{{/* Non-empty if the configuration is in a ConfigMap that the chart does not see. */}}
{{- define "sluice.isUnseen" -}}
{{- if .Values.existingConfigMap.name }}yes{{ end -}}
{{- end }}

{{/* `ours` with any of three keys, else `original`; `none` without a configuration, `unseen` if another has it. */}}
{{- define "sluice.form" -}}
{{- $document := include "sluice.document" . | fromJson -}}
{{- if include "sluice.isUnseen" . -}}unseen
{{- else if not $document -}}none
{{- else if or (hasKey $document "version") (hasKey $document "sources") (hasKey $document "triggers") -}}ours
{{- else -}}original
{{- end -}}
{{- end }}

{{- define "sluice.configFile" -}}
{{- if include "sluice.isUnseen" . -}}
{{- required "values: `existingConfigMap` needs `key`, the name of the configuration in it" .Values.existingConfigMap.key -}}
{{- else if .Values.config -}}
config.yaml
{{- else -}}
filters.json
{{- end -}}
{{- end }}

{{/* The folder of the configuration, to which its paths are relative. */}}
{{- define "sluice.configFolder" -}}
/etc/sluice
{{- end }}

{{/* The ConfigMap with the configuration. */}}
{{- define "sluice.configMap" -}}
{{- .Values.existingConfigMap.name | default (include "sluice.fullname" .) -}}
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
{{- $probes := dig "http" "probes" "" (include "sluice.document" . | fromJson) -}}
{{- if kindIs "map" $probes -}}{{- $probes = $probes.address -}}{{- end -}}
{{- $address := kindIs "invalid" $probes | ternary "" $probes | toString | default "0.0.0.0:8080" -}}
{{- if regexMatch "^(localhost|127\\.|\\[::1\\])" $address -}}
{{- fail (printf "values: http.probes is %s, where the kubelet cannot reach it: write 0.0.0.0:PORT" $address) -}}
{{- end -}}
{{- regexFind "[0-9]+$" $address -}}
{{- end }}

{{/* Non-empty if there is a configuration, here or in another ConfigMap. */}}
{{- define "sluice.isConfigured" -}}
{{- if ne (include "sluice.form" .) "none" }}yes{{ end -}}
{{- end }}
