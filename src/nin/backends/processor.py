"""What processors compute fast."""

from __future__ import annotations

from pathlib import Path

#: The first compute capability of NVIDIA's GPUs with matrix units for bfloat16 (Ampere).
BFLOAT16_CAPABILITY = (8, 0)
#: How Linux names the instructions that multiply in bfloat16, on x86 and on ARM.
_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}


def multiplies_bfloat16() -> bool:
    """Whether this processor has instructions for products in bfloat16; known on Linux only."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return False
    flags = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return not _BFLOAT16.isdisjoint(next(flags, "").split())
