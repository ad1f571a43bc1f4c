"""How busy a graphics processor was."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GpuLoad:
    """One GPU at one moment; what its driver does not tell is None.

    Attributes:
        index: its number, as the driver counts.
        utilisation: share of the last moment in which it worked, [0, 1].
        memory, memory_total: bytes in use by all programs, and that it has.
        temperature: in degrees Celsius.
        power: in watts.
    """

    index: int
    utilisation: float | None = None
    memory: int | None = None
    memory_total: int | None = None
    temperature: float | None = None
    power: float | None = None
