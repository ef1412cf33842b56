{{/* The name of all objects, unique in the namespace. */}}
{{- define "connector.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $both := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- /* StatefulSets put a hash of ten letters after their name into a label of 63. */ -}}
{{- default $both .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "connector.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "connector.labels" -}}
{{ include "connector.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: connector
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "connector.serviceAccountName" -}}
{{- default (.Values.serviceAccount.create | ternary (include "connector.fullname" .) "default") .Values.serviceAccount.name -}}
{{- end -}}

{{- define "connector.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A file of answers belongs to one worker, so each needs a volume that comes back with it: a StatefulSet. */}}
{{- define "connector.workloadKind" -}}
{{- eq .Values.journal.kind "volume" | ternary "StatefulSet" "Deployment" -}}
{{- end -}}

{{/* A pod that is killed before the grace period ends loses calls that are paid for. */}}
{{- define "connector.terminationSeconds" -}}
{{- with .Values.shutdown -}}
{{- default (add (max .callTimeoutSeconds .graceSeconds) 30) .terminationGracePeriodSeconds | int -}}
{{- end -}}
{{- end -}}
