"""Quantiles of durations from counters: a DDSketch (VLDB 2019) whose buckets are rows, so sketches merge by addition.

Bucket i holds the durations in (g^(i-1), g^i] seconds, with g = (1 + e) / (1 - e): whatever is in it is at most the
relative error e away from the value that stands for it. Bucket 0 holds everything up to a second.
"""

import math
from collections.abc import Mapping

RELATIVE_ERROR = 0.02
LONGEST_SECONDS = 10 * 366 * 86_400.0
_GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GAMMA = math.log(_GAMMA)


def bucket_of(seconds: float) -> int:
    """Clocks that disagree make negative durations: they count as none."""
    return math.ceil(math.log(min(max(seconds, 1.0), LONGEST_SECONDS)) / _LOG_GAMMA)


def value_of(bucket: int) -> float:
    """The duration that stands for the bucket, in seconds."""
    return 2 * _GAMMA**bucket / (_GAMMA + 1)


def quantile(counts: Mapping[int, int], q: float) -> float | None:
    """Within 2 % of the duration at rank q (n - 1), or within a second below one; None without durations."""
    rank = q * (sum(counts.values()) - 1)
    seen = 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen > rank:
            return value_of(bucket)
    return None
