"""What an operator can set about the listener."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Literal

Operations = Literal["loopback", "key"]


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """How a listener behaves. Wherever a number limits something, 0 means no limit."""

    host: str = "127.0.0.1"
    port: int = 8765
    """0 takes a free one."""
    rate_per_key: int = 0
    """Requests a second that one API key may make."""
    rate_per_peer: int = 0
    """Requests a second that one address may make."""
    connections_per_peer: int = 256
    connections: int = 2048
    max_body: int = 16 * 1024
    """Bytes."""
    header_timeout: float = 10.0
    """Seconds that a request's headers may take."""
    body_timeout: float = 10.0
    """Seconds that a request's body may take after its headers."""
    idle_timeout: float = 10.0
    """Seconds that a connection may wait between two requests."""
    answer_timeout: float = 20.0
    """Seconds that a request may wait for the store before it is answered 503."""
    public_base_url: str = ""
    tls_cert: str = ""
    """The file with the certificate; the listener speaks plain HTTP without one."""
    tls_key: str = ""
    """The file with its private key, where it is another one."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks whose `X-Forwarded-For` counts."""
    operations: Operations = "loopback"
    """Who may see the operations pages: this machine alone, or also whoever shows an API key."""
    gateway: str = "simulated"
    attempts_days: int = 90
    """Days that the intake log keeps an attempt."""
    attempts_max: int = 1_000_000
    """Attempts that the intake log keeps."""
    consent_years: int = 5
    """Years after a person's last event that evidence is kept; 0 for ever."""
    quiet_hours: str = ""
    """Such as `21:00-08:00`, by the clock where the person is."""
    texts_per_second: int = 0
    twilio_account: str = ""
    twilio_token: str = field(default="", repr=False)
    twilio_api_url: str = "https://api.twilio.com"
    webhook_allow: tuple[str, ...] = ()
    """Inside networks and hosts that webhooks may be delivered to."""
    webhook_disable_days: int = 5
    """Days after which an endpoint that only fails is disabled; 0 for never."""

    @property
    def scheme(self) -> str:
        """How the listener is spoken to."""
        return "https" if self.tls_cert else "http"

    def url(self, port: int | None = None) -> str:
        """Where it listens.

        Args:
            port: The port it was given, where it took a free one.
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port if port is None else port}"

    @classmethod
    def of(cls, chosen: object) -> ListenerSettings:
        """The part of the application's settings that is the listener's.

        Args:
            chosen: Has attributes named like the fields here; where one is missing, the
                default stands.
        """
        names = [one.name for one in fields(cls) if hasattr(chosen, one.name)]
        return cls(**{name: getattr(chosen, name) for name in names})
