"""What is answered instead of an answer, in OpenAI's form: a message, and the field that it is about.

{"error": {"message": "…", "type": "invalid_request_error", "param": "messages.0.role", "code": "invalid_value"}}
"""

from typing import Any

from lineage.core.errors import LineageError

TYPES = {401: "authentication_error", 403: "permission_error", 503: "server_error", 500: "server_error"}


class RequestRefused(LineageError):
    """A request that is not answered. param: the field that is wrong; None where it is none of the body's."""

    def __init__(self, status: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.param, self.code = status, param, code

    def body(self) -> dict[str, Any]:
        """As it is sent."""
        kind = TYPES.get(self.status, "invalid_request_error")
        return {"error": {"message": str(self), "type": kind, "param": self.param, "code": self.code}}
