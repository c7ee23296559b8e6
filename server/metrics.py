"""Figures for a monitor. Plain counters while serving; nothing personal is ever a label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.answers import Answer

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What a listener counts."""

    def __init__(self) -> None:
        self._answers: Counter[tuple[str, int, str]] = Counter()
        self.turned_away = 0
        """Connections for which there was no room."""
        self.texts: Counter[str] = Counter()
        """Texts by what the gateway said of them."""
        self.deliveries = {"delivered": 0, "failed": 0}
        """Tries to deliver an event to an endpoint."""
        self.gauges: dict[str, tuple[str, Callable[[], float]]] = {}
        """Present values: a description and how to read them, by name."""
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Counted(self))

    def count(self, route: str, answer: Answer) -> None:
        """Counts an answer.

        Args:
            route: The route's name, or empty where none was found.
            answer: What was answered.
        """
        self._answers[(route, answer.status, answer.code)] += 1

    def families(self) -> Iterable[Metric]:
        """Everything counted, in Prometheus' terms."""
        answers = CounterMetricFamily(
            "optdesk_answers", "Requests answered.", labels=("route", "status", "code")
        )
        for (route, status, code), n in self._answers.items():
            answers.add_metric((route, str(status), code), n)
        yield answers
        texts = CounterMetricFamily(
            "optdesk_texts", "Texts by what became of them.", labels=("outcome",)
        )
        for outcome, n in self.texts.items():
            texts.add_metric((outcome,), n)
        yield texts
        tries = CounterMetricFamily(
            "optdesk_webhook_tries", "Tries to deliver an event.", labels=("outcome",)
        )
        for outcome, n in self.deliveries.items():
            tries.add_metric((outcome,), n)
        yield tries
        away = CounterMetricFamily("optdesk_connections_refused", "Connections without room.")
        away.add_metric((), self.turned_away)
        yield away
        for name, (description, read) in self.gauges.items():
            yield GaugeMetricFamily(f"optdesk_{name}", description, value=read())

    def page(self) -> bytes:
        """The page that a monitor fetches."""
        return generate_latest(self._registry)


class _Counted(Collector):
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics.families()
