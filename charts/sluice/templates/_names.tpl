{{/* Names and labels. */}}

{{- define "sluice.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/*
`<release>-<chart>`; the release alone if it contains the chart's name. At most 52 characters: a
StatefulSet's pods have a label of its name and a hash, and a label holds 63.
*/}}
{{- define "sluice.fullname" -}}
{{- $name := include "sluice.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* The name of a further object, `<fullname>-<suffix>`, as a DNS label. Takes root and suffix. */}}
{{- define "sluice.suffixed" -}}
{{- $room := sub 62 (len .suffix) | int -}}
{{- printf "%s-%s" (include "sluice.fullname" .root | trunc $room | trimSuffix "-") .suffix -}}
{{- end }}

{{/* The labels by which the gateway's pod is selected; they never change. */}}
{{- define "sluice.selectorLabels" -}}
{{- include "sluice.selectorLabelsOf" (dict "root" . "component" "gateway") -}}
{{- end }}

{{/* The same for another component, such as the echo receiver. */}}
{{- define "sluice.selectorLabelsOf" -}}
app.kubernetes.io/name: {{ include "sluice.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component | quote }}
{{- end }}

{{/* The labels of every object of the gateway. */}}
{{- define "sluice.labels" -}}
{{- include "sluice.labelsOf" (dict "root" . "component" "gateway") -}}
{{- end }}

{{/* Labels of a component's object: `commonLabels`, then those in `more`, then the chart's own. */}}
{{- define "sluice.labelsOf" -}}
{{- $root := .root -}}
{{- $chart := dict "app.kubernetes.io/version" $root.Chart.AppVersion "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $_ := set $chart "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_") -}}
{{- $selector := include "sluice.selectorLabelsOf" . | fromYaml -}}
{{- $given := mergeOverwrite (dict) ($root.Values.commonLabels | default dict) (.more | default dict) -}}
{{- $labels := dict -}}
{{- range $label, $value := mergeOverwrite $given $chart $selector -}}
{{- $_ := set $labels $label ($value | toString) -}}
{{- end -}}
{{- $labels | toYaml -}}
{{- end }}

{{/*
Annotations of a hook, which is removed when it succeeds, and stays for its log when it fails. Takes `on`, the
hooks, and weight.
*/}}
{{- define "sluice.hook" -}}
helm.sh/hook: {{ .on }}
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{- define "sluice.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "sluice.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end }}

{{/*
The name of a Role in a namespace ("*": of the ClusterRole). Outside the release's own namespace the
name says where the release is, since two releases of one name may watch the same namespace.
*/}}
{{- define "sluice.roleName" -}}
{{- $name := include "sluice.fullname" .root -}}
{{- if eq .namespace .root.Release.Namespace }}{{ $name }}{{ else }}{{ printf "%s-%s" .root.Release.Namespace $name }}{{ end -}}
{{- end }}
