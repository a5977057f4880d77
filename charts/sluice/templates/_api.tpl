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
- {{ include "sluice.apiTokenFile" . }}
- --api-host
- {{ concat (include "sluice.serviceHosts" . | fromJsonArray) $api.hosts | join "," | quote }}
{{- end -}}
{{- end }}

{{- define "sluice.apiTokenFolder" -}}
/etc/sluice-api
{{- end }}

{{- define "sluice.apiTokenFile" -}}
{{ include "sluice.apiTokenFolder" . }}/token
{{- end }}

{{/* The volume with the token of an exposed API, as a YAML list; empty without one. */}}
{{- define "sluice.apiTokenVolume" -}}
{{- if .Values.api.expose -}}
- name: api-token
  secret:
    secretName: {{ .Values.api.existingSecret | quote }}
    items:
      - { key: {{ .Values.api.secretKey | quote }}, path: token }
{{- end -}}
{{- end }}

{{/* The names of the Service, as pods of its own and of other namespaces write them. */}}
{{- define "sluice.serviceHosts" -}}
{{- $name := include "sluice.fullname" . -}}
{{- $full := printf "%s.%s" $name .Release.Namespace -}}
{{- list $name $full (printf "%s.svc" $full) (printf "%s.svc.cluster.local" $full) | toJson -}}
{{- end }}

{{/* The port of the API; empty if the configuration switches it off. */}}
{{- define "sluice.apiPort" -}}
{{- if .Values.api.expose -}}
{{- .Values.api.port -}}
{{- else -}}
{{- include "sluice.listener" (dict "root" . "at" "/http/api" "default" "127.0.0.1:8081") | regexFind "[0-9]+$" -}}
{{- end -}}
{{- end }}

{{/* Fails if the API and the probes listener have one port: the gateway would end at its start. */}}
{{- define "sluice.checkPorts" -}}
{{- $port := include "sluice.apiPort" . -}}
{{- if and $port (eq $port (include "sluice.probesPort" .)) -}}
{{- fail (printf "values: the API (%s) and the probes (http.probes) have the same port %s: choose another one" (ternary "`api.port`" "http.api" .Values.api.expose) $port) -}}
{{- end -}}
{{- end }}
