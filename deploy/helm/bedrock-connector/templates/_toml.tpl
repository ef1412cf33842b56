{{/*
A TOML file from values. Helm's own toToml writes whole numbers as 100.0 and 2.5e+07, because values pass through JSON
on their way here; a worker that counts jobs would have to refuse them.
*/}}

{{/*
A table: its heading, its values, then the tables inside it. Argument: dict "path" (list of keys), "table" (dict) and
"item" (whether it is one of a list of tables, which has its heading even when it is empty).
*/}}
{{- define "toml.table" -}}
{{- $path := .path -}}
{{- $values := list -}}
{{- $tables := list -}}
{{- range $key, $value := .table -}}
{{- $inner := append $path $key -}}
{{- if kindIs "map" $value -}}
{{- $tables = append $tables (include "toml.table" (dict "path" $inner "table" $value "item" false)) -}}
{{- else if and (kindIs "slice" $value) $value (kindIs "map" (first $value)) -}}
{{- range $value -}}
{{- $tables = append $tables (include "toml.table" (dict "path" $inner "table" . "item" true)) -}}
{{- end -}}
{{- else if not (kindIs "invalid" $value) -}}
{{- $values = append $values (printf "%s = %s" (include "toml.key" $key) (include "toml.value" $value)) -}}
{{- end -}}
{{- end -}}
{{- $names := list -}}
{{- range $path }}{{ $names = append $names (include "toml.key" .) }}{{ end -}}
{{- if .item -}}
{{- $values = prepend $values (printf "[[%s]]" (join "." $names)) -}}
{{- else if and $path (or $values (not $tables)) -}}
{{- $values = prepend $values (printf "[%s]" (join "." $names)) -}}
{{- end -}}
{{- if $values }}{{ $tables = prepend $tables (join "\n" $values) }}{{ end -}}
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
