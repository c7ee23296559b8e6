"""How things stand, in a few words each."""

from __future__ import annotations

from collections.abc import Sequence

from screens.backstage import ListenerKind, ListenerReport
from screens.overview import Overview
from widgets.display import ascii_only, thousands
from widgets.status_line import Part

_SIGNS = {
    ListenerKind.STARTING: ("◌", "~", "plain"),
    ListenerKind.LISTENING: ("●", "*", "good"),
    ListenerKind.ATTACHED: ("◆", "+", "good"),
    ListenerKind.FAILED: ("✗", "x", "bad"),
    ListenerKind.STOPPED: ("○", "o", "plain"),
}


def listener_sign(report: ListenerReport) -> tuple[str, str]:
    """The sign of the listener's state and the tone it is shown in."""
    full, plain, tone = _SIGNS[report.kind]
    return plain if ascii_only() else full, tone


def status_parts(
    report: ListenerReport,
    overview: Overview,
    marks: str,
    modes: Sequence[str] = (),
    *,
    throwaway: bool,
) -> list[Part]:
    """The facts of the status line, in their order."""
    parts = [_listener(report), _integration(overview)]
    if overview.circuit is not None:
        from screens.circuit import circuit_parts

        parts += circuit_parts(overview.circuit)
    if overview.figures.to_judge:
        waiting = f"{thousands(overview.figures.to_judge)} to judge"
        parts.append(Part(f"! {waiting}", "warn", f"! {waiting}", waiting))
    if overview.figures.old_url:
        times = thousands(overview.figures.old_url)
        parts.append(Part(f"! old URL {times}", "warn", f"! old URL {times}", "old URL"))
    if overview.integration is not None:
        from screens.clock import clock

        last = clock(overview.integration.last_arrival)
        parts.append(Part(f"last lead {last}", short=last if last != "never" else "", least=""))
    if throwaway:
        parts.append(Part("throwaway store", "calm"))
    if marks:
        parts.append(Part(f"{marks} marked", "strong", f"{marks} marked"))
    parts += [Part(mode, "strong", mode) for mode in modes]
    return parts


def _listener(report: ListenerReport) -> Part:
    sign, tone = listener_sign(report)
    match report.kind:
        case ListenerKind.LISTENING:
            port = report.address.rsplit(":", 1)[-1]
            return Part(f"{sign} listening {report.address}", tone, f"{sign} :{port}")
        case ListenerKind.ATTACHED:
            port = report.address.rsplit(":", 1)[-1]
            least = f"{sign} elsewhere"
            return Part(
                f"{sign} served elsewhere {report.address}", tone, f"{least} :{port}", least
            )
        case ListenerKind.FAILED:
            return Part(f"{sign} NOT LISTENING", tone, f"{sign} NOT LISTENING")
        case ListenerKind.STOPPED:
            return Part(f"{sign} stopped", tone, f"{sign} stopped")
        case _:
            return Part(f"{sign} starting", tone, f"{sign} starting")


def _integration(overview: Overview) -> Part:
    match overview.figures.integration:
        case "on":
            return Part("API on", "good", "API on")
        case "off":
            return Part("API OFF", "warn", "API OFF")
        case "none":
            return Part("no API yet", "plain", "no API")
        case _:
            return Part("", "plain")
