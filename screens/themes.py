"""The colours of the desk: ink on dark slate, ink on paper."""

from __future__ import annotations

from textual.theme import Theme

NIGHT = Theme(
    name="optdesk-night",
    primary="#6fb8a8",
    secondary="#8aa0b8",
    accent="#e3b567",
    warning="#e3b567",
    error="#e5786d",
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
        "block-cursor-background": "#2d4a4b",
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
        "text-muted": "#8593a0",
    },
)

DAY = Theme(
    name="optdesk-day",
    primary="#1f6f60",
    secondary="#4d6175",
    accent="#8a5a00",
    warning="#8a5a00",
    error="#b3382c",
    success="#2f7034",
    foreground="#22282e",
    background="#f6f3ec",
    surface="#efebe1",
    panel="#e5e0d3",
    boost="#dad4c4",
    dark=False,
    variables={
        "border": "#b9b2a0",
        "border-blurred": "#d0c9b8",
        "block-cursor-background": "#c5ddd3",
        "block-cursor-foreground": "#12211d",
        "block-cursor-text-style": "bold",
        "input-cursor-background": "#8a5a00",
        "input-cursor-foreground": "#f6f3ec",
        "input-selection-background": "#1f6f60 30%",
        "scrollbar": "#cfc8b6",
        "scrollbar-hover": "#b9b2a0",
        "scrollbar-active": "#1f6f60",
        "scrollbar-background": "#f6f3ec",
        "scrollbar-background-hover": "#f6f3ec",
        "scrollbar-background-active": "#f6f3ec",
        "scrollbar-corner-color": "#f6f3ec",
        "footer-key-foreground": "#8a5a00",
        "text-muted": "#6b6a60",
    },
)

THEMES = (NIGHT, DAY)
"""The themes of Optdesk's own, the first one being the default."""
