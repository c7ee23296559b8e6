"""The page that `/docs` serves: the description as plain HTML that needs nothing from elsewhere."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from server.site import HOOK_PATH

POLICY = b"Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 3rem; border-top: 1px solid; padding-top: 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { border: 1px solid; padding: 1rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; }
th, td { border-bottom: 1px solid; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd; } }
"""


def page(document: dict[str, Any], base_url: str) -> bytes:
    """The page for an OpenAPI document.

    Args:
        document: The document.
        base_url: Where senders reach the listener, for the sample.
    """
    info = document["info"]
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'>",
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style>",
        f"<h1>{escape(info['title'])} API</h1><p>{escape(info['description'])}</p>",
    ]
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts.append(_operation(method, path, operation, schemas, base_url))
    return "".join(parts).encode()


def _operation(
    method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any], base_url: str
) -> str:
    made = [
        f"<h2><code>{method.upper()} {escape(path)}</code></h2>",
        f"<p>{escape(operation['summary'])}. {escape(operation.get('description', ''))}</p>",
    ]
    if "parameters" in operation and path.startswith(HOOK_PATH):
        sample = (
            f"curl -X {method.upper()} {base_url}{HOOK_PATH}YOUR_TOKEN \\\n"
            "  -d 'first_name=Ada' -d 'last_name=Byron' -d 'phone=+12025550123'"
        )
        made.append(f"<h3>Sample</h3><pre>{escape(sample)}</pre>")
    elif "requestBody" in operation:
        schema = schemas["OptInRequest"]
        made.append("<h3>Fields</h3><table><tr><th>field<th>required<th>meaning")
        for name, field in schema["properties"].items():
            required = "yes" if name in schema["required"] else ""
            made.append(f"<tr><td><code>{escape(name)}</code><td>{required}<td>{_text(field)}")
        sample = _sample(base_url + path, schema["example"])
        made.append(f"</table><h3>Sample</h3><pre>{escape(sample)}</pre>")
    made.append("<h3>Answers</h3><table><tr><th>status<th>meaning")
    for status, response in sorted(operation["responses"].items()):
        made.append(f"<tr><td>{status}<td>{_text(response)}")
    made.append("</table>")
    return "".join(made)


def _text(described: dict[str, Any]) -> str:
    """A description with its `code` marked up."""
    pieces = escape(described.get("description", "")).split("`")
    return "".join(
        f"<code>{piece}</code>" if place % 2 else piece for place, piece in enumerate(pieces)
    )


def _sample(url: str, example: dict[str, Any]) -> str:
    body = json.dumps(example, indent=2)
    return (
        f"curl -X PUT {url} \\\n  -H 'Content-Type: application/json' \\\n"
        f"  -H 'x-api: YOUR_API_KEY_UUID' \\\n  -d '{body}'"
    )
