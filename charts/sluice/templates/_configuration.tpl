{{/* What the gateway is configured with: which form, which file, and what can be read out of it. */}}

{{/*
Reads the configuration, whichever value it came from, and sets it as `sluiceDocument` of the root: {} if there
is none, or if it is in a ConfigMap that the chart does not see. It is read and checked once: a long text takes
seconds.
*/}}
{{- define "sluice.read" -}}
{{- if not (hasKey . "sluiceDocument") -}}
{{- $_ := set . "sluiceDocument" (include "sluice.readDocument" . | fromJson) -}}
{{- end -}}
{{- end }}

{{- define "sluice.readDocument" -}}
{{- $original := or .Values.project .Values.filters -}}
{{- if and .Values.config $original -}}
{{- fail "values: `config` stands beside `project` or `filters`: use one form" -}}
{{- end -}}
{{- if and (include "sluice.isUnseen" .) (or .Values.config $original) -}}
{{- fail "values: `existingConfigMap` stands beside `config`, `project` or `filters`: use one form" -}}
{{- end -}}
{{- if and (kindIs "string" .Values.config) (not $original) (not (include "sluice.isUnseen" .)) -}}
{{- $parsed := fromYaml .Values.config -}}
{{- if hasKey $parsed "Error" -}}
{{- fail (printf "values: `config` is no YAML object: %s" $parsed.Error) -}}
{{- end -}}
{{- if not $parsed -}}
{{- fail "values: `config` is an empty text: write a configuration into it, or leave it out to log every Event and start nothing" -}}
{{- end -}}
{{- if include "sluice.isOurs" $parsed -}}
{{- include "sluice.checkText" (dict "root" . "document" $parsed) -}}
{{- $parsed | toJson -}}
{{- else -}}
{{- include "sluice.readOriginal" $parsed -}}
{{- end -}}
{{- else if .Values.config -}}
{{- if not (include "sluice.isOurs" .Values.config) -}}
{{- fail "values: `config` has none of `version`, `sources` and `triggers`: add `version: 1`" -}}
{{- end -}}
{{- .Values.config | toJson -}}
{{- else if $original -}}
{{- include "sluice.readOriginal" (pick .Values "project" "filters") -}}
{{- else -}}
{}
{{- end -}}
{{- end }}

{{/* The keys of a document of the original as JSON. It reads them in any letter case; the gateway judges others. */}}
{{- define "sluice.readOriginal" -}}
{{- $read := dict "project" "" "filters" list -}}
{{- range $key, $value := . -}}
{{- if eq (lower $key) "project" -}}{{- $_ := set $read "project" ($value | default "" | toString) -}}{{- end -}}
{{- if eq (lower $key) "filters" -}}{{- $_ := set $read "filters" ($value | default list) -}}{{- end -}}
{{- end -}}
{{- $read | toJson -}}
{{- end }}

{{/* The value at the JSON Pointer `at` of the configuration as JSON { value }; without a value {}. Takes root and at. */}}
{{- define "sluice.setting" -}}
{{- include "sluice.read" .root -}}
{{- include "sluice.valueAt" (dict "in" .root.sluiceDocument "at" .at) -}}
{{- end }}

{{/* Non-empty if a document is in our form: it has any of three keys. */}}
{{- define "sluice.isOurs" -}}
{{- if or (hasKey . "version") (hasKey . "sources") (hasKey . "triggers") }}yes{{ end -}}
{{- end }}

{{/* Non-empty if the configuration is in a ConfigMap that the chart does not see. */}}
{{- define "sluice.isUnseen" -}}
{{- if .Values.existingConfigMap.name }}yes{{ end -}}
{{- end }}

{{/* `ours` or `original`; `none` without a configuration, `unseen` if another ConfigMap has it. */}}
{{- define "sluice.form" -}}
{{- include "sluice.read" . -}}
{{- if include "sluice.isUnseen" . -}}unseen
{{- else if not .sluiceDocument -}}none
{{- else if include "sluice.isOurs" .sluiceDocument -}}ours
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
{{- include "sluice.read" . -}}
{{- .sluiceDocument | toPrettyJson -}}
{{- end -}}
{{- end }}

