{{/* Parts of the objects for Prometheus and Grafana. */}}

{{/* Labels by which the ServiceMonitor finds the Service of the metrics, and no other one. */}}
{{- define "sluice.metricsLabels" -}}
{{- include "sluice.selectorLabelsOf" (dict "root" . "component" "metrics") -}}
{{- end }}

{{/* Fails if something reads metrics that the configuration switches off. Takes root and key. */}}
{{- define "sluice.checkMetrics" -}}
{{- if not (include "sluice.probesPort" .root) -}}
{{- fail (printf "values: `metrics.%s` needs the probes listener, which serves the metrics, but http.probes is off" .key) -}}
{{- end -}}
{{- end }}

{{/* The path of the metrics. */}}
{{- define "sluice.metricsPath" -}}
{{- (include "sluice.setting" (dict "root" . "at" "/http/probes/paths/metrics") | fromJson).value | default "/metrics" -}}
{{- end }}

{{/* How a monitor scrapes. Takes root, port (a name) and monitor (its values). */}}
{{- define "sluice.endpoint" -}}
{{- $monitor := .monitor -}}
{{- $endpoint := dict "port" .port "path" (include "sluice.metricsPath" .root) -}}
{{- range $key := list "interval" "scrapeTimeout" "relabelings" "metricRelabelings" -}}
{{- with get $monitor $key -}}{{- $_ := set $endpoint $key . -}}{{- end -}}
{{- end -}}
{{- $endpoint | toYaml -}}
{{- end }}

{{/* Matchers of the series of this release's pod. A `"` of a name cannot occur: both are DNS names. */}}
{{- define "sluice.series" -}}
{{- $own := printf "namespace=%q,pod=~%q" .Release.Namespace (printf "%s-[0-9]+" (include "sluice.fullname" .)) -}}
{{- .Values.metrics.prometheusRule.selector | default $own -}}
{{- end }}

{{/* The alerts as a YAML list of rules, from files/alerts.json. */}}
{{- define "sluice.alerts" -}}
{{- $root := . -}}
{{- $values := .Values.metrics.prometheusRule -}}
{{- $series := include "sluice.series" . -}}
{{- $rules := list -}}
{{- range $alert := .Files.Get "files/alerts.json" | fromJsonArray -}}
{{- if not (has $alert.name ($values.disabled | default list)) -}}
{{- $threshold := dig $alert.name ($alert.threshold | default 0) ($values.thresholds | default dict) -}}
{{- $expr := $alert.expr | replace "$selector" $series | replace "$threshold" ($threshold | toString) -}}
{{- $labels := mergeOverwrite (dict) ($values.alertLabels | default dict) (dict "severity" $alert.severity) -}}
{{- $annotations := dict "summary" $alert.summary "description" $alert.description -}}
{{- with $values.runbookUrl -}}
{{- $_ := set $annotations "runbook_url" (printf "%s#%s" . (lower $alert.name)) -}}
{{- end -}}
{{- $rule := dict "alert" $alert.name "expr" $expr "labels" $labels "annotations" $annotations -}}
{{- with $alert.for -}}{{- $_ := set $rule "for" . -}}{{- end -}}
{{- $rules = append $rules $rule -}}
{{- end -}}
{{- end -}}
{{- $rules | toYaml -}}
{{- end }}
