"""The OpenAPI description as a page for people: plain HTML, so that it works without a network or a script.

FastAPI's own pages load theirs from elsewhere, which the Content-Security-Policy forbids.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from inkdigits.web.http.answers import SCHEMAS

__all__ = ["interface_page"]

_METHODS = ("get", "post", "delete")
_PROBLEM = "ProblemDetails"
_HEAD = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>inkdigits: the interface</title>
  <link rel="icon" href="icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="interface.css">
</head>
<body>
"""


def interface_page(description: Mapping[str, Any]) -> str:
    """The page for an OpenAPI description."""
    info = description["info"]
    parts = [
        _HEAD,
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>\n",
        '<p>For programs: <a href="openapi.json">openapi.json</a>. To draw: <a href="./">the page</a>. '
        f"Errors are <code>application/problem+json</code>: {_link(_PROBLEM)}.</p>\n",
    ]
    for path, operations in description["paths"].items():
        for method in _METHODS:
            if method in operations:
                parts += _operation(method, path, operations[method])
    parts.append("<h2>What bodies hold</h2>\n")
    for name, schema in sorted(description["components"]["schemas"].items()):
        parts += _schema(name, schema)
    return "".join([*parts, "</body>\n</html>\n"])


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"<section>\n<h2><b>{method.upper()}</b> <code>{escape(path)}</code></h2>\n"
    for text in (operation.get("summary"), operation.get("description")):
        if text:
            yield f"<p>{escape(text)}</p>\n"
    if "requestBody" in operation:
        yield f"<p>Body: {_content(operation['requestBody']['content'])}</p>\n"
    if parameters := operation.get("parameters"):
        rows = [
            f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td>"
            f"<td>{_kind(one['schema'])}</td>"
            f"<td>{escape(one.get('description', ''))}</td></tr>\n"
            for one in parameters
        ]
        yield f"<table>\n{''.join(rows)}</table>\n"
    for status, response in operation["responses"].items():
        if int(status) < 400:
            bodies = _content(response.get("content", {}))
            yield f"<p>{status}: {escape(response['description'])} {bodies}</p>\n"
    problems = ", ".join(status for status in operation["responses"] if int(status) >= 400)
    yield f"<p>Problems: {problems}</p>\n</section>\n" if problems else "</section>\n"


def _content(content: Mapping[str, Any]) -> str:
    return "; ".join(
        f"<code>{escape(kind)}</code> {_kind(of.get('schema', {}))}" for kind, of in content.items()
    )


def _schema(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f'<details id="{escape(name)}">\n<summary><code>{escape(name)}</code></summary>\n'
    yield f"<p>{escape(schema.get('description', ''))}</p>\n<table>\n"
    for member, of in schema.get("properties", {}).items():
        needed = "" if member in schema.get("required", ()) else " (optional)"
        yield f"<tr><td><code>{escape(member)}</code>{needed}</td><td>{_kind(of)}</td>"
        yield f"<td>{escape(of.get('description', ''))}</td></tr>\n"
    yield "</table>\n"
    for example in schema.get("examples", ()):
        yield f"<pre>{escape(json.dumps(example, indent=2))}</pre>\n"
    yield "</details>\n"


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema in a few words; those with names as links."""
    if "$ref" in schema:
        return _link(schema["$ref"].removeprefix(SCHEMAS))
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(_kind(one) for one in schema[several])
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {})) or 'anything'}"
    return escape(str(schema.get("format") or schema.get("type") or ""))


def _link(name: str) -> str:
    return f'<a href="#{escape(name)}">{escape(name)}</a>'
