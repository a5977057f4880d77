{{/* Paragraphs of the notes after installing. */}}

{{/* Where the state is, and what it survives. */}}
{{- define "sluice.stateNotes" -}}
{{- $name := include "sluice.fullname" . -}}
{{- $kubectl := printf "kubectl --namespace %s" .Release.Namespace -}}
{{- $claim := include "sluice.claimName" . -}}
{{- if include "sluice.isInMemory" . -}}
Its state is in memory, as the configuration says. Every restart loses it, also a restart of the
container alone.
{{- with $claim }} The volume claim {{ . }} keeps no state then: set persistence.enabled to false.
{{- end }}
{{- else if $claim -}}
Its state is on the volume claim {{ $claim }}: how far it has read, what it has started, which builds
wait or are held, and the last good configuration. It survives restarts, upgrades and changed values.
A changed configuration restarts the pod, which continues on the same claim.

If the pod stays Pending, look at the claim. It stays Pending if the cluster has no default storage
class (set persistence.storageClass), or if the class can give no such volume:

  {{ $kubectl }} describe persistentvolumeclaim {{ $claim }}

The volume must be a block volume or a local disk. On a network file system (NFS, SMB, CephFS and
others) the gateway does not start, because locks are unreliable there and a crash may lose data.
{{- if or .Values.persistence.retain .Values.persistence.existingClaim }}

`helm uninstall` keeps the claim, and a release of the same name continues with it. To delete the state:

  {{ $kubectl }} delete persistentvolumeclaim {{ $claim }}
{{- else }}

`helm uninstall` deletes the claim and the state, from Kubernetes 1.27 on.
{{- end }}
{{- else -}}
Its state is in a volume of its pod (emptyDir, at most {{ include "sluice.dataLimit" . }}): how far it has read, what
it has started, which builds wait or are held, and the last good configuration. It survives a restart
of the container, as after a crash or a kill. It does not survive the pod. A new pod begins with
nothing, and there is a new one after

  - an upgrade or any change of these values, also of the configuration,
  - `kubectl delete pod`, `kubectl rollout restart` or `kubectl drain`,
  - the loss of its node, or an eviction because the node ran short of disk or memory.

Events that were written meanwhile are then skipped. Set `firstStart: 10m` at each source, so that a new
pod judges the Events of the last ten minutes. A series that it judges again may start once more; an
object named for it that still exists is not created again. Builds that waited for another attempt, or
were held by a limit, are lost. Before you replace the pod, list what waits:

  {{ $kubectl }} exec statefulset/{{ $name }} -- sluice deliveries list --state waiting,held{{ if .Values.api.expose }} --token-file {{ include "sluice.apiTokenFile" . }}{{ end }}

Or set persistence.enabled, so that the state is on a volume claim.
{{- end -}}
{{- end }}

{{/* Where nodes get an image without a registry. */}}
{{- define "sluice.imageNotes" -}}
{{- if not .Values.image.registry -}}
Its image is {{ include "sluice.image" . }}, without a registry. If the pod shows ErrImagePull, push the image to a registry
that the nodes reach, and set image.registry.
{{- end -}}
{{- end }}

{{/* The Secrets without which the pod does not start. */}}
{{- define "sluice.secretNotes" -}}
{{- $needed := list -}}
{{- range .Values.secrets -}}
{{- $needed = append $needed (printf "%s (key %s)" .existingSecret .key) -}}
{{- end -}}
{{- if .Values.api.expose -}}
{{- $needed = append $needed (printf "%s (key %s)" .Values.api.existingSecret .Values.api.secretKey) -}}
{{- end -}}
{{- if $needed -}}
The pod starts only when these Secrets exist in {{ .Release.Namespace }}:
{{ range $needed | uniq | sortAlpha }}
  {{ . }}
{{- end }}
{{- end -}}
{{- end }}

