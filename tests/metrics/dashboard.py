#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that what uses the metrics uses those that there are.

dashboard.py SCRAPE            all that dmvl-exporter --per-ldp answered, as text
Prints what is wrong with the rules, the dashboard and the manual page in docs/. Exit status 1: something is.

dashboard.py --rules           prints the dashboard's expressions as rules, for promtool check rules
"""
import json
import os
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
RULES = "docs/metrics/dmvl.rules.yml"
DASHBOARD = "docs/metrics/dmvl.dashboard.json"
MANUAL = "docs/man/dmvl-exporter.8"
ENDING = {"histogram": "_bucket"}


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def metrics_of(scrape):
    """Names, and which labels each has."""
    names = {}
    for line in scrape.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            names[name + ENDING.get(kind, "")] = set()
        elif line and not line.startswith("#"):
            name = re.match(r"\w+", line).group(0)
            names.setdefault(name, set()).update(re.findall(r'[{,](\w+)="', line))
    return names


def expressions():
    """Each expression of the dashboard, with the panel that it is of."""
    dashboard = json.loads(read(DASHBOARD))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            query = variable["query"]
            yield "variable " + variable["name"], query["query"] if isinstance(query, dict) else query


def plain(expr):
    """Without Grafana's variables, which are no PromQL."""
    return re.sub(r"\$\w+", ".*", expr.replace("$__rate_interval", "5m"))


def panels_as_rules():
    rules = [{"record": "panel:number:%d" % i, "expr": plain(expr)}
             for i, (title, expr) in enumerate(expressions()) if not title.startswith("variable ")]
    return {"groups": [{"name": "dashboard", "rules": rules}]}


def unknown_names(text, names):
    recorded = set(re.findall(r"record: (\S+)", read(RULES)))
    for name in re.findall(r"(?<![\w:])(?:\w+:)?dmvl_\w+(?::\w+)?", text):
        if name not in names and name not in recorded:
            yield name


def wrong_labels(expr, names):
    """Labels that no metric of the expression has. Prometheus itself adds job and instance."""
    used = set(names) & set(re.findall(r"dmvl_\w+", expr))
    known = {"job", "instance"}.union(*(names[name] for name in used))
    found = re.findall(r"(\w+)\s*(?:=~|!=|!~|=)\s*\"", expr)
    for group in re.findall(r"\b(?:by|on|group_left)\s*\(([^)]*)\)", expr):
        found += re.findall(r"\w+", group)
    return sorted(set(found) - known) if used else []


def problems(names):
    for name in sorted(set(unknown_names(read(RULES), names))):
        yield "%s: the exporter has no %s" % (RULES, name)
    for panel, expr in expressions():
        for name in unknown_names(expr, names):
            yield "%s: %s: the exporter has no %s" % (DASHBOARD, panel, name)
        for label in wrong_labels(expr, names):
            yield "%s: %s: no metric there has the label %s" % (DASHBOARD, panel, label)
    manual = re.sub(r"\\f.|\\", "", read(MANUAL))
    told = set(re.findall(r"dmvl_\w+", manual))
    for name in sorted(names):
        if name not in told and name.replace("_bucket", "") not in told:
            yield "%s does not have %s" % (MANUAL, name)
    for name in sorted(told):
        if name not in names and name + "_bucket" not in names:
            yield "%s: the exporter has no %s" % (MANUAL, name)


if sys.argv[1:] == ["--rules"]:
    print(json.dumps(panels_as_rules(), indent=1))
    sys.exit(0)
with open(sys.argv[1], encoding="utf-8") as scrape_file:
    found_problems = list(problems(metrics_of(scrape_file.read())))
print("\n".join(found_problems))
sys.exit(1 if found_problems else 0)
