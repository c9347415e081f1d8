"""More than one machine: three servers behind HAProxy, watched by Prometheus, by the files of conf/."""

import configparser
import re
import signal
import subprocess
import time

import pytest

import client
from load import Background
from manifests import check_object, load
from scaling import CONF, PROMETHEUS, HAProxy, Prometheus, dashboard, dashboard_expressions
from server import ROOT, eventually, run_once
from test_20_bench import bench

MACHINES, WORKERS, THREADS = 3, 2, 4
SLOTS = WORKERS * THREADS
WINDOW_S = 3  # of the rules' rates, here


def promtool(*args, given=None):
    done = subprocess.run(["promtool", *map(str, args)], input=given, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


# --- without load ------------------------------------------------------------------


def test_promtool_has_nothing_against_the_metrics(server):
    server.get("/sleep?ms=1")
    assert promtool("check", "metrics", given=server.metrics()) == ""


def test_routes_of_any_name_are_labels_that_read_back(serve, tmp_path):
    names = ('/a"b', "/back\\slash", '/x{y="z"},', "/\u00fcber")
    path = tmp_path / "routes.ini"
    path.write_text("[littled]\n" + "".join(f"[route {name}]\napp = workload\n" for name in names),
                    encoding="utf-8")
    with serve("-c", path, app=None) as s:
        metrics = s.metrics()
    assert promtool("check", "metrics", given=metrics) == ""
    labels = {re.sub(r"\\(.)", r"\1", label)
              for label in re.findall(r'route="((?:[^"\\]|\\.)*)"', metrics)}
    assert {f"{name}/hello" for name in names} <= labels


def test_promtool_has_nothing_against_the_rules():
    for name in ("rules.yml", "alerts.yml"):
        assert "SUCCESS" in promtool("check", "rules", PROMETHEUS / name)
    assert "SUCCESS" in promtool("check", "config", PROMETHEUS / "prometheus.yml")


def test_each_alert_fires_when_it_must_and_only_then():
    path = ROOT / "tests" / "system" / "alerts_test.yml"
    alerts = {r["alert"] for g in load(PROMETHEUS / "alerts.yml")["groups"] for r in g["rules"]}
    for case in load(path)["tests"]:
        assert {t["alertname"] for t in case["alert_rule_test"]} == alerts
    assert "SUCCESS" in promtool("test", "rules", path)


def test_the_balancer_s_configuration_is_sound():
    subprocess.run(["/usr/sbin/haproxy", "-c", "-f", CONF / "haproxy" / "haproxy.cfg"], check=True, timeout=20)


# --- under load --------------------------------------------------------------------


class Cluster:
    def __init__(self, servers, balancer):
        self.servers, self.balancer, self.prometheus = servers, balancer, None

    def url(self, target):
        return "http://%s:%d%s" % (*self.balancer.address, target)

    def loaded(self, users):
        """Users of requests that sleep: the generator's report, and an instant late in its time."""
        sleeps = ",".join(f"1 {self.url(f'/sleep?ms={ms}')}" for ms in (150, 190, 240))
        report = bench("--concurrency", users, "--warmup", 1.5, "--duration", 6, "--mix", sleeps)
        assert report["outcomes"]["ok"] == report["offered"], report["outcomes"]
        return report, time.time() - 0.5

    def mean(self, series, at):
        """Of two seconds: with the rates' windows before them all of it within the measured time."""
        return self.prometheus.value(f'avg_over_time({series}[2s])', at)


@pytest.fixture
def cluster(serve, tmp_path):
    """Machines behind HAProxy; the first says for a while that it will go."""
    shape = {"workers": WORKERS, "threads": THREADS}
    with serve("--keep-alive", "65", "--drain-delay", "5", host="127.0.0.2", **shape) as a, \
            serve("--keep-alive", "65", host="127.0.0.3", **shape) as b, \
            serve("--keep-alive", "65", host="127.0.0.4", **shape) as c, \
            HAProxy(tmp_path, [a, b, c], SLOTS) as balancer:
        yield Cluster([a, b, c], balancer)
        # At once: whom should it tell now?
        a.process.send_signal(signal.SIGINT)


@pytest.fixture
def watched(cluster, tmp_path):
    with Prometheus(tmp_path, cluster.servers, cluster.balancer, f"{WINDOW_S}s") as prometheus:
        cluster.prometheus = prometheus
        eventually(lambda: len(prometheus.query("up == 1", time.time())) == MACHINES + 1, 30,
                   "all targets are scraped")
        yield cluster


JOB = '{job="littled"}'


def law_over_all_holds(cluster, users):
    """Users who never pause are as many as requests in flight; returns what the rules say."""
    report, at = cluster.loaded(users)
    names = ("concurrency:rate1m", "times:rate1m", "throughput:rate1m", "time_seconds:mean1m",
             "proxied:rate1m", "utilisation:ratio1m", "demand:ratio1m")
    said = {n.split(":")[0]: cluster.mean(f"job:littled_{n}{JOB}", at) for n in names}
    print(f"{users} users: generator L={report['little']['L']:.3f} X={report['little']['X']:.2f}; {said}")
    assert report["little"]["L"] == pytest.approx(users, rel=0.01)
    assert said["concurrency"] + said["proxied"] == pytest.approx(report["little"]["L"], rel=0.03)
    assert said["throughput"] == pytest.approx(report["little"]["X"], rel=0.03)
    assert said["times"] == pytest.approx(said["concurrency"], rel=0.03)
    assert said["throughput"] * said["time_seconds"] == pytest.approx(said["concurrency"], rel=0.03)
    return said, report, at


def residuals_are_none(cluster, at):
    rows = cluster.prometheus.query("instance:littled_residual_seconds:total", at)
    assert len(rows) == MACHINES
    assert all(abs(value) < 1e-6 for _, value in rows), rows


def rules_and_panels_have_data(cluster, at):
    groups = cluster.prometheus.api("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert {rule["health"] for rule in rules} == {"ok"}, rules
    for name in {rule["name"] for rule in rules if rule["type"] == "recording"}:
        assert cluster.prometheus.query(name, at), f"{name} has no data"
    firing = [rule["name"] for rule in rules if rule.get("state") == "firing"]
    assert firing == []
    for title, expression in dashboard_expressions("littled"):
        assert cluster.prometheus.query(expression, at), f"{title}: {expression} has no data"


@pytest.mark.alone
def test_the_law_over_all_machines_agrees_with_the_generator(watched):
    cluster = watched
    users = MACHINES * SLOTS
    said, report, at = law_over_all_holds(cluster, users)
    assert said["concurrency"] == pytest.approx(report["little"]["L"], rel=0.03), "nobody waits"
    by_instance = cluster.prometheus.query("instance:littled_concurrency:rate1m", at)
    assert [value for _, value in by_instance] == [pytest.approx(SLOTS, rel=0.05)] * MACHINES
    rules_and_panels_have_data(cluster, at)

    # Half as many users more: they wait in one queue before the machines, and none within.
    said, report, at = law_over_all_holds(cluster, users * 3 // 2)
    assert said["concurrency"] == pytest.approx(users, rel=0.05)
    assert said["proxied"] == pytest.approx(users / 2, rel=0.1)
    assert said["demand"] == pytest.approx(1.5, rel=0.05)
    assert said["utilisation"] == pytest.approx(1, abs=0.05)
    queue = cluster.mean('haproxy_backend_current_queue{proxy="littled"}', at)
    assert queue == pytest.approx(users / 2, rel=0.15)
    waiting = cluster.mean('job:littled_places:rate1m{job="littled",place="wait"}', at)
    assert waiting < 0.03 * users
    residuals_are_none(cluster, at)


def status_of(cluster, server):
    """What HAProxy takes it for."""
    text = client.get(cluster.balancer.metrics, "/metrics").body.decode()
    return re.search(rf'haproxy_server_status{{proxy="littled",server="{server}",state="(\w+)"}} 1\n',
                     text)[1]


def test_a_machine_leaves_and_nobody_notices(cluster):
    leaving = cluster.servers[0]
    running = Background(lambda: bench("--concurrency", SLOTS, "--duration", 7,
                                       cluster.url("/sleep?ms=50")))
    eventually(lambda: leaving.busy_slots() > 0, 5, "it is served by all three")
    leaving.process.send_signal(signal.SIGTERM)
    eventually(lambda: status_of(cluster, "s1") == "DOWN", 10, "HAProxy has seen that it leaves")
    assert leaving.get("/hello").status == 200, "before it did: drain_delay is long enough"
    leaving.ended(within=20)
    report = running.result()
    assert report["outcomes"]["ok"] == report["answered"] == report["offered"], report["outcomes"]
    assert [status_of(cluster, s) for s in ("s1", "s2", "s3")] == ["DOWN", "UP", "UP"]


# --- the dashboard -------------------------------------------------------------------


def test_the_dashboard_is_whole():
    board = dashboard()
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids)) >= 12
    taken = set()
    for panel in board["panels"]:
        assert panel["title"] and panel["description"] and panel["targets"]
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                 for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, f"{panel['title']} lies over another"
        taken |= cells
    variables = {v["name"] for v in board["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", " ".join(t["expr"] for p in board["panels"]
                                                  for t in p["targets"])))
    assert used | {"datasource"} == variables


# --- manifests -------------------------------------------------------------------------


@pytest.fixture
def kubernetes(tmp_path):
    """The objects by kind, and the sections of littled's own configuration in them."""
    files = CONF / "kubernetes"
    found = {name: check_object(load(files / f"{name}.yaml"))
             for name in ("configmap", "deployment", "service", "hpa", "knative-service")}
    assert {p.stem for p in files.iterdir()} == {*found, "prometheus-adapter"}
    text = found["configmap"]["data"]["littled.ini"]
    (tmp_path / "littled.ini").write_text(text)
    ini = configparser.ConfigParser()
    ini.read_string(text)
    found["ini"], found["path"] = ini["littled"], tmp_path / "littled.ini"
    return found


def pod_of(thing):
    return thing["spec"]["template"]["spec"]


def test_the_configuration_in_the_cluster_is_one_littled_takes(kubernetes):
    done = run_once("--check-config", "-c", kubernetes["path"])
    assert done.returncode == 0, done.stderr


def test_pods_listen_where_they_are_asked(kubernetes):
    ini = kubernetes["ini"]
    served, admin = (int(ini[key].rsplit(":", 1)[1]) for key in ("bind", "admin_bind"))
    container = pod_of(kubernetes["deployment"])["containers"][0]
    ports = {p["name"]: p["containerPort"] for p in container["ports"]}
    assert ports == {"http": served, "admin": admin}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert ports[container[probe]["httpGet"]["port"]] == admin
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    annotations = kubernetes["deployment"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(admin)
    assert kubernetes["service"]["spec"]["ports"][0]["targetPort"] == "http"
    knative = pod_of(kubernetes["knative-service"])["containers"][0]
    assert [p["containerPort"] for p in knative["ports"]] == [served]
    assert knative["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": admin}


def test_objects_refer_to_each_other(kubernetes):
    deployment, service = kubernetes["deployment"], kubernetes["service"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert service["spec"]["selector"].items() <= labels.items()
    target = kubernetes["hpa"]["spec"]["scaleTargetRef"]
    assert [target["apiVersion"], target["kind"], target["name"]] == \
        [deployment["apiVersion"], deployment["kind"], deployment["metadata"]["name"]]
    for pod in (pod_of(deployment), pod_of(kubernetes["knative-service"])):
        container, volumes = pod["containers"][0], {v["name"]: v for v in pod["volumes"]}
        assert {m["name"] for m in container["volumeMounts"]} == set(volumes)
        assert volumes["config"]["configMap"]["name"] == kubernetes["configmap"]["metadata"]["name"]


def test_a_pod_has_the_time_to_leave(kubernetes):
    ini = kubernetes["ini"]
    leaving = int(ini["drain_delay"]) + int(ini["graceful_timeout"])
    pod = pod_of(kubernetes["deployment"])
    assert pod["terminationGracePeriodSeconds"] > leaving
    assert pod_of(kubernetes["knative-service"])["timeoutSeconds"] > leaving
    probe = pod["containers"][0]["readinessProbe"]
    assert int(ini["drain_delay"]) > probe["periodSeconds"] * probe["failureThreshold"]
    assert int(ini["graceful_timeout"]) > int(ini["queue_timeout"]) + int(ini["timeout"])


def test_concurrency_is_the_number_of_slots(kubernetes):
    slots = int(kubernetes["ini"]["workers"]) * int(kubernetes["ini"]["threads"])
    assert pod_of(kubernetes["knative-service"])["containerConcurrency"] == slots
    maxconn = re.search(r"default-server .* maxconn (\d+)",
                        (CONF / "haproxy" / "haproxy.cfg").read_text())[1]
    assert int(maxconn) == slots


def test_the_autoscaler_s_metric_is_a_rule_of_ours(kubernetes):
    adapter, = load(CONF / "kubernetes" / "prometheus-adapter.yaml")["rules"]
    recorded = {r["record"] for g in load(PROMETHEUS / "rules.yml")["groups"] for r in g["rules"]}
    assert adapter["seriesQuery"].split("{")[0] in recorded
    metric, = kubernetes["hpa"]["spec"]["metrics"]
    assert metric["pods"]["metric"]["name"] == adapter["name"]["as"]
    assert re.fullmatch(r"\d{1,3}m", metric["pods"]["target"]["averageValue"]), "below one a slot"
