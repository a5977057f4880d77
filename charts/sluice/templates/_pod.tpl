{{/* Parts that the pods of the gateway and of its check share. */}}

{{- define "sluice.imagePullSecrets" -}}
{{- with .Values.imagePullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ kindIs "map" . | ternary (get . "name") . | quote }}
  {{- end }}
{{- end -}}
{{- end }}

{{/*
The pod's security context. OpenShift gives each namespace a range of groups and refuses others, so
there the platform chooses the group that owns the volumes.
*/}}
{{- define "sluice.podSecurityContext" -}}
{{- $context := .Values.podSecurityContext | default dict -}}
{{- if .Capabilities.APIVersions.Has "security.openshift.io/v1" -}}
{{- $context = omit $context "fsGroup" "fsGroupChangePolicy" -}}
{{- end -}}
{{- toYaml $context -}}
{{- end }}

{{/*
The variables of the container as a YAML list. Takes root and isOptional: whether to leave out what may
not exist yet.
*/}}
{{- define "sluice.env" -}}
{{- $root := .root -}}
- name: GATEWAY_NAMESPACE
  valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
{{- if include "sluice.isConfigured" $root }}
- name: GATEWAY_CONFIG
  value: {{ printf "%s/%s" (include "sluice.configFolder" $root) (include "sluice.configFile" $root) | quote }}
{{- end }}
- name: SLUICE_DATA
  value: {{ include "sluice.dataFolder" $root }}
- name: POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: POD_NAMESPACE
  valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
- name: POD_UID
  valueFrom: { fieldRef: { fieldPath: metadata.uid } }
{{- include "sluice.checkEnv" $root -}}
{{- include "sluice.secretVariables" . }}
{{- $isOptional := .isOptional -}}
{{- range $root.Values.env }}
{{- if not (and $isOptional .valueFrom) }}
{{ list . | toYaml }}
{{- end }}
{{- end }}
{{- end }}

{{/* The volumes of the gateway's pod, without the one of the claim template. */}}
{{- define "sluice.volumes" -}}
{{- $volumes := include "sluice.dataVolume" . | fromYamlArray -}}
{{- if include "sluice.isConfigured" . -}}
{{- $volumes = append $volumes (dict "name" "config" "configMap" (dict "name" (include "sluice.configMap" .))) -}}
{{- end -}}
{{- $volumes = concat $volumes (include "sluice.secretsVolume" (dict "root" . "isOptional" false) | fromYamlArray) -}}
{{- $volumes = concat $volumes (include "sluice.apiTokenVolume" . | fromYamlArray) .Values.extraVolumes -}}
{{- if $volumes }}{{ toYaml $volumes }}{{ end -}}
{{- end }}

{{- define "sluice.checkEnv" -}}
{{- $secrets := .Values.secrets | default dict -}}
{{- $own := list "GATEWAY_NAMESPACE" "GATEWAY_CONFIG" "SLUICE_DATA" "POD_NAME" "POD_NAMESPACE" "POD_UID" -}}
{{- range .Values.env -}}
{{- if has .name $own -}}
{{- fail (printf "values: `env` has %s, which the chart sets" .name) -}}
{{- end -}}
{{- if hasKey $secrets .name -}}
{{- fail (printf "values: %s stands in `env` and in `secrets`: remove one" .name) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* A probe: `values` as it is if it has a handler, else with a request for `path`. */}}
{{- define "sluice.probe" -}}
{{- $handlers := pick .values "httpGet" "exec" "tcpSocket" "grpc" -}}
{{- $request := dict "httpGet" (dict "path" .path "port" "probes") -}}
{{- if $handlers -}}
{{- toYaml .values -}}
{{- else if .port -}}
{{- mergeOverwrite (dict) $request .values | toYaml -}}
{{- end -}}
{{- end }}

{{/* The flags of the log, each if its value is set, as a YAML list. */}}
{{- define "sluice.loggingArgs" -}}
{{- $args := list -}}
{{- range $key := list "format" "level" "decisions" "event" -}}
{{- with get $.Values.logging $key -}}{{- $args = concat $args (list (printf "--log-%s" $key) .) -}}{{- end -}}
{{- end -}}
{{- if $args }}{{ toYaml $args }}{{ end -}}
{{- end }}

{{/* Where the pod runs. */}}
{{- define "sluice.scheduling" -}}
{{- $set := dict -}}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" "priorityClassName" -}}
{{- with get $.Values $key -}}{{- $_ := set $set $key . -}}{{- end -}}
{{- end -}}
{{- if $set }}{{ toYaml $set }}{{ end -}}
{{- end }}
