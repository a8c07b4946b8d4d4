"""What every route shares: bodies, limits, problems, connections, telemetry."""

__all__ = ()
