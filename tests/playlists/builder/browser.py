"""What a browser without a script makes of the builder's page."""

from __future__ import annotations

from html.parser import HTMLParser


class Fields(HTMLParser):
    """The names and values that a browser sends for the builder's form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self.selects: dict[str, list[str]] = {}
        self._select = self._area = ""
        self._is_ours = False
        self.feed(page)
        for name, values in self.selects.items():
            self.sent.setdefault(name, values[:1])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        name, value = has.get("name") or "", has.get("value") or ""
        if tag == "form":
            self._is_ours = "builder" in (has.get("class") or "")
        if not self._is_ours:
            return
        if tag == "input" and has.get("type") in {"checkbox", "radio"}:
            if "checked" in has:
                self.sent.setdefault(name, []).append(value or "on")
        elif tag == "input" and has.get("type") != "file":
            if name != "csrfmiddlewaretoken":
                self.sent.setdefault(name, []).append(value)
        elif tag == "select":
            self._select = name
            self.selects[name] = []
        elif tag == "option":
            self.selects[self._select].append(value)
            if "selected" in has:
                self.sent[self._select] = [value]
        elif tag == "textarea":
            self._area = name
            self.sent[name] = [""]

    def handle_data(self, data: str) -> None:
        if self._area:
            self.sent[self._area] = [self.sent[self._area][0] + data.removeprefix("\n")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
