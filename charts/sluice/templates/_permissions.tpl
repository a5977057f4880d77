{{/*
What the configuration needs in the cluster: a JSON map from namespace ("*": the whole cluster) to
rules. The gateway derives the same list from the same file (lib/plan); a spec compares them.
*/}}
{{- define "sluice.permissions" -}}
{{- $own := .Release.Namespace -}}
{{- $found := dict -}}
{{- /* The cluster's id is the uid of a namespace; the gateway's own is the one that a Role can open. */ -}}
{{- include "sluice.grant" (dict "into" $found "namespace" $own "group" "" "resource" "namespaces" "verbs" (list "get") "names" (list $own)) -}}
{{- range $namespace := include "sluice.watched" . | fromJsonArray -}}
{{- include "sluice.grant" (dict "into" $found "namespace" $namespace "group" "" "resource" "events" "verbs" (list "list" "watch")) -}}
{{- end -}}
{{- range $name, $trigger := include "sluice.triggers" . | fromJson -}}
{{- if eq $trigger.kind "brigade" -}}
{{- /* No get: a name that is taken is our own build from before, and Secrets are not ours to read. */ -}}
{{- include "sluice.grant" (dict "into" $found "namespace" $trigger.namespace "group" "" "resource" "secrets" "verbs" (list "create")) -}}
{{- else -}}
{{- /* A Secret without get, for the same reason; everything else is looked at after a 409. */ -}}
{{- $secret := and (eq $trigger.group "") (eq $trigger.resource "secrets") -}}
{{- $verbs := ternary (list "create") (list "create" "get") $secret -}}
{{- include "sluice.grant" (dict "into" $found "namespace" $trigger.namespace "group" $trigger.group "resource" $trigger.resource "verbs" $verbs) -}}
{{- end -}}
{{- end -}}
{{- range $index, $rule := .Values.rbac.extraRules -}}
{{- $namespace := $rule.namespace | default $own -}}
{{- $rules := get $found $namespace | default dict -}}
{{- $_ := set $rules (printf "~%03d" $index) (omit $rule "namespace") -}}
{{- $_ := set $found $namespace $rules -}}
{{- end -}}
{{- $found | toJson -}}
{{- end }}

{{/* Adds one permission, joined with what is granted on the same objects there. */}}
{{- define "sluice.grant" -}}
{{- $rules := get .into .namespace | default dict -}}
{{- $key := printf "%s/%s/%s" .group .resource (.names | default list | join ",") -}}
{{- $rule := get $rules $key | default (dict "apiGroups" (list .group) "resources" (list .resource) "verbs" list) -}}
{{- $_ := set $rule "verbs" (concat $rule.verbs .verbs | uniq | sortAlpha) -}}
{{- if .names }}{{ $_ := set $rule "resourceNames" .names }}{{ end -}}
{{- $_ := set $rules $key $rule -}}
{{- $_ := set .into .namespace $rules -}}
{{- end }}

{{/* The customary plural of a kind, as Kubernetes guesses it; a trigger says another as `resource`. */}}
{{- define "sluice.plural" -}}
{{- $singular := lower . -}}
{{- if hasSuffix "s" $singular -}}
{{- printf "%ses" $singular -}}
{{- else if hasSuffix "y" $singular -}}
{{- printf "%sies" (trimSuffix "y" $singular) -}}
{{- else -}}
{{- printf "%ss" $singular -}}
{{- end -}}
{{- end }}