{{/* The watched namespaces as a JSON list, without doubles; "*" where a source reads all. */}}
{{- define "sluice.watched" -}}
{{- $root := . -}}
{{- $found := list -}}
{{- range $name, $source := include "sluice.sections" . | fromJson | dig "sources" dict -}}
{{- range $grant := $source.grants -}}
{{- $found = concat $found (include "sluice.grantNamespaces" (dict "root" $root "grant" $grant "section" $source.section) | fromJsonArray) -}}
{{- end -}}
{{- end -}}
{{- $found | uniq | sortAlpha | toJson -}}
{{- end }}

{{/* The triggers as a JSON map from name to { kind, what, namespace }. `what` is for people, and
`namespace` is empty for a trigger that creates nothing in the cluster. */}}
{{- define "sluice.triggers" -}}
{{- $root := . -}}
{{- $found := dict -}}
{{- range $name, $trigger := include "sluice.sections" . | fromJson | dig "triggers" dict -}}
{{- if $trigger.needsExec -}}
{{- fail (printf "values: trigger %s runs a local command (%s), which this chart does not allow: use a kubernetes trigger" $name $trigger.kind) -}}
{{- end -}}
{{- $what := $trigger.starts -}}
{{- range $place := regexFindAll "[$][{][^}]*[}]" $what -1 -}}
{{- $value := include "sluice.valueAt" (dict "in" $trigger.section "at" ($place | trimPrefix "${" | trimSuffix "}")) | fromJson -}}
{{- $what = replace $place ($value.value | default "" | toString) $what -}}
{{- end -}}
{{- $namespace := "" -}}
{{- range $grant := $trigger.grants -}}
{{- $namespace = include "sluice.grantNamespaces" (dict "root" $root "grant" $grant "section" $trigger.section) | fromJsonArray | first -}}
{{- end -}}
{{- $_ := set $found $name (dict "kind" $trigger.kind "what" $what "namespace" $namespace) -}}
{{- end -}}
{{- $found | toJson -}}
{{- end }}

{{/* The address of a listener, or `off` (`false` if YAML 1.1 read that). Takes root, at and default. */}}
{{- define "sluice.listener" -}}
{{- $address := (include "sluice.setting" . | fromJson).value -}}
{{- if kindIs "map" $address -}}{{- $address = $address.address -}}{{- end -}}
{{- kindIs "invalid" $address | ternary "" $address | toString | default .default -}}
{{- end }}

{{/* The port of the probes listener; empty if it is off. */}}
{{- define "sluice.probesPort" -}}
{{- $address := include "sluice.listener" (dict "root" . "at" "/http/probes" "default" "0.0.0.0:8080") -}}
{{- if regexMatch "^(localhost|127\\.|\\[::1\\])" $address -}}
{{- fail (printf "values: http.probes is %s, where the kubelet cannot reach it: write 0.0.0.0:PORT" $address) -}}
{{- end -}}
{{- regexFind "[0-9]+$" $address -}}
{{- end }}

{{/* Non-empty if there is a configuration, here or in another ConfigMap. */}}
{{- define "sluice.isConfigured" -}}
{{- if ne (include "sluice.form" .) "none" }}yes{{ end -}}
{{- end }}

{{/* The data of a ConfigMap with the configuration. */}}
{{- define "sluice.configData" -}}
{{- $text := include "sluice.configText" . -}}
{{- if gt (len $text) 1000000 -}}
{{- fail (printf "values: the configuration has %d bytes, but a ConfigMap holds 1 MiB: shorten it, for instance with lists and patterns in place of many filters" (len $text)) -}}
{{- end -}}
{{- /* A block reads best, but YAML breaks lines in one at more than \n; JSON's escapes are exact. */ -}}
{{ include "sluice.configFile" . }}: {{ if regexMatch "^[\\n -~]*$" $text }}{{ $text | toYaml | nindent 2 | trim }}{{ else }}{{ $text | toJson }}{{ end }}
{{- end }}
