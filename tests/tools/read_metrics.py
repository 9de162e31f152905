#!/usr/bin/python3
"""Reads OpenMetrics text with Prometheus' own strict parser and prints each sample's name; fails if one comes twice."""

import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

seen = set()
for family in text_string_to_metric_families(sys.stdin.read()):
    if not family.documentation:
        sys.exit(f"{family.name} has no help")
    for sample in family.samples:
        series = (sample.name, tuple(sorted(sample.labels.items())))
        if series in seen:
            sys.exit(f"{series} comes twice")
        seen.add(series)
        print(sample.name)
