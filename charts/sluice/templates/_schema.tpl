{{/*
Checks the text of a configuration, which the schema of the values cannot see into. It reads
files/configuration.schema.json and knows the keywords that are used there.
*/}}

{{/* Fails with every violation of a document in our form. */}}
{{- define "sluice.checkText" -}}
{{- $schema := .root.Files.Get "files/configuration.schema.json" | fromJson -}}
{{- $said := include "sluice.violations" (dict "value" .document "schema" $schema "at" "config") | trim -}}
{{- if $said -}}
{{- fail (printf "values: the text of `config` is no configuration:\n%s" $said) -}}
{{- end -}}
{{- end }}

{{/* The violations of a value as lines, each with the key and what was expected. */}}
{{- define "sluice.violations" -}}
{{- $value := .value -}}
{{- $schema := .schema -}}
{{- $at := .at -}}
{{- $types := kindIs "string" $schema.type | ternary (list $schema.type) ($schema.type | default list) -}}
{{- /* Helm reads a text as YAML 1.1, in which the word `off` of the gateway's YAML 1.2 is false. */ -}}
{{- $isWord := and (kindIs "bool" $value) (has "string" $types) -}}
{{- if $isWord }}
{{- else if and $types (not (has (include "sluice.typeOf" $value) $types)) (not (and (has "number" $types) (eq (include "sluice.typeOf" $value) "integer"))) }}
{{ $at }}: found {{ include "sluice.typeOf" $value }}, expected {{ $types | join " or " }}
{{- else }}
{{- if and (hasKey $schema "enum") (not (has (toJson $value) (include "sluice.jsonOf" $schema.enum | fromJsonArray))) }}
{{ $at }}: found {{ toJson $value }}, expected {{ $schema.enum | join ", " }}
{{- end }}
{{- if hasKey $schema "const" }}
{{ $at }}: expected it to be {{ $schema.const }}
{{- end }}
{{- if and $schema.pattern (kindIs "string" $value) (not (regexMatch $schema.pattern $value)) }}
{{ $at }}: found {{ toJson $value }}, expected a text like {{ $schema.pattern }}
{{- end }}
{{- if and $schema.minLength (kindIs "string" $value) (lt (len $value) (int $schema.minLength)) }}
{{ $at }}: found an empty text
{{- end }}
{{- if and $schema.maxLength (kindIs "string" $value) (gt (len (splitList "" $value)) (int $schema.maxLength)) }}
{{ $at }}: found a text of {{ len (splitList "" $value) }} characters, expected {{ $schema.maxLength }} at most
{{- end }}
{{- if kindIs "float64" $value }}
{{- if and (hasKey $schema "minimum") (lt $value $schema.minimum) }}
{{ $at }}: found {{ $value }}, expected {{ $schema.minimum }} at least
{{- end }}
{{- if and (hasKey $schema "maximum") (gt $value $schema.maximum) }}
{{ $at }}: found {{ $value }}, expected {{ $schema.maximum }} at most
{{- end }}
{{- end }}
{{- if and $schema.anyOf (ne (include "sluice.fitsOne" .) "yes") }}
{{- /* Of a text or a list, only what that form of it lacks. */ -}}
{{- $type := include "sluice.typeOf" $value }}
{{- $near := list }}
{{- range $schema.anyOf }}{{ if eq (toString .type) $type }}{{ $near = append $near . }}{{ end }}{{ end }}
{{- range $near | default $schema.anyOf }}
{{- include "sluice.violations" (dict "value" $value "schema" . "at" $at) }}
{{- end }}
{{- end }}
{{- range $schema.allOf }}
{{- include "sluice.violations" (dict "value" $value "schema" . "at" $at) }}
{{- end }}
{{- if kindIs "map" $value }}
{{- include "sluice.blockViolations" . }}
{{- else if kindIs "slice" $value }}
{{- if lt (len $value) (int ($schema.minItems | default 0)) }}
{{ $at }}: found an empty list
{{- end }}
{{- range $index, $item := $value }}
{{- include "sluice.violations" (dict "value" $item "schema" ($schema.items | default dict) "at" (printf "%s[%d]" $at $index)) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The violations of a block: its keys, and below them. */}}
{{- define "sluice.blockViolations" -}}
{{- $schema := .schema -}}
{{- $value := .value -}}
{{- $at := .at -}}
{{- $properties := $schema.properties | default dict -}}
{{- range $key := $schema.required }}
{{- if not (hasKey $value $key) }}
{{ $at }}: the key `{{ $key }}` is missing
{{- end }}
{{- end }}
{{- if lt (len $value) (int ($schema.minProperties | default 0)) }}
{{ $at }}: found an empty block
{{- end }}
{{- if and $schema.maxProperties (gt (len $value) (int $schema.maxProperties)) }}
{{ $at }}: found {{ keys $value | sortAlpha | join ", " }}, expected {{ $schema.maxProperties }} key at most
{{- end }}
{{- range $key, $one := $value }}
{{- $below := get $properties $key }}
{{- if not (hasKey $properties $key) }}
{{- $below = $schema.additionalProperties }}
{{- range $pattern, $inner := $schema.patternProperties }}
{{- if regexMatch $pattern $key }}{{ $below = $inner }}{{ end }}
{{- end }}
{{- end }}
{{- if and (kindIs "bool" $below) (not $below) }}
{{ $at }}: found the key `{{ $key }}`{{ with keys $properties | sortAlpha }}, expected one of {{ join ", " . }}{{ end }}
{{- else if kindIs "map" $below }}
{{- include "sluice.violations" (dict "value" $one "schema" $below "at" (printf "%s.%s" $at $key)) }}
{{- end }}
{{- end }}
{{- range $key, $inner := $schema.dependencies }}
{{- if hasKey $value $key }}
{{- include "sluice.violations" (dict "value" $value "schema" $inner "at" $at) }}
{{- end }}
{{- end }}
{{- end }}

{{/* `yes` if a value fits one of the schemas of `anyOf`. */}}
{{- define "sluice.fitsOne" -}}
{{- $value := .value -}}
{{- $fits := "" -}}
{{- range .schema.anyOf -}}
{{- if not (include "sluice.violations" (dict "value" $value "schema" . "at" "") | trim) }}{{ $fits = "yes" }}{{ end -}}
{{- end -}}
{{- $fits -}}
{{- end }}

{{/* Each entry of a list as JSON, as a JSON list of texts. */}}
{{- define "sluice.jsonOf" -}}
{{- $found := list -}}
{{- range . }}{{ $found = append $found (toJson .) }}{{ end -}}
{{- $found | toJson -}}
{{- end }}

{{/* The type of a value in the words of JSON Schema. */}}
{{- define "sluice.typeOf" -}}
{{- if kindIs "map" . -}}object
{{- else if kindIs "slice" . -}}array
{{- else if kindIs "string" . -}}string
{{- else if kindIs "bool" . -}}boolean
{{- else if kindIs "invalid" . -}}null
{{- else if eq (floor .) (float64 .) -}}integer
{{- else -}}number
{{- end -}}
{{- end }}
