{{/*
A TOML file from values. Helm's own toToml writes whole numbers as 100.0 and 2.5e+07, because values pass through JSON
on their way here; a worker that counts jobs would have to refuse them.
*/}}

{{/* A table with its heading, then the tables inside it. Argument: dict "path" (list) "table" (dict). */}}
{{- define "toml.table" -}}
{{- $path := .path -}}
{{- $leaves := list -}}
{{- $tables := list -}}
{{- range $key, $value := .table -}}
{{- if kindIs "map" $value -}}
{{- $inner := include "toml.table" (dict "path" (append $path $key) "table" $value) -}}
{{- $tables = append $tables $inner -}}
{{- else if not (kindIs "invalid" $value) -}}
{{- $leaves = append $leaves (printf "%s = %s" (include "toml.key" $key) (include "toml.value" $value)) -}}
{{- end -}}
{{- end -}}
{{- if and $path (or $leaves (not $tables)) -}}
{{- $names := list -}}
{{- range $path }}{{ $names = append $names (include "toml.key" .) }}{{ end -}}
{{- $leaves = prepend $leaves (printf "[%s]" (join "." $names)) -}}
{{- end -}}
{{- if $leaves }}{{ $tables = prepend $tables (join "\n" $leaves) }}{{ end -}}
{{- join "\n\n" $tables -}}
{{- end -}}

{{- define "toml.key" -}}
{{- regexMatch "^[A-Za-z0-9_-]+$" . | ternary . (toJson .) -}}
{{- end -}}

{{/* A value on one line. JSON's texts are texts of TOML as well. */}}
{{- define "toml.value" -}}
{{- if kindIs "map" . -}}
{{- $entries := list -}}
{{- range $key, $value := . -}}
{{- if not (kindIs "invalid" $value) -}}
{{- $entries = append $entries (printf "%s = %s" (include "toml.key" $key) (include "toml.value" $value)) -}}
{{- end -}}
{{- end -}}
{ {{- join ", " $entries -}} }
{{- else if kindIs "slice" . -}}
{{- $items := list -}}
{{- range . }}{{ $items = append $items (include "toml.value" .) }}{{ end -}}
[{{ join ", " $items }}]
{{- else if and (kindIs "float64" .) (eq (floor .) .) -}}
{{- int64 . -}}
{{- else -}}
{{- toRawJson . -}}
{{- end -}}
{{- end -}}
