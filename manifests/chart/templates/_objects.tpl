{{- /* One object of manifests/ as this release has it, by the root context and the object's text. */ -}}
{{- define "tekton-integrations.object" -}}
{{- $root := index . 0 -}}
{{- $text := index . 1 -}}
{{- /* The policy's name for the controller's namespace. */ -}}
{{- $object := replace "'tekton-integrations'" (printf "'%s'" $root.Release.Namespace) $text | fromYaml -}}
{{- $metadata := $object.metadata -}}
{{- /* The ClusterRole is bound in one namespace then. */ -}}
{{- $unbound := and $root.Values.watchNamespace (eq $object.kind "ClusterRoleBinding") (eq (get ($metadata | default dict) "name") "tekton-integrations") -}}
{{- if and $metadata (not $unbound) -}}
{{- $_ := set $metadata "labels" (merge (dict "app.kubernetes.io/part-of" "tekton-integrations") ($metadata.labels | default dict)) -}}
{{- if hasKey $metadata "namespace" -}}
{{- $own := eq $metadata.namespace "tekton-integrations" -}}
{{- $_ := set $metadata "namespace" (ternary $root.Release.Namespace $root.Values.watchNamespace $own) -}}
{{- end -}}
{{- range $object.subjects -}}{{- $_ := set . "namespace" $root.Release.Namespace -}}{{- end -}}
{{- if eq $object.kind "Deployment" -}}{{- include "tekton-integrations.deployment" (list $root $object) -}}{{- end -}}
{{- if and (eq $object.kind "CustomResourceDefinition") $root.Values.crds.keep -}}
{{- $_ := set $metadata "annotations" (merge (dict "helm.sh/resource-policy" "keep") ($metadata.annotations | default dict)) -}}
{{- end }}
---
{{ toYaml $object }}
{{- end -}}
{{- end -}}

{{- /* Changes a Deployment, and prints nothing. */ -}}
{{- define "tekton-integrations.deployment" -}}
{{- $root := index . 0 -}}
{{- $values := $root.Values -}}
{{- $object := index . 1 -}}
{{- $pod := $object.spec.template.spec -}}
{{- $container := index $pod.containers 0 -}}
{{- $tag := $values.image.tag | default $root.Chart.AppVersion -}}
{{- $_ := set $container "image" (printf "%s:%s" $values.image.repository $tag) -}}
{{- if eq $container.name "controller" -}}
{{- $_ := set $object.spec "replicas" $values.replicas -}}
{{- $_ := set $container "args" (list "run" (printf "--integrations=%s" (join "," $values.integrations))) -}}
{{- with $values.resources -}}{{- $_ := set $container "resources" . -}}{{- end -}}
{{- if $values.watchNamespace -}}
{{- include "tekton-integrations.env" (list $container (dict "TEKTON_INTEGRATIONS_WATCH_NAMESPACE" $values.watchNamespace)) -}}
{{- end -}}
{{- include "tekton-integrations.env" (list $container $values.env) -}}
{{- if gt (int $values.replicas) 1 -}}{{- include "tekton-integrations.spread" (list $root $pod) -}}{{- end -}}
{{- else -}}
{{- include "tekton-integrations.env" (list $container $values.serve.env) -}}
{{- end -}}
{{- $_ := mergeOverwrite $pod $values.pod -}}
{{- end -}}

{{- /* Gives a container variables; one that is there already gets the new value. */ -}}
{{- define "tekton-integrations.env" -}}
{{- $container := index . 0 -}}
{{- range $name, $value := index . 1 -}}
{{- $env := list -}}
{{- range $container.env -}}{{- if ne .name $name -}}{{- $env = append $env . -}}{{- end -}}{{- end -}}
{{- $_ := set $container "env" (append $env (dict "name" $name "value" $value)) -}}
{{- end -}}
{{- end -}}

{{- /* Spreads pods over nodes and zones, as the component for two pods does. */ -}}
{{- define "tekton-integrations.spread" -}}
{{- $root := index . 0 -}}
{{- $pod := index . 1 -}}
{{- $component := $root.Files.Get "files/components/ha/kustomization.yaml" | fromYaml -}}
{{- range fromYamlArray (index $component.patches 0).patch -}}
{{- $field := trimPrefix "/spec/template/spec/" .path -}}
{{- if ne $field .path -}}{{- $_ := set $pod $field .value -}}{{- end -}}
{{- end -}}
{{- end -}}
