{{/* Where the gateway keeps what survives, and how large that may grow. */}}

{{- define "sluice.dataFolder" -}}
/var/lib/sluice
{{- end }}

{{/* The claim that the pod uses; empty without one. */}}
{{- define "sluice.claimName" -}}
{{- if .Values.persistence.enabled -}}
{{- .Values.persistence.existingClaim | default (printf "data-%s-0" (include "sluice.fullname" .)) -}}
{{- end -}}
{{- end }}

{{/* The volume `data`, unless the StatefulSet's claim template gives it. */}}
{{- define "sluice.dataVolume" -}}
{{- include "sluice.checkStorePath" . -}}
{{- if not .Values.persistence.enabled -}}
- name: data
  emptyDir:
    sizeLimit: {{ include "sluice.dataLimit" . | quote }}
{{- else if .Values.persistence.existingClaim -}}
- name: data
  persistentVolumeClaim:
    claimName: {{ .Values.persistence.existingClaim | quote }}
{{- end -}}
{{- end }}

{{/*
The claim template, or nothing. Kubernetes lets no upgrade change it, so it has no label that names
the version of the chart.
*/}}
{{- define "sluice.claimTemplates" -}}
{{- $persistence := .Values.persistence -}}
{{- if and $persistence.enabled (not $persistence.existingClaim) -}}
{{- include "sluice.checkClaimSize" . -}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: data
    labels:
      {{- $labels := include "sluice.selectorLabels" . | fromYaml }}
      {{- mergeOverwrite (dict) ($persistence.labels | default dict) $labels | toYaml | nindent 6 }}
    {{- with $persistence.annotations }}
    annotations:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  spec:
    accessModes: [{{ $persistence.accessMode | quote }}]
    {{- /* Absent: the default class of the cluster; "-": no class, for a volume made by hand. */}}
    {{- with $persistence.storageClass }}
    storageClassName: {{ ternary "" . (eq . "-") | quote }}
    {{- end }}
    resources:
      requests:
        storage: {{ $persistence.size | quote }}
{{- end -}}
{{- end }}

{{/*
The fields that delete the claim with the StatefulSet. Without them it is kept, in every version of
Kubernetes; before 1.27 the API server drops them.
*/}}
{{- define "sluice.claimRetention" -}}
{{- if and .Values.persistence.enabled (not .Values.persistence.existingClaim) (not .Values.persistence.retain) -}}
persistentVolumeClaimRetentionPolicy:
  whenDeleted: Delete
  whenScaled: Retain
{{- end -}}
{{- end }}

{{/* `store:` of the configuration as JSON; {} where that is no block, which the gateway refuses. */}}
{{- define "sluice.storeSection" -}}
{{- $store := get (include "sluice.document" . | fromJson) "store" -}}
{{- if kindIs "map" $store }}{{ $store | toJson }}{{ else }}{}{{ end -}}
{{- end }}

{{/* The size limit of an emptyDir: as the values say, else what the store needs. */}}
{{- define "sluice.dataLimit" -}}
{{- .Values.store.sizeLimit | default (printf "%sMi" (include "sluice.neededMebibytes" .)) -}}
{{- end }}

{{/*
The room that a store of the configuration's store.maxSize needs. At maxSize the gateway stops taking
deliveries, but what is written and not yet moved into the file, and the history beside it, come on
top. A node evicts a pod whose emptyDir is above its limit.
*/}}
{{- define "sluice.neededMebibytes" -}}
{{- $store := include "sluice.storeSection" . | fromJson -}}
{{- $bytes := include "sluice.bytes" (get $store "maxSize" | default "1Gi" | toString) | default "1073741824" -}}
{{- $mebibytes := div (add (int64 $bytes) 1048575) 1048576 -}}
{{- add (mul 2 $mebibytes) 256 -}}
{{- end }}

{{/* The bytes of a size; empty for what is none, which the gateway or the API server refuses. */}}
{{- define "sluice.bytes" -}}
{{- $factors := dict "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $count := regexFind "^[0-9]{1,12}" . -}}
{{- $unit := trimPrefix $count . -}}
{{- if and $count (or (eq $unit "") (hasKey $factors $unit)) -}}
{{- mul (int64 $count) (int64 (get $factors $unit | default 1)) -}}
{{- end -}}
{{- end }}

{{- define "sluice.checkClaimSize" -}}
{{- $size := .Values.persistence.size | toString -}}
{{- $bytes := include "sluice.bytes" $size -}}
{{- $needed := include "sluice.neededMebibytes" . -}}
{{- if and $bytes (not (include "sluice.isUnseen" .)) (lt (int64 $bytes) (mul (int64 $needed) 1048576)) -}}
{{- fail (printf "values: `persistence.size` is %s, but a store of the configuration's `store.maxSize` needs %sMi with what is written beside it: raise the one or lower the other" $size $needed) -}}
{{- end -}}
{{- end }}

{{/* Everything but volumes is read-only: a store elsewhere could never be opened. */}}
{{- define "sluice.checkStorePath" -}}
{{- $store := include "sluice.storeSection" . | fromJson -}}
{{- $path := "" -}}
{{- if kindIs "map" $store.sqlite -}}{{- $path = $store.sqlite.path | default "" | toString -}}{{- end -}}
{{- $folder := include "sluice.dataFolder" . -}}
{{- $folders := list $folder -}}
{{- range .Values.extraVolumeMounts -}}
{{- if not .readOnly -}}{{- $folders = append $folders (trimSuffix "/" .mountPath) -}}{{- end -}}
{{- end -}}
{{- if and (isAbs $path) (not (include "sluice.isBelow" (dict "path" $path "folders" $folders))) -}}
{{- fail (printf "values: store.sqlite.path is %s, but only %s can be written: use a relative path, which begins there" $path $folder) -}}
{{- end -}}
{{- end }}

{{/* Non-empty if a path is below one of the folders. */}}
{{- define "sluice.isBelow" -}}
{{- $path := clean .path -}}
{{- range .folders -}}
{{- if hasPrefix (printf "%s/" .) $path }}yes{{ end -}}
{{- end -}}
{{- end }}
