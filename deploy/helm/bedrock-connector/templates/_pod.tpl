{{- define "connector.podMetadata" -}}
labels:
  {{- include "connector.selectorLabels" . | nindent 2 }}
  app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
  app.kubernetes.io/component: connector
  {{- with .Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  {{- if .Values.restartOnConfigChange }}
  checksum/config: {{ include "connector.startConfig" . | sha256sum }}
  {{- end }}
  {{- if eq .Values.metrics.scrape "annotations" }}
  prometheus.io/scrape: "true"
  prometheus.io/port: {{ .Values.service.port | quote }}
  prometheus.io/path: /actuator/prometheus
  {{- end }}
  kubectl.kubernetes.io/default-container: connector
  {{- with .Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "connector.podSpec" -}}
serviceAccountName: {{ include "connector.serviceAccountName" . }}
# The worker never talks to Kubernetes. Tokens for AWS are mounted by EKS, whatever stands here.
automountServiceAccountToken: false
# The variables of services are of no use here, and one could look like a setting.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ include "connector.terminationSeconds" . }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- include "connector.podSecurity" . | nindent 0 }}
containers:
  - name: connector
    image: {{ include "connector.image" . }}
    imagePullPolicy: {{ .Values.image.pullPolicy }}
    {{- include "connector.containerSecurity" . | nindent 4 }}
    ports:
      - name: http
        containerPort: {{ .Values.service.port }}
    {{- include "connector.probes" . | nindent 4 }}
    env:
      {{- include "connector.env" . | nindent 6 }}
    {{- with .Values.envFrom }}
    envFrom:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    resources:
      {{- toYaml .Values.resources | nindent 6 }}
    volumeMounts:
      {{- include "connector.volumeMounts" . | nindent 6 }}
volumes:
  {{- include "connector.volumes" . | nindent 2 }}
{{- include "connector.placement" . }}
{{- end -}}

{{- define "connector.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  # Volumes and mounted Secrets are handed to this group. A volume that has it already is not walked through.
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "connector.containerSecurity" -}}
securityContext:
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* Readiness asks the engine and the credentials, with 5 s for each. Liveness does not: an engine that is away is no
reason to end a worker that holds answers for it. */}}
{{- define "connector.probes" -}}
startupProbe:
  httpGet: {path: /actuator/health/startup, port: http}
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  httpGet: {path: /actuator/health/liveness, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /actuator/health/readiness, port: http}
  periodSeconds: 10
  timeoutSeconds: 8
{{- end -}}

{{- define "connector.placement" -}}
{{- if .Values.topologySpread.enabled }}
topologySpreadConstraints:
  {{- range .Values.topologySpread.keys }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: {{ $.Values.topologySpread.whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "connector.selectorLabels" $ | nindent 8 }}
  {{- end }}
{{- end }}
{{- range $field := list "nodeSelector" "tolerations" "affinity" }}
{{- with index $.Values $field }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}
