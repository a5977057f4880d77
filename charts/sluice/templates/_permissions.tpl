{{/*
Permissions of the configuration in the cluster, from the grants of files/kinds.json. The gateway derives
the same list from the same grants (lib/kubernetes/access); a spec compares them.
*/}}

{{/* A JSON map from namespace ("*": the whole cluster) to rules. */}}
{{- define "sluice.permissions" -}}
{{- $root := . -}}
{{- $found := dict -}}
{{- range $part := include "sluice.sections" . | fromJson | values -}}
{{- range $entry := values $part -}}
{{- range $grant := $entry.grants -}}
{{- include "sluice.grant" (dict "root" $root "into" $found "grant" $grant "section" $entry.section) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $own := .Release.Namespace -}}
{{- range $index, $rule := .Values.rbac.extraRules -}}
{{- $namespace := $rule.namespace | default $own -}}
{{- $rules := get $found $namespace | default dict -}}
{{- $_ := set $rules (printf "~%03d" $index) (omit $rule "namespace") -}}
{{- $_ := set $found $namespace $rules -}}
{{- end -}}
{{- $found | toJson -}}
{{- end }}

{{/* Every section with its kind, as JSON: { gateway, sources, triggers }, each a map from name to { kind,
section, grants, … } with the data of the kind. They are collected once. */}}
{{- define "sluice.sections" -}}
{{- if not (hasKey . "sluiceSections") -}}
{{- $_ := set . "sluiceSections" (include "sluice.collectSections" .) -}}
{{- end -}}
{{- .sluiceSections -}}
{{- end }}

{{- define "sluice.collectSections" -}}
{{- $kinds := .Files.Get "files/kinds.json" | fromJson -}}
{{- include "sluice.read" . -}}
{{- $document := .sluiceDocument -}}
{{- $triggers := $document.triggers | default dict -}}
{{- $accepts := false -}}
{{- if eq (include "sluice.form" .) "original" -}}
{{- range $filter := $document.filters -}}
{{- range $name, $action := $filter -}}
{{- if and (eq (lower $name) "action") (eq ($action | toString) "accept") -}}{{- $accepts = true -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $accepts $document.project -}}
{{- $triggers = dict "brigade" (dict "brigade" (dict "project" $document.project)) -}}
{{- end -}}
{{- $entries := dict "sources" ($document.sources | default (dict "events" (dict "events" dict))) "triggers" $triggers -}}
{{- /* No grant depends on filters, which may be long. */ -}}
{{- $found := dict "gateway" (dict "gateway" (merge (dict "kind" "gateway" "section" (omit $document "filters")) $kinds.gateway)) -}}
{{- range $part := list "sources" "triggers" -}}
{{- $sections := dict -}}
{{- range $name, $entry := get $entries $part -}}
{{- range $kind, $of := get $kinds $part -}}
{{- if hasKey ($entry | default dict) $kind -}}
{{- $_ := set $sections $name (merge (dict "kind" $kind "section" (get $entry $kind)) $of) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $_ := set $found $part $sections -}}
{{- end -}}
{{- $found | toJson -}}
{{- end }}

{{/* Adds the permissions of one grant, joined with those on the same objects. */}}
{{- define "sluice.grant" -}}
{{- $grant := .grant -}}
{{- $group := $grant.group | default "" -}}
{{- $resource := $grant.resource | default "" -}}
{{- if $grant.manifestAt -}}
{{- $manifest := (include "sluice.valueAt" (dict "in" .section "at" $grant.manifestAt) | fromJson).value | default dict -}}
{{- $group = regexReplaceAll "/?[^/]*$" ($manifest.apiVersion | default "" | toString) "" -}}
{{- $plural := (include "sluice.valueAt" (dict "in" .section "at" $grant.pluralAt) | fromJson).value -}}
{{- $resource = $plural | default (include "sluice.plural" ($manifest.kind | default "" | toString)) -}}
{{- end -}}
{{- $verbs := $grant.verbs -}}
{{- if and (eq $group "") (eq $resource "secrets") -}}
{{- $verbs = $grant.verbsOnSecrets | default $verbs -}}
{{- end -}}
{{- $names := ternary (list .root.Release.Namespace) list (eq ($grant.names | default "") "own") -}}
{{- $key := printf "%s/%s/%s" $group $resource ($names | join ",") -}}
{{- $into := .into -}}
{{- range $namespace := include "sluice.grantNamespaces" . | fromJsonArray -}}
{{- $rules := get $into $namespace | default dict -}}
{{- $rule := get $rules $key | default (dict "apiGroups" (list $group) "resources" (list $resource) "verbs" list) -}}
{{- $_ := set $rule "verbs" (concat $rule.verbs $verbs | uniq | sortAlpha) -}}
{{- if $names }}{{ $_ := set $rule "resourceNames" $names }}{{ end -}}
{{- $_ := set $rules $key $rule -}}
{{- $_ := set $into $namespace $rules -}}
{{- end -}}
{{- end }}

{{/* The namespaces of a grant as a JSON list; none if its switch is false. */}}
{{- define "sluice.grantNamespaces" -}}
{{- $switch := true -}}
{{- if .grant.switchAt -}}
{{- $switch = (include "sluice.valueAt" (dict "in" .section "at" .grant.switchAt) | fromJson).value -}}
{{- end -}}
{{- $found := list -}}
{{- if ne ($switch | toString) "false" -}}
{{- $written := "" -}}
{{- with .grant.namespaces.at -}}
{{- $written = (include "sluice.valueAt" (dict "in" $.section "at" .) | fromJson).value -}}
{{- end -}}
{{- /* One namespace may be written without a list. The builds' own is that of the release, too. */ -}}
{{- $found = ternary $written (list $written) (kindIs "slice" $written) | compact | uniq -}}
{{- $found = $found | default (list .root.Release.Namespace) -}}
{{- if has "*" $found -}}{{- $found = list "*" -}}{{- end -}}
{{- end -}}
{{- $found | toJson -}}
{{- end }}

{{/* The value at the JSON Pointer `at` in `in`, as JSON { value }; without a value {}. */}}
{{- define "sluice.valueAt" -}}
{{- $here := dict "value" .in -}}
{{- range $key := regexSplit "/" .at -1 | rest -}}
{{- $found := dict -}}
{{- if kindIs "map" $here.value -}}
{{- if hasKey $here.value $key -}}{{- $found = dict "value" (get $here.value $key) -}}{{- end -}}
{{- end -}}
{{- $here = $found -}}
{{- end -}}
{{- $here | toJson -}}
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
