"""Error reports without a value: of variables, forms, cookies, queries or settings.

Django marks what is sensitive by decorators; here everything is, in the demo and in DEBUG too.
What is left says where it broke: the path, the names, the traceback.
"""

from __future__ import annotations

from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest, QueryDict
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from spotsite.logs import redact

HIDDEN = "***"
# What tells where a request came in, and is nobody's secret.
KEPT_META = frozenset(
    {
        "CONTENT_LENGTH",
        "CONTENT_TYPE",
        "HTTP_ACCEPT",
        "HTTP_HOST",
        "HTTP_USER_AGENT",
        "PATH_INFO",
        "REQUEST_METHOD",
        "SCRIPT_NAME",
        "SERVER_NAME",
        "SERVER_PORT",
        "SERVER_PROTOCOL",
        "wsgi.url_scheme",
    }
)


class ReportFilter(SafeExceptionReporterFilter):
    """Hides every value (``DEFAULT_EXCEPTION_REPORTER_FILTER``)."""

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_safe_settings(self) -> dict[str, Any]:
        return {}

    def get_safe_request_meta(self, request: HttpRequest) -> dict[str, Any]:
        meta = getattr(request, "META", {})
        return {name: value if name in KEPT_META else HIDDEN for name, value in meta.items()}

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, Any]:
        return dict.fromkeys(getattr(request, "COOKIES", {}), HIDDEN)

    def get_post_parameters(self, request: HttpRequest | None) -> QueryDict:
        return _hidden(request.POST) if request is not None else QueryDict()

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        return dict.fromkeys(tb_frame.f_locals, HIDDEN).items()


class Report(ExceptionReporter):
    """Django's report without queries, its texts redacted (``DEFAULT_EXCEPTION_REPORTER``)."""

    def get_traceback_data(self) -> dict[str, Any]:
        data = super().get_traceback_data()
        if self.request is not None:
            data["request_GET_items"] = _hidden(self.request.GET).items()
            data["request_FILES_items"] = []
            data["request_insecure_uri"] = self.request.path
            data["user_str"] = HIDDEN
        for name in ("exception_value", "exception_notes", "unicode_hint"):
            if data.get(name):
                data[name] = redact(str(data[name]))
        for frame in data["frames"]:
            if frame.get("exc_cause") is not None:
                frame["exc_cause"] = redact(repr(frame["exc_cause"]))
        return data


def _hidden(parameters: Any) -> QueryDict:
    hidden = QueryDict(mutable=True)
    for name in parameters:
        hidden[name] = HIDDEN
    return hidden
