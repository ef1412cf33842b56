{{/* What no schema can say: values that do not fit together. All of it at once. */}}
{{- define "connector.validate" -}}
{{- $mistakes := compact (splitList "\n" (cat
  (include "connector.validate.engine" .) "\n"
  (include "connector.validate.owned" .) "\n"
  (include "connector.validate.choices" .) "\n"
  (include "connector.validate.shutdown" .) "\n"
  (include "connector.validate.autoscaling" .))) -}}
{{- $clean := list -}}
{{- range $mistakes }}{{ with trim . }}{{ $clean = append $clean (printf "  - %s" .) }}{{ end }}{{ end -}}
{{- if $clean -}}
{{- fail (printf "\n\nthese values do not fit together:\n%s\n" (join "\n" $clean)) -}}
{{- end -}}
{{- end -}}

{{- define "connector.validate.engine" -}}
{{- $gateway := default dict .Values.config.gateway -}}
{{- if not (or (index $gateway "grpc-address") (index $gateway "cluster-id") .Values.env .Values.extraEnv .Values.envFrom) -}}
config.gateway.grpc-address: missing; where the engine's gateway is, such as http://camunda-zeebe-gateway:26500, or config.gateway.cluster-id for Camunda's SaaS
{{- end -}}
{{- end -}}

{{/* Settings that have a value of their own, because the pod depends on them, or that must not stand in a ConfigMap. */}}
{{- define "connector.validate.owned" -}}
{{- $config := .Values.config -}}
{{- $owned := dict
  "worker.grace" "shutdown.graceSeconds, so that the pod is given as long"
  "bedrock.call-timeout" "shutdown.callTimeoutSeconds, so that the pod is given as long"
  "admin.port" "service.port, so that the probes find it"
  "journal.data-dir" "journal.kind and journal.volume, so that there is a volume"
  "journal.enabled" "journal.kind: none"
  "journal.url" "journal.postgresql, which takes it from a Secret"
  "secrets.folder" "secrets.existingSecret, which mounts one"
  "auth.client-secret" "engine.clientSecret, which takes it from a Secret"
  "auth.password" "engine.password, which takes it from a Secret" -}}
{{- range $path, $instead := $owned -}}
{{- $parts := splitList "." $path -}}
{{- if hasKey (default dict (index $config (first $parts))) (last $parts) }}
config.{{ $path }}: use {{ $instead }}
{{- end -}}
{{- end -}}
{{- $variables := dict
  "BEDROCK_CONNECTOR_CONFIG" "config"
  "BEDROCK_CONNECTOR_GRACE" "shutdown.graceSeconds"
  "BEDROCK_CONNECTOR_CALL_TIMEOUT" "shutdown.callTimeoutSeconds"
  "SPRING_LIFECYCLE_TIMEOUTPERSHUTDOWNPHASE" "shutdown.graceSeconds"
  "BEDROCK_CONNECTOR_DATA_DIR" "journal.kind"
  "BEDROCK_CONNECTOR_JOURNAL_ENABLED" "journal.kind"
  "BEDROCK_CONNECTOR_JOURNAL_URL" "journal.postgresql"
  "SERVER_PORT" "service.port" -}}
{{- range $name, $instead := $variables -}}
{{- if hasKey $.Values.env $name }}
env.{{ $name }}: use {{ $instead }}, because other parts of the pod depend on it
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A choice and what it needs. */}}
{{- define "connector.validate.choices" -}}
{{- $v := .Values -}}
{{- if and (eq $v.aws.identity "irsa") (not $v.aws.roleArn) }}
aws.roleArn: missing; with aws.identity irsa it names the role, arn:aws:iam::ACCOUNT:role/NAME
{{- end }}
{{- if and (ne $v.aws.identity "irsa") $v.aws.roleArn }}
aws.roleArn: has no effect with aws.identity {{ $v.aws.identity }}; set aws.identity to irsa or leave it out
{{- end }}
{{- if and (eq $v.aws.identity "irsa") (not $v.serviceAccount.create) }}
serviceAccount.create: false, and a service account that is not the chart's cannot be given aws.roleArn; annotate it yourself and set aws.identity to default
{{- end }}
{{- if and (eq $v.aws.identity "access-key") (not $v.aws.accessKey.name) }}
aws.accessKey.name: missing; with aws.identity access-key it names the Secret that holds the key
{{- end }}
{{- if and (eq $v.journal.kind "postgresql") (not $v.journal.postgresql.name) }}
journal.postgresql.name: missing; with journal.kind postgresql it names the Secret that holds the address
{{- end }}
{{- if and (not $v.serviceAccount.create) (not $v.serviceAccount.name) (eq $v.aws.identity "pod-identity") }}
serviceAccount.name: missing; a Pod Identity association is with a service account, which should not be the namespace's default
{{- end }}
{{- end -}}

{{- define "connector.validate.shutdown" -}}
{{- with .Values.shutdown.terminationGracePeriodSeconds -}}
{{- $longest := max $.Values.shutdown.callTimeoutSeconds $.Values.shutdown.graceSeconds | int -}}
{{- if le (int .) $longest -}}
shutdown.terminationGracePeriodSeconds: {{ int . }} is not more than {{ $longest }}, the longer of callTimeoutSeconds and graceSeconds; a pod that is killed before loses calls that are paid for
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "connector.validate.autoscaling" -}}
{{- with .Values.autoscaling -}}
{{- if ne .kind "none" -}}
{{- $slots := index (default dict $.Values.config.worker) "max-jobs-active" | default 100 | int -}}
{{- if ge (int .inFlightPerReplica) $slots }}
autoscaling.inFlightPerReplica: {{ int .inFlightPerReplica }} is never exceeded, because a worker holds at most {{ $slots }} jobs (config.worker.max-jobs-active); 70 % of that is a good aim
{{- end }}
{{- if lt (int .maxReplicas) (int .minReplicas) }}
autoscaling.maxReplicas: {{ int .maxReplicas }} is less than minReplicas, {{ int .minReplicas }}
{{- end }}
{{- if and (eq .kind "keda") (not .keda.prometheusAddress) }}
autoscaling.keda.prometheusAddress: missing; where KEDA asks for the metric, such as http://prometheus.monitoring:9090
{{- end }}
{{- end -}}
{{- end -}}
{{- end -}}
