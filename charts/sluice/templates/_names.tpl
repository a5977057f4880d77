{{/* Names and labels. */}}

{{- define "sluice.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/* `<release>-<chart>`, cut to what a label can hold; the release alone where it says the chart already. */}}
{{- define "sluice.fullname" -}}
{{- $name := include "sluice.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "sluice.selectorLabels" -}}
app.kubernetes.io/name: {{ include "sluice.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "sluice.labels" -}}
{{ include "sluice.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{- end }}

{{- define "sluice.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "sluice.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end }}

{{- define "sluice.image" -}}
{{- $image := .Values.image -}}
{{- $name := printf "%s:%s" $image.name ($image.tag | default .Chart.AppVersion | toString) -}}
{{- if $image.registry }}{{ printf "%s/%s" $image.registry $name }}{{ else }}{{ $name }}{{ end -}}
{{- end }}

{{/*
The name of a Role in a namespace ("*": of the ClusterRole). Outside the release's own namespace the
name says where the release is, since two releases of one name may watch the same namespace.
*/}}
{{- define "sluice.roleName" -}}
{{- $name := include "sluice.fullname" .root -}}
{{- if eq .namespace .root.Release.Namespace }}{{ $name }}{{ else }}{{ printf "%s-%s" .root.Release.Namespace $name }}{{ end -}}
{{- end }}
