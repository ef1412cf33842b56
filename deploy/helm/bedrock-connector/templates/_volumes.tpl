{{- define "connector.volumes" -}}
- name: config
  configMap:
    name: {{ include "connector.fullname" . }}
{{- if eq .Values.journal.kind "ephemeral" }}
- name: data
  emptyDir:
    sizeLimit: {{ .Values.journal.ephemeral.sizeLimit }}
{{- end }}
{{- with .Values.secrets.existingSecret }}
- name: secrets
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- with .Values.secrets.connections }}
- name: connections
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Whole folders are mounted, because a file mounted alone never changes. */}}
{{- define "connector.volumeMounts" -}}
- name: config
  mountPath: /config
  readOnly: true
{{- if has .Values.journal.kind (list "volume" "ephemeral") }}
- name: data
  mountPath: /data
{{- end }}
{{- if .Values.secrets.existingSecret }}
- name: secrets
  mountPath: /secrets
  readOnly: true
{{- end }}
{{- if .Values.secrets.connections }}
- name: connections
  mountPath: /connections
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}
