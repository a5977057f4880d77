{{/* Where the gateway keeps what survives, and how large that may grow. */}}

{{- define "sluice.dataFolder" -}}
/var/lib/sluice
{{- end }}

{{/* `store:` of the configuration as JSON; {} where that is no block, which the gateway refuses. */}}
{{- define "sluice.storeSection" -}}
{{- $store := get (include "sluice.document" . | fromJson) "store" -}}
{{- if kindIs "map" $store }}{{ $store | toJson }}{{ else }}{}{{ end -}}
{{- end }}

{{/* The size limit of its volume: as the values say, else made from the configuration's store.maxSize. */}}
{{- define "sluice.dataLimit" -}}
{{- include "sluice.checkStorePath" . -}}
{{- if .Values.store.sizeLimit -}}
{{- .Values.store.sizeLimit -}}
{{- else -}}
{{- $store := include "sluice.storeSection" . | fromJson -}}
{{- $bytes := include "sluice.bytes" (get $store "maxSize" | default "1Gi" | toString) -}}
{{- /* A node evicts a pod that is above its limit, and then all is gone: what is written but not yet
moved into the file, and the history beside it, must fit as well. */ -}}
{{- $mebibytes := div (add (int64 $bytes) 1048575) 1048576 -}}
{{- printf "%dMi" (add (mul 2 $mebibytes) 256) -}}
{{- end -}}
{{- end }}

{{/* The bytes of a size; what is none is left to the gateway to refuse. */}}
{{- define "sluice.bytes" -}}
{{- $factors := dict "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $count := regexFind "^[0-9]{1,12}" . -}}
{{- $unit := trimPrefix $count . -}}
{{- if and $count (or (eq $unit "") (hasKey $factors $unit)) -}}
{{- mul (int64 $count) (int64 (get $factors $unit | default 1)) -}}
{{- else -}}
1073741824
{{- end -}}
{{- end }}

{{/* Everything but the volume is read-only: a store elsewhere could never be opened. */}}
{{- define "sluice.checkStorePath" -}}
{{- $store := include "sluice.storeSection" . | fromJson -}}
{{- $path := "" -}}
{{- if kindIs "map" $store.sqlite -}}{{- $path = $store.sqlite.path | default "" | toString -}}{{- end -}}
{{- $folder := include "sluice.dataFolder" . -}}
{{- if and (hasPrefix "/" $path) (not (hasPrefix (printf "%s/" $folder) $path)) -}}
{{- fail (printf "values: store.sqlite.path is %s, but only %s can be written: use a relative path, which begins there" $path $folder) -}}
{{- end -}}
{{- end }}
