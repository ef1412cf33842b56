{{/* What the chart itself sets in the worker's file, because other objects depend on it. */}}
{{- define "connector.ownConfig" -}}
worker:
  grace: PT{{ int .Values.shutdown.graceSeconds }}S
bedrock:
  call-timeout: PT{{ int .Values.shutdown.callTimeoutSeconds }}S
admin:
  port: {{ int .Values.service.port }}
{{- if eq .Values.journal.kind "none" }}
journal:
  enabled: false
{{- else if ne .Values.journal.kind "postgresql" }}
journal:
  data-dir: /data
{{- end }}
{{- if .Values.secrets.existingSecret }}
secrets:
  folder: /secrets
{{- end }}
{{- end -}}

{{- define "connector.config" -}}
{{- $own := include "connector.ownConfig" . | fromYaml -}}
{{- include "toml.table" (dict "path" list "table" (mergeOverwrite (deepCopy .Values.config) $own) "item" false) -}}
{{- end -}}

{{/* What only counts from a start on. Connections and who may use them change while the worker runs. */}}
{{- define "connector.startConfig" -}}
{{- $own := include "connector.ownConfig" . | fromYaml -}}
{{- $table := omit (mergeOverwrite (deepCopy .Values.config) $own) "connections" "access" "prices" -}}
{{- include "toml.table" (dict "path" list "table" $table "item" false) -}}
{{- end -}}

{{/* Variables of the worker: where its file is, and what comes from existing Secrets. */}}
{{- define "connector.env" -}}
- name: BEDROCK_CONNECTOR_CONFIG
  value: /config/bedrock-connector.toml
{{- with .Values.engine.clientSecret }}
{{- include "connector.secretEnv" (list "BEDROCK_CONNECTOR_CLIENT_SECRET" .name .key) }}
{{- end }}
{{- with .Values.engine.password }}
{{- include "connector.secretEnv" (list "BEDROCK_CONNECTOR_PASSWORD" .name .key) }}
{{- end }}
{{- if eq .Values.journal.kind "postgresql" }}
{{- with .Values.journal.postgresql }}
{{- include "connector.secretEnv" (list "BEDROCK_CONNECTOR_JOURNAL_URL" .name .key) }}
{{- end }}
{{- end }}
{{- if eq .Values.aws.identity "access-key" }}
{{- with .Values.aws.accessKey }}
{{- include "connector.secretEnv" (list "AWS_ACCESS_KEY_ID" .name .idKey) }}
{{- include "connector.secretEnv" (list "AWS_SECRET_ACCESS_KEY" .name .secretKey) }}
{{- include "connector.secretEnv" (list "AWS_SESSION_TOKEN" .name .sessionTokenKey) }}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* One variable from an entry of a Secret, if both are named. Argument: list VARIABLE SECRET ENTRY. */}}
{{- define "connector.secretEnv" -}}
{{- if and (index . 1) (index . 2) }}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef:
      name: {{ index . 1 }}
      key: {{ index . 2 }}
{{- end }}
{{- end -}}
