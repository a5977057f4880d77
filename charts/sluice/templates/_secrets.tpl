{{/* Secrets: files and variables of the pod, and a check that the configuration's references lead to them. */}}

{{- define "sluice.secretsFolder" -}}
/etc/sluice-secrets
{{- end }}

{{/* The volume `secrets` with a file for each entry of `secrets`. Takes root and isOptional. */}}
{{- define "sluice.secretsVolume" -}}
{{- $isOptional := .isOptional -}}
{{- with .root.Values.secrets -}}
- name: secrets
  projected:
    sources:
      {{- range $name, $secret := . }}
      - secret:
          name: {{ $secret.existingSecret | quote }}
          items:
            - { key: {{ $secret.key | quote }}, path: {{ $name | quote }} }
          {{- if $isOptional }}
          optional: true
          {{- end }}
      {{- end }}
{{- end -}}
{{- end }}

{{/* Variables for the entries of `secrets` that the configuration names by `…Env`. Takes root and isOptional. */}}
{{- define "sluice.secretVariables" -}}
{{- $root := .root -}}
{{- $isOptional := .isOptional -}}
{{- $named := list -}}
{{- range include "sluice.references" $root | fromJsonArray -}}
{{- if eq .to "variable" -}}{{- $named = append $named .value -}}{{- end -}}
{{- end -}}
{{- range $name, $secret := $root.Values.secrets -}}
{{- /* Of a configuration that the chart does not see, each may be named. */ -}}
{{- $isNamed := or (has $name $named) (and (include "sluice.isUnseen" $root) (regexMatch "^[A-Za-z_][A-Za-z0-9_]*$" $name)) }}
{{- if $isNamed }}
- name: {{ $name | quote }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret.existingSecret | quote }}
      key: {{ $secret.key | quote }}
      {{- if $isOptional }}
      optional: true
      {{- end }}
{{- end }}
{{- end -}}
{{- end }}

{{/*
Every file and variable that the configuration names, as a JSON list of { what, key, to, value }:
`what` and `key` are for people, `to` is `file` or `variable`.
*/}}
{{- define "sluice.references" -}}
{{- $into := dict "found" list -}}
{{- range $name, $trigger := include "sluice.sections" . | fromJson | dig "triggers" dict -}}
{{- range $reference := $trigger.references | default list -}}
{{- $what := printf "trigger %s" $name -}}
{{- include "sluice.follow" (dict "into" $into "what" $what "to" $reference.to "at" $trigger.section "path" $reference.path "shown" $trigger.kind) -}}
{{- end -}}
{{- end -}}
{{- include "sluice.read" . -}}
{{- include "sluice.follow" (dict "into" $into "what" "the API" "to" "file" "at" .sluiceDocument "path" (list "http" "tokenFile") "shown" "") -}}
{{- $into.found | toJson -}}
{{- end }}

{{/* Follows a path of keys, in which `*` is every key, and adds the text at its end to `found`. */}}
{{- define "sluice.follow" -}}
{{- if not .path -}}
{{- if kindIs "string" .at -}}
{{- $found := dict "what" .what "key" (trimPrefix "." .shown) "to" .to "value" .at -}}
{{- $_ := set .into "found" (append .into.found $found) -}}
{{- end -}}
{{- else if kindIs "map" .at -}}
{{- $call := . -}}
{{- $step := first .path -}}
{{- range $key, $value := .at -}}
{{- if has $step (list "*" $key) -}}
{{- $next := dict "at" $value "path" (rest $call.path) "shown" (printf "%s.%s" $call.shown $key) -}}
{{- include "sluice.follow" (mergeOverwrite (pick $call "into" "what" "to") $next) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Fails if the configuration names a file or a variable that the pod does not have. */}}
{{- define "sluice.checkReferences" -}}
{{- $root := . -}}
{{- range include "sluice.references" . | fromJsonArray -}}
{{- if eq .to "variable" -}}
{{- include "sluice.checkVariable" (dict "root" $root "reference" .) -}}
{{- else -}}
{{- include "sluice.checkFile" (dict "root" $root "reference" .) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "sluice.checkVariable" -}}
{{- $values := .root.Values -}}
{{- $name := .reference.value -}}
{{- /* A secret that was written in place of a name is not shown. */ -}}
{{- if not (regexMatch "^[A-Za-z_][A-Za-z0-9_]*$" $name) -}}
{{- fail (printf "values: %s has no name of a variable in %s: write a name of letters, digits and _, and give the secret in `secrets`" .reference.what .reference.key) -}}
{{- end -}}
{{- $isGiven := or (hasKey ($values.secrets | default dict) $name) $values.envFrom -}}
{{- range $values.env -}}
{{- if eq .name $name -}}{{- $isGiven = true -}}{{- end -}}
{{- end -}}
{{- if not $isGiven -}}
{{- fail (printf "values: %s names the variable %s (%s), which no value gives: write `secrets: { %s: { existingSecret: SECRET, key: KEY } }`, or name it in `env` or `envFrom`" .reference.what $name .reference.key $name) -}}
{{- end -}}
{{- end }}

{{- define "sluice.checkFile" -}}
{{- $values := .root.Values -}}
{{- $written := .reference.value -}}
{{- if regexMatch "^(whsec_|[A-Za-z][A-Za-z0-9+.-]*://)" $written -}}
{{- fail (printf "values: %s has no path of a file in %s: write /etc/sluice-secrets/NAME, and give the secret in `secrets`" .reference.what .reference.key) -}}
{{- end -}}
{{- $path := clean (ternary $written (printf "%s/%s" (include "sluice.configFolder" .root) $written) (isAbs $written)) -}}
{{- $place := printf "%s names the file %s (%s)" .reference.what $path .reference.key -}}
{{- $secrets := include "sluice.secretsFolder" . -}}
{{- /* The image's own certificates, the service account, the store's folder. */ -}}
{{- $folders := list "/etc/ssl" "/var/run/secrets/kubernetes.io/serviceaccount" (include "sluice.dataFolder" .) -}}
{{- range $values.extraVolumeMounts -}}
{{- /* A mount of one file is its own folder here. */ -}}
{{- $folders = concat $folders (list (trimSuffix "/" .mountPath)) -}}
{{- end -}}
{{- if hasPrefix (printf "%s/" $secrets) $path -}}
{{- $name := trimPrefix (printf "%s/" $secrets) $path -}}
{{- if not (hasKey ($values.secrets | default dict) $name) -}}
{{- fail (printf "values: %s, which no value gives: write `secrets: { %s: { existingSecret: SECRET, key: KEY } }`" $place $name) -}}
{{- end -}}
{{- else if and $values.api.expose (eq $path (include "sluice.apiTokenFile" .)) -}}
{{- else if not (or (has $path $folders) (include "sluice.isBelow" (dict "path" $path "folders" $folders))) -}}
{{- fail (printf "values: %s, which the pod does not have: write %s/NAME and `secrets: { NAME: { existingSecret: SECRET, key: KEY } }`, or mount it with `extraVolumes` and `extraVolumeMounts`" $place $secrets) -}}
{{- end -}}
{{- end }}