{{/* Shown by an upgrade that replaces the Deployment of earlier versions of the chart. */}}
{{- define "sluice.upgradeNotes" -}}
{{- $name := include "sluice.fullname" . -}}
{{- $namespace := .Release.Namespace -}}
{{- /* An upgrade from the StatefulSet needs no right to read Deployments. */ -}}
{{- if not .Release.IsUpgrade -}}
{{- else if lookup "apps/v1" "StatefulSet" $namespace $name -}}
{{- else if lookup "apps/v1" "Deployment" $namespace $name -}}
This upgrade replaced the Deployment {{ $name }} by a StatefulSet of the same name. The old pod was stopped after
the new one was created, so for up to a minute both may have read. The new one began with an empty
store:

  - Objects of Kubernetes and Brigade builds were created once, because their names are the same in both.
  - A receiver that drops a repeated Idempotency-Key got a build twice, and dropped one.
  - Any other receiver may have started a build twice: those of the time when both read, and with
    `firstStart: 10m` those of the last ten minutes. To prevent that, set no firstStart, and stop the old
    pod before such an upgrade: kubectl --namespace {{ .Release.Namespace }} scale deployment/{{ $name }} --replicas 0
  - Events that were written after the old pod had stopped, and before the new one read for the first time,
    were skipped, unless `firstStart: 10m` was set at each source.
  - Builds that waited or were held in the old pod are lost.
{{- end -}}
{{- end }}

{{/* What to grant if the chart grants nothing. */}}
{{- define "sluice.grantNotes" -}}
{{- if not .Values.rbac.enabled -}}
rbac.enabled is false. The service account {{ .Release.Namespace }}/{{ include "sluice.serviceAccountName" . }} needs:
{{- range $namespace, $rules := include "sluice.permissions" . | fromJson }}
  in {{ if eq $namespace "*" }}the whole cluster{{ else }}{{ $namespace }}{{ end }}:
{{- range $rules }}
    {{ .verbs | join ", " }} on {{ .resources | join ", " }}{{ with .apiGroups | join ", " }} ({{ . }}){{ end }}{{ with .resourceNames }} named {{ . | join ", " }}{{ end }}
{{- end }}
{{- end }}
{{- end -}}
{{- end }}

{{/* Values of the original's chart that have no effect here. */}}
{{- define "sluice.originalNotes" -}}
{{- with include "sluice.ignoredImage" . | fromJsonArray -}}
Ignored, because they name the image of brigade-k8s-gateway: {{ . | join ", " }}. The image of Sluice is set by `image`.
{{- end -}}
{{- end }}

{{/* What the NetworkPolicy admits, and what it cannot know. */}}
{{- define "sluice.networkNotes" -}}
{{- if .Values.networkPolicy.enabled -}}
Its NetworkPolicy admits the probes{{ if .Values.api.expose }} and the API{{ end }}, and lets out DNS, the API server, and the ports and
addresses in the URLs of the configuration. A NetworkPolicy knows ports and addresses, but no host names:
such a port is open to every address. Add to networkPolicy.extraEgress

  - the port of the pods behind a Service of the cluster, if it differs from the port of the Service
{{- if include "sluice.hasUnseenTarget" . }}
  - the port of each receiver of which a URL is in a file or a variable
{{- end }}
{{- if include "sluice.isUnseen" . }}
  - the ports of the receivers in your ConfigMap, which the chart does not read
{{- end }}
{{- end -}}
{{- end }}

{{/* How to try the release. */}}
{{- define "sluice.trialNotes" -}}
{{- $kubectl := printf "kubectl --namespace %s" .Release.Namespace -}}
{{- if include "sluice.isTested" . -}}
To test the release, with an Event in {{ include "sluice.testNamespace" . }} that starts nothing:

  helm test {{ .Release.Name }} --namespace {{ .Release.Namespace }} --logs
{{- end -}}
{{- if .Values.echo.enabled }}
{{- $echo := include "sluice.suffixed" (dict "root" . "suffix" "echo") }}

The echo receiver prints each request to http://{{ $echo }}.{{ .Release.Namespace }}:9000/ in its log:

  {{ $kubectl }} logs --follow deployment/{{ $echo }}
{{- end -}}
{{- end }}
