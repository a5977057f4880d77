{{/* How the API is reached. */}}

{{/* The flags of an exposed API as a YAML list: they stand above the configuration, whatever its form. */}}
{{- define "sluice.apiArgs" -}}
{{- $api := .Values.api -}}
{{- if $api.expose -}}
{{- if not $api.existingSecret -}}
{{- fail "values: `api.expose` needs `api.existingSecret`, the name of a Secret with the token" -}}
{{- end -}}
- --api
- {{ printf "0.0.0.0:%v" $api.port | quote }}
- --api-token-file
- /etc/sluice-api/token
- --api-host
- {{ concat (include "sluice.serviceHosts" . | fromJsonArray) $api.hosts | join "," | quote }}
{{- end -}}
{{- end }}

{{/* The names of the Service, as pods of its own and of other namespaces write them. */}}
{{- define "sluice.serviceHosts" -}}
{{- $name := include "sluice.fullname" . -}}
{{- $full := printf "%s.%s" $name .Release.Namespace -}}
{{- list $name $full (printf "%s.svc" $full) (printf "%s.svc.cluster.local" $full) | toJson -}}
{{- end }}
