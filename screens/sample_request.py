"""The sample request of the API's manual, with this desk's address, key and number in it."""

from __future__ import annotations

PATH = "/v1/public/opt-in/"
"""The API door."""

HOOK_PATH = "/hooks/opt-in/"
"""The hook door; the token follows."""

TEST_LEAD = {"first_name": "Test", "last_name": "Lead", "phone": "+15555550100"}
"""A lead that a test request sends to the secret URL."""

PLACE_OF_KEY = "YOUR_API_KEY_UUID"
"""Stands where the key belongs when nobody knows it any more."""


def curl(base_url: str, key: str, number_id: str) -> str:
    """A command that sends a first lead."""
    return "\n".join(
        (
            f"curl -X PUT {base_url.rstrip('/')}{PATH} \\",
            '-H "Content-Type: application/json" \\',
            f'-H "x-api: {key}" \\',
            "-d '{",
            '"mobile_phone": "+11234567890",',
            '"ip_address": "192.168.1.1",',
            '"user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",',
            f'"opt_in_number_id": "{number_id}"',
            "}'",
        )
    )


def for_width(command: str, width: int) -> list[str]:
    r"""The lines of `curl` laid out so that they paste right when marked on the screen.

    A terminal gives back blanks up to the edge, and a blank after `\` would end the command.
    So each `\` stands in the last column, and a line that is too long is broken in a way that
    the shell joins again.

    Args:
        command: What `curl` made.
        width: Columns of the screen, all of them the text's.
    """
    laid: list[str] = []
    quoted = False
    for line in command.split("\n"):
        rest = line
        opens = rest.endswith("'{")
        ending = "'\\" if quoted else "\\"
        continued = not quoted and rest.endswith("\\")
        text = rest[:-1].rstrip() if continued else rest
        while len(text) > width - (len(ending) if continued or len(text) > width else 0):
            cut = width - len(ending)
            laid.append(text[:cut] + ending)
            text = ("'" if quoted else "") + text[cut:]
        laid.append(f"{text:<{width - 1}}\\" if continued else text)
        quoted = opens or (quoted and not line.endswith("}'"))
    return laid
