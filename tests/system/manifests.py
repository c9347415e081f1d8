"""What conf/kubernetes may say: the fields of its kinds, as far as they are used, and their types.

A cluster ignores or refuses what it does not know, depending on its version; here a slip is an error.
"""

import yaml

STRINGS = {str: str}
META = {"name": str, "labels": STRINGS, "annotations": STRINGS}
PROBE = {"httpGet": {"path": str, "port": (str, int)}, "periodSeconds": int, "timeoutSeconds": int,
         "failureThreshold": int}
AMOUNTS = {"cpu": str, "memory": str}
CONTAINER = {
    "name": str, "image": str, "args": [str],
    "ports": [{"name": str, "containerPort": int}],
    "startupProbe": PROBE, "readinessProbe": PROBE, "livenessProbe": PROBE,
    "resources": {"requests": AMOUNTS, "limits": AMOUNTS},
    "securityContext": {"runAsNonRoot": bool, "runAsUser": int, "allowPrivilegeEscalation": bool,
                        "readOnlyRootFilesystem": bool, "capabilities": {"drop": [str]}},
    "volumeMounts": [{"name": str, "mountPath": str, "readOnly": bool}],
}
POD = {"containers": [CONTAINER],
       "volumes": [{"name": str, "configMap": {"name": str}, "emptyDir": {}}]}
SCALING = {"stabilizationWindowSeconds": int,
           "policies": [{"type": str, "value": int, "periodSeconds": int}]}

KINDS = {
    ("v1", "ConfigMap"): {"data": STRINGS},
    ("v1", "Service"): {"spec": {"selector": STRINGS,
                                 "ports": [{"name": str, "port": int, "targetPort": str}]}},
    ("apps/v1", "Deployment"): {"spec": {
        "selector": {"matchLabels": STRINGS},
        "strategy": {"rollingUpdate": {"maxUnavailable": int, "maxSurge": int}},
        "template": {"metadata": META, "spec": {"terminationGracePeriodSeconds": int, **POD}}}},
    ("autoscaling/v2", "HorizontalPodAutoscaler"): {"spec": {
        "scaleTargetRef": {"apiVersion": str, "kind": str, "name": str},
        "minReplicas": int, "maxReplicas": int,
        "metrics": [{"type": str, "pods": {"metric": {"name": str},
                                           "target": {"type": str, "averageValue": str}}}],
        "behavior": {"scaleUp": SCALING, "scaleDown": SCALING}}},
    ("serving.knative.dev/v1", "Service"): {"spec": {"template": {
        "metadata": META,
        "spec": {"containerConcurrency": int, "timeoutSeconds": int, **POD}}}},
}


class StrictLoader(yaml.SafeLoader):
    """YAML takes the last of two equal keys; we take neither."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key twice, {node.start_mark}: {keys}"
        return super().construct_mapping(node, deep)


def load(path):
    return yaml.load(path.read_text(), StrictLoader)


def check(value, known, where):
    if isinstance(known, dict):
        assert isinstance(value, dict), f"{where}: no mapping"
        for key, inner in value.items():
            assert key in known or str in known, f"{where}.{key}: no such field"
            assert isinstance(key, str), f"{where}.{key}: no name"
            check(inner, known.get(key, known.get(str)), f"{where}.{key}")
    elif isinstance(known, list):
        assert isinstance(value, list) and value, f"{where}: no list"
        for i, inner in enumerate(value):
            check(inner, known[0], f"{where}[{i}]")
    else:
        types = known if isinstance(known, tuple) else (known,)
        assert type(value) in types, f"{where}: {value!r} is no {known}"


def check_object(thing):
    """One object of a cluster."""
    version, kind = thing["apiVersion"], thing["kind"]
    known = {"apiVersion": str, "kind": str, "metadata": META, **KINDS[version, kind]}
    check(thing, known, kind)
    return thing
