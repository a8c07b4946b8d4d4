"""A hook of mkdocs: pages that stand elsewhere in the repository, and the API reference.

README, CONTRIBUTING, SECURITY, CHANGELOG and the model card join the site under names of their own, and links
between pages are turned to follow them. Links to what is no page, such as a folder of results, become plain
text, since the site does not know where the repository is published.

The API reference has a page for each module that an example of the documentation imports from: what the pages
use is what is public.
"""

from __future__ import annotations

import ast
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

__all__ = ["on_config", "on_files", "on_page_markdown", "on_post_build"]

ROOT = Path(__file__).resolve().parents[1]
ELSEWHERE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "src/inkdigits/weights/README.md": "model_card.md",
}
_EXAMPLE = re.compile(r"^ *```python\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"(^ *```.*?^ *```$)", re.DOTALL | re.MULTILINE)
_LOADED = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=.?https?:[^>]*>|<link\b[^>]*\bhref=.?https?:[^>]*>"
)
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!\w+:)([^)\s#]*)(#[^)\s]*)?\)")


def on_config(config: Any) -> Any:
    """Put the API pages into the navigation, and pages that mkdocs.yml does not list."""
    listed = set(re.findall(r"\w+\.md", str(config.nav)))
    others = sorted(page.name for page in (ROOT / "docs").glob("*.md") if page.name not in listed)
    if others:
        config.nav.append({"More": others})
    config.nav.append({"API reference": [{name: f"api/{name}.md"} for name in modules()]})
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are not in docs/."""
    for origin, name in ELSEWHERE.items():
        text = (ROOT / origin).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=text))
    for name in modules():
        files.append(File.generated(config, f"api/{name}.md", content=f"::: {name}\n"))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Turn the links of a page, outside of code, to where their targets are on the site."""
    origins = {name: origin for origin, name in ELSEWHERE.items()}
    folder = posixpath.dirname(origins.get(page.file.src_uri, f"docs/{page.file.src_uri}"))

    def link(match: re.Match[str]) -> str:
        image, text, path, anchor = match[1], match[2], match[3], match[4] or ""
        if not path:
            return match[0]
        target = posixpath.normpath(posixpath.join(folder, path))
        on_site = ELSEWHERE.get(target) or target.removeprefix("docs/")
        if files.get_file_from_path(on_site) is None:
            return text
        return f"{image}[{text}]({on_site}{anchor})"

    parts = _FENCE.split(markdown)
    return "".join(part if part.lstrip().startswith("```") else _LINK.sub(link, part) for part in parts)


def on_post_build(config: Any) -> None:
    """Fail where a page would load something from elsewhere.

    Raises:
        PluginError: it names the page and the element.
    """
    site = Path(config.site_dir)
    for page in site.rglob("*.html"):
        if loaded := _LOADED.search(page.read_text(encoding="utf-8")):
            raise PluginError(f"{page.relative_to(site)} loads from elsewhere: {loaded[0]}")
    for style in site.rglob("*.css"):
        if re.search(r"url\(.?https?:|@import", style.read_text(encoding="utf-8")):
            raise PluginError(f"{style.relative_to(site)} loads from elsewhere")


def modules() -> list[str]:
    """The modules that examples import from, the root first."""
    names = {"inkdigits"}
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for code in _EXAMPLE.findall(page.read_text(encoding="utf-8")):
            try:
                tree = ast.parse(code)
            except SyntaxError:
                continue
            imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
            names |= {node.module for node in imports if node.module and node.module.startswith("inkdigits")}
    return sorted(names)
