{{/* The image, and the values by which the original chart named its own. */}}

{{/* registry/name:tag, or with a digest registry/name@digest. */}}
{{- define "sluice.image" -}}
{{- include "sluice.checkOriginalImage" . -}}
{{- $image := .Values.image -}}
{{- $name := $image.name -}}
{{- if $image.registry }}{{ $name = printf "%s/%s" $image.registry $image.name }}{{ end -}}
{{- if $image.digest -}}
{{- if $image.tag }}{{ $name = printf "%s:%v" $name $image.tag }}{{ end -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name ($image.tag | default .Chart.AppVersion | toString) -}}
{{- end -}}
{{- end }}

{{/* The values of the original chart, its own defaults, and the value here that replaces each. */}}
{{- define "sluice.originalImage" -}}
registry: { default: brigadecore, now: image.registry }
name: { default: brigade-k8s-gateway, now: image.name }
tag: { default: latest, now: image.tag }
pullPolicy: { default: IfNotPresent, now: image.pullPolicy }
{{- end }}

{{/* The original chart's image cannot run here: its defaults are ignored, another value is an error. */}}
{{- define "sluice.checkOriginalImage" -}}
{{- $values := .Values -}}
{{- range $key, $known := include "sluice.originalImage" . | fromYaml -}}
{{- $value := get $values $key | default "" | toString -}}
{{- if not (has $value (list "" $known.default)) -}}
{{- fail (printf "values: `%s` is %q, but that names the image of brigade-k8s-gateway: write `%s` for the image of Sluice" $key $value $known.now) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* The original chart's values that are set, and so ignored, as a JSON list. */}}
{{- define "sluice.ignoredImage" -}}
{{- $values := .Values -}}
{{- $found := list -}}
{{- range $key, $known := include "sluice.originalImage" . | fromYaml -}}
{{- if get $values $key -}}{{- $found = append $found $key -}}{{- end -}}
{{- end -}}
{{- $found | toJson -}}
{{- end }}
