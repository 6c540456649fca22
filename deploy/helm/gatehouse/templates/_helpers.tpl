{{- define "gatehouse.fullname" -}}
{{- if contains "gatehouse" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-gatehouse" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "gatehouse.labels" -}}
app.kubernetes.io/name: gatehouse
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* What selects the pods of a component: (dict "root" . "component" "gateway") */}}
{{- define "gatehouse.selector" -}}
app.kubernetes.io/name: gatehouse
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "gatehouse.image" -}}
{{- $image := .Values.image -}}
{{- $repository := required "image.repository: say where your image is" $image.repository -}}
{{- if $image.digest }}{{ printf "%s@%s" $repository $image.digest }}{{ else }}{{ printf "%s:%s" $repository ($image.tag | default .Chart.AppVersion) }}{{ end }}
{{- end }}

{{- define "gatehouse.policyConfigMap" -}}
{{- .Values.policyConfigMap | default (printf "%s-policy" (include "gatehouse.fullname" .)) }}
{{- end }}

{{- define "gatehouse.coordination" -}}
kind: redis
server:
  host: {{ required "coordination.host: gateways and admin services share a Redis" .Values.coordination.host }}
  port: {{ .Values.coordination.port }}
keyPrefix: {{ .Values.coordination.keyPrefix }}
{{- if .Values.coordination.passwordKey }}
password: file:/run/secrets/gatehouse/{{ .Values.coordination.passwordKey }}
{{- end }}
{{- if .Values.coordination.tls }}
tls: {}
{{- end }}
{{- end }}

{{/* gateway.yaml: what the chart knows, with gateway.config over it. */}}
{{- define "gatehouse.gatewayConfig" -}}
{{- $gateway := .Values.gateway -}}
{{- if gt (int $gateway.drainDelaySeconds) (int $gateway.drainSeconds) }}{{ fail "gateway.drainDelaySeconds is part of gateway.drainSeconds and may not be more" }}{{ end -}}
{{- if and .Values.service.nlb.enabled (not .Values.service.nlb.senders) }}{{ fail "service.nlb.senders: name the subnets of the balancer, whose word on client addresses is taken" }}{{ end -}}
{{- $listeners := dict -}}
{{- range $engine, $listener := $gateway.listeners }}
{{- if $listener.enabled }}
{{- $one := dict "address" (printf "0.0.0.0:%d" (int $listener.port)) "tls" (dict "certificateFile" "/etc/gatehouse/tls/tls.crt" "keyFile" "/etc/gatehouse/tls/tls.key") -}}
{{- if $.Values.service.nlb.enabled }}{{ $_ := set $one "proxyProtocol" (dict "trustedSenders" $.Values.service.nlb.senders) }}{{ end -}}
{{- $_ := set $listeners $engine $one -}}
{{- end }}
{{- end }}
{{- $own := dict
  "listeners" $listeners
  "coordination" (include "gatehouse.coordination" . | fromYaml)
  "policyFile" "/etc/gatehouse/policy/policy.yaml"
  "audit" (dict "directory" "/var/lib/gatehouse/trail")
  "monitoring" (dict "address" (printf "0.0.0.0:%d" (int .Values.monitoring.port)))
  "drainSeconds" (int $gateway.drainSeconds)
  "drainDelaySeconds" (int $gateway.drainDelaySeconds)
-}}
{{- mustMergeOverwrite $own (deepCopy $gateway.config) | toYaml }}
{{- end }}

{{/* admin.yaml, the same way. */}}
{{- define "gatehouse.adminConfig" -}}
{{- $admin := .Values.admin -}}
{{- $own := dict
  "address" (printf "0.0.0.0:%d" (int $admin.port))
  "tls" (dict "certificateFile" "/etc/gatehouse/tls/tls.crt" "keyFile" "/etc/gatehouse/tls/tls.key")
  "publicUrl" (required "admin.publicUrl: where people reach the admin service" $admin.publicUrl)
  "coordination" (include "gatehouse.coordination" . | fromYaml)
  "policyFile" "/etc/gatehouse/policy/policy.yaml"
  "audit" (dict "directory" "/var/lib/gatehouse/admin-trail")
-}}
{{- mustMergeOverwrite $own (deepCopy $admin.config) | toYaml }}
{{- end }}

{{/* The pod's security: what the profile "restricted" asks for. */}}
{{- define "gatehouse.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "gatehouse.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "gatehouse.mounts" -}}
- { name: config, mountPath: /etc/gatehouse/config, readOnly: true }
- { name: policy, mountPath: /etc/gatehouse/policy, readOnly: true }
- { name: tls, mountPath: /etc/gatehouse/tls, readOnly: true }
- { name: state, mountPath: /var/lib/gatehouse }
{{- range $name, $_ := .Values.secrets }}
- { name: {{ printf "secret-%s" $name }}, mountPath: {{ printf "/run/secrets/%s" $name }}, readOnly: true }
{{- end }}
{{- end }}

{{/* (dict "root" . "component" "gateway" "tls" "name of the Secret") */}}
{{- define "gatehouse.volumes" -}}
- name: config
  configMap: { name: {{ include "gatehouse.fullname" .root }}-{{ .component }} }
- name: policy
  configMap: { name: {{ include "gatehouse.policyConfigMap" .root }} }
- name: tls
  secret: { secretName: {{ .tls }}, defaultMode: 0440 }
{{- range $name, $one := .root.Values.secrets }}
- name: secret-{{ $name }}
  secret: { secretName: {{ $one.secretName }}, defaultMode: 0440 }
{{- end }}
{{- end }}

{{/* The claim of each pod: (dict "root" . "component" "gateway" "storage" …) */}}
{{- define "gatehouse.claim" -}}
- metadata:
    name: state
    labels: {{- include "gatehouse.selector" (dict "root" .root "component" .component) | nindent 6 }}
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .storage.className }}
    storageClassName: {{ . }}
    {{- end }}
    resources: { requests: { storage: {{ .storage.size }} } }
{{- end }}
