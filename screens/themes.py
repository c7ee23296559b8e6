"""The colours of the desk: ink on dark slate, ink on paper."""

from __future__ import annotations

from textual.theme import Theme

NIGHT = Theme(
    name="optdesk-night",
    primary="#6fb8a8",
    secondary="#8aa0b8",
    accent="#e3b567",
    warning="#e3b567",
    error="#ee8b80",
    success="#8fc98b",
    foreground="#d5dbe0",
    background="#12171c",
    surface="#171d23",
    panel="#1f272f",
    boost="#263039",
    dark=True,
    variables={
        "border": "#31404b",
        "border-blurred": "#26313a",
        "block-cursor-background": "#253f41",
        "block-cursor-foreground": "#f2f6f5",
        "block-cursor-text-style": "bold",
        "input-cursor-background": "#e3b567",
        "input-cursor-foreground": "#12171c",
        "input-selection-background": "#6fb8a8 35%",
        "scrollbar": "#2a353e",
        "scrollbar-hover": "#3b4a55",
        "scrollbar-active": "#6fb8a8",
        "scrollbar-background": "#12171c",
        "scrollbar-background-hover": "#12171c",
        "scrollbar-background-active": "#12171c",
        "scrollbar-corner-color": "#12171c",
        "footer-key-foreground": "#e3b567",
        "text-muted": "#99a7b3",
    },
)

DAY = Theme(
    name="optdesk-day",
    primary="#1a6154",
    secondary="#4d6175",
    accent="#7a4f00",
    warning="#7a4f00",
    error="#a12f24",
    success="#28612d",
    foreground="#22282e",
    background="#f6f3ec",
    surface="#efebe1",
    panel="#e5e0d3",
    boost="#dad4c4",
    dark=False,
    variables={
        "border": "#b9b2a0",
        "border-blurred": "#d0c9b8",
        "block-cursor-background": "#cde2d9",
        "block-cursor-foreground": "#12211d",
        "block-cursor-text-style": "bold",
        "input-cursor-background": "#7a4f00",
        "input-cursor-foreground": "#f6f3ec",
        "input-selection-background": "#1a6154 30%",
        "scrollbar": "#cfc8b6",
        "scrollbar-hover": "#b9b2a0",
        "scrollbar-active": "#1a6154",
        "scrollbar-background": "#f6f3ec",
        "scrollbar-background-hover": "#f6f3ec",
        "scrollbar-background-active": "#f6f3ec",
        "scrollbar-corner-color": "#f6f3ec",
        "footer-key-foreground": "#7a4f00",
        "text-muted": "#58574e",
    },
)

THEMES = (NIGHT, DAY)
"""The themes of Optdesk's own, the first one being the default."""
