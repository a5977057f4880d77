{{/* What a NetworkPolicy needs to know about the hosts that the configuration names. */}}

{{/*
The targets of requests as a JSON list of { port, cidr }, without doubles. A policy knows no host
names, so `cidr` is empty unless a URL names an address: then any address may be reached on the port.
*/}}
{{- define "sluice.targets" -}}
{{- $into := dict "found" list -}}
{{- range $name, $trigger := include "sluice.sections" . | fromJson | dig "triggers" dict -}}
{{- range $path := $trigger.urls | default list -}}
{{- include "sluice.follow" (dict "into" $into "what" "" "to" "" "at" $trigger.section "path" $path "shown" "") -}}
{{- end -}}
{{- end -}}
{{- range .Values.env -}}
{{- if has (upper .name) (list "HTTP_PROXY" "HTTPS_PROXY") -}}
{{- $_ := set $into "found" (append $into.found (dict "value" (.value | default ""))) -}}
{{- end -}}
{{- end -}}
{{- $targets := list -}}
{{- range $into.found -}}
{{- $parts := regexReplaceAll "(?is)^(https?)://(?:[^/?#@]*@)?(\\[[^\\]]*\\]|[^/:?#]*)(?::([0-9]+))?.*$" .value "${1} ${2} ${3}" | splitList " " -}}
{{- if eq (len $parts) 3 -}}
{{- $scheme := index $parts 0 | lower -}}
{{- $host := index $parts 1 | lower -}}
{{- $port := index $parts 2 | default (ternary "443" "80" (eq $scheme "https")) -}}
{{- $cidr := "" -}}
{{- if regexMatch "^[0-9]{1,3}([.][0-9]{1,3}){3}$" $host -}}
{{- $cidr = printf "%s/32" $host -}}
{{- else if hasPrefix "[" $host -}}
{{- $cidr = printf "%s/128" (trimAll "[]" $host) -}}
{{- end -}}
{{- if not (or (eq $host "localhost") (hasPrefix "127." $host) (eq $host "[::1]")) -}}
{{- $targets = append $targets (dict "port" (int $port) "cidr" $cidr) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $targets | uniq | toJson -}}
{{- end }}

{{/* Non-empty if a URL is in a file or a variable, so that its port is not known here. */}}
{{- define "sluice.hasUnseenTarget" -}}
{{- range include "sluice.references" . | fromJsonArray -}}
{{- if regexMatch "[.]url(File|Env)$" .key }}yes{{ end -}}
{{- end -}}
{{- end }}
