{{/*
What the configuration needs in the cluster: a JSON map from namespace ("*": the whole cluster) to
rules. The gateway derives the same list from the same file (lib/assembly); a spec compares them.
*/}}
{{- define "sluice.permissions" -}}
{{- $root := . -}}
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
{{- $group := regexReplaceAll "/?[^/]*$" $trigger.apiVersion "" -}}
{{- $plural := include "sluice.plural" (dict "root" $root "name" $name "group" $group "kind" $trigger.objectKind) -}}
{{- if $plural -}}
{{- include "sluice.grant" (dict "into" $found "namespace" $trigger.namespace "group" $group "resource" $plural "verbs" (list "create" "get")) -}}
{{- end -}}
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

{{/* Adds one permission, joined with what is granted on the same resource there. */}}
{{- define "sluice.grant" -}}
{{- $rules := get .into .namespace | default dict -}}
{{- $key := printf "%s/%s" .group .resource -}}
{{- $rule := get $rules $key | default (dict "apiGroups" (list .group) "resources" (list .resource) "verbs" list) -}}
{{- $_ := set $rule "verbs" (concat $rule.verbs .verbs | uniq | sortAlpha) -}}
{{- if .names }}{{ $_ := set $rule "resourceNames" .names }}{{ end -}}
{{- $_ := set $rules $key $rule -}}
{{- $_ := set .into .namespace $rules -}}
{{- end }}

{{/*
The plural under which a kind is served, for the kinds that builds come in; empty where a rule in
rbac.extraRules speaks of its group. A role without it would have every build refused, so that fails.
*/}}
{{- define "sluice.plural" -}}
{{- $known := dict "batch/Job" "jobs" "tekton.dev/PipelineRun" "pipelineruns" "argoproj.io/Workflow" "workflows" -}}
{{- $key := printf "%s/%s" .group .kind -}}
{{- if hasKey $known $key -}}
{{- get $known $key -}}
{{- else if .root.Values.rbac.enabled -}}
{{- $group := .group -}}
{{- $covered := false -}}
{{- range .root.Values.rbac.extraRules }}{{ if has $group .apiGroups }}{{ $covered = true }}{{ end }}{{ end -}}
{{- if not $covered -}}
{{- fail (printf "values: trigger %s creates a %s of group %q, whose plural the chart does not know: grant create and get on it in rbac.extraRules" .name .kind .group) -}}
{{- end -}}
{{- end -}}
{{- end }}
