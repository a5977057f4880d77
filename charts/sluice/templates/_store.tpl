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
{{- include "sluice.checkWritten" . -}}
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

{{/*
Kubernetes lets no upgrade change a claim template, and says so without a way out. So an upgrade that would
change it is refused here.
*/}}
{{- define "sluice.checkClaimTemplates" -}}
{{- $name := include "sluice.fullname" . -}}
{{- $running := dict -}}
{{- if .Release.IsUpgrade -}}{{- $running = lookup "apps/v1" "StatefulSet" .Release.Namespace $name -}}{{- end -}}
{{- if $running -}}
{{- $before := $running.spec.volumeClaimTemplates | default list -}}
{{- $now := include "sluice.claimTemplates" . | fromYamlArray -}}
{{- /* 1e9 is a size as well, but not one that can be compared here. */ -}}
{{- $isComparable := include "sluice.bytes" (.Values.persistence.size | toString) -}}
{{- if ne (include "sluice.claimKey" (dict "templates" $before "withSize" $isComparable)) (include "sluice.claimKey" (dict "templates" $now "withSize" $isComparable)) -}}
{{- fail (printf "values: `persistence` asks for %s, but the StatefulSet %s was made with %s, and no upgrade can change that: run `kubectl --namespace %s delete statefulset %s --cascade=orphan` and upgrade again; the pod and the claim stay. To enlarge the claim, change its size with kubectl first" (include "sluice.claimTerms" $now) $name (include "sluice.claimTerms" $before) .Release.Namespace $name) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* What the values decide in claim templates, in one form: an API server writes 4096Mi as 4Gi. */}}
{{- define "sluice.claimKey" -}}
{{- $withSize := .withSize -}}
{{- range .templates -}}
{{- $size := include "sluice.bytes" (.spec.resources.requests.storage | toString) -}}
{{- list (ternary $size "" (ne $withSize "")) .spec.accessModes (.spec.storageClassName | default "") (.metadata.labels | default dict) (.metadata.annotations | default dict) | toJson -}}
{{- end -}}
{{- end }}

{{/* The same for people. */}}
{{- define "sluice.claimTerms" -}}
{{- range . -}}
a claim of {{ .spec.resources.requests.storage }} {{ .spec.accessModes | join "," }}{{ with .spec.storageClassName }} of class {{ . }}{{ end -}}
{{- with .metadata.labels }}, labels {{ toJson . }}{{ end -}}
{{- with .metadata.annotations }}, annotations {{ toJson . }}{{ end -}}
{{- else -}}
no claim of its own
{{- end -}}
{{- end }}

{{/* Non-empty if the configuration keeps the state in memory. */}}
{{- define "sluice.isInMemory" -}}
{{- if hasKey (include "sluice.setting" (dict "root" . "at" "/store/memory") | fromJson) "value" }}yes{{ end -}}
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
{{- $maxSize := (include "sluice.setting" (dict "root" . "at" "/store/maxSize") | fromJson).value -}}
{{- $bytes := include "sluice.bytes" ($maxSize | default "" | toString) | default "1073741824" -}}
{{- $mebibytes := div (add (int64 $bytes) 1048575) 1048576 -}}
{{- add (mul 2 $mebibytes) 256 -}}
{{- end }}

{{/* The bytes of a size; empty for what is none, which the gateway or the API server refuses. */}}
{{- define "sluice.bytes" -}}
{{- $factors := dict "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $count := regexFind "^[0-9]{1,12}([.][0-9]{1,9})?" . -}}
{{- $unit := trimPrefix $count . -}}
{{- if and $count (or (eq $unit "") (hasKey $factors $unit)) -}}
{{- mulf (float64 $count) (get $factors $unit | default 1) | int64 -}}
{{- end -}}
{{- end }}

{{- define "sluice.checkClaimSize" -}}
{{- $size := .Values.persistence.size | toString -}}
{{- $bytes := include "sluice.bytes" $size -}}
{{- $needed := include "sluice.neededMebibytes" . -}}
{{- if and $bytes (not (include "sluice.isUnseen" .)) (not (include "sluice.isInMemory" .)) (lt (int64 $bytes) (mul (int64 $needed) 1048576)) -}}
{{- fail (printf "values: `persistence.size` is %s, but a store of the configuration's `store.maxSize` needs %sMi with what is written beside it: raise the one or lower the other" $size $needed) -}}
{{- end -}}
{{- end }}

{{/* Everything but volumes is read-only: a file elsewhere could never be written. */}}
{{- define "sluice.checkWritten" -}}
{{- $folder := include "sluice.dataFolder" . -}}
{{- $folders := list $folder -}}
{{- range .Values.extraVolumeMounts -}}
{{- if not .readOnly -}}{{- $folders = append $folders (trimSuffix "/" .mountPath) -}}{{- end -}}
{{- end -}}
{{- range $key := list "store.sqlite.path" "http.probes.heartbeat.file" -}}
{{- $at := printf "/%s" (replace "." "/" $key) -}}
{{- $path := (include "sluice.setting" (dict "root" $ "at" $at) | fromJson).value | default "" | toString -}}
{{- if and (isAbs $path) (not (include "sluice.isBelow" (dict "path" $path "folders" $folders))) -}}
{{- fail (printf "values: %s is %s, but only %s can be written: use a relative path, which begins there" $key $path $folder) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Non-empty if a path is below one of the folders. */}}
{{- define "sluice.isBelow" -}}
{{- $path := clean .path -}}
{{- range .folders -}}
{{- if hasPrefix (printf "%s/" .) $path }}yes{{ end -}}
{{- end -}}
{{- end }}
